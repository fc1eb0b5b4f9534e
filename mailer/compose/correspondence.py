"""Letters to one person: an acknowledgement, an answer of support. Plain text, no list.

Sources: RFC 3834 §3 (how automatic answers are marked), RFC 5322 §3.6.4 (threading).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.compose.enclosing import file_part, multipart
from mailer.compose.head import AUTO_SUBMITTED, SUPPRESS
from mailer.compose.headers import (
    LINE,
    address_field,
    checked,
    date_value,
    text_field,
    wire_address,
)
from mailer.compose.quoted import segment
from mailer.errors import CannotComposeError
from mailer.model.attached import Attached
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.model.ticket import Envelope
from mailer.model.token import TokenBox, TokenKind

_NULL_PATH = frozenset({Kind.ACKNOWLEDGEMENT})
"""Nobody may answer these with a machine (RFC 3834 §3.3)."""

_VERSION = "MIME-Version: 1.0\r\n"
_TEXT = (
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Correspondence:
    """A letter to one person, as it was written and is kept.

    Args:
        files: What is attached to it.
    """

    kind: Kind
    envelope: Envelope
    subject: str
    text: str
    files: tuple[Attached, ...] = ()

    @property
    def sender_domain(self) -> str:
        """The domain of From, in lower case."""
        return self.envelope.from_address.rpartition("@")[2].lower()

    @property
    def files_bytes(self) -> int:
        """How large its files are, together."""
        return sum(len(one.content) for one in self.files)


def compose_correspondence(
    one: Correspondence,
    address: str,
    tokens: TokenBox,
    delivery_id: int,
    date: datetime,
    rehearsal_to: str = "",
) -> Letter:
    """Compose the letter: the same arguments always give the same bytes.

    Args:
        date: When it was first tried; a retry gives the same again.
        rehearsal_to: The one address that all letters go to instead, "" for none.

    Raises:
        CannotComposeError: when it is empty, or something cannot stand in its header.
    """
    if not one.text.strip():
        raise CannotComposeError("there is nothing in it (any more)")
    recipient = wire_address(address)
    shown = one.envelope
    to = address_field("To", shown.to_name, wire_address(shown.to or address))
    subject = one.subject
    if rehearsal_to:
        to = address_field("To", f"for {recipient}", wire_address(rehearsal_to))
        subject = f"[Rehearsal for {recipient}] {subject}"
    elif shown.cc:
        to += _copies(shown.cc)
    message_id = tokens.for_delivery(TokenKind.MESSAGE, delivery_id)
    head = (
        f"{address_field('From', shown.from_name, shown.from_address)}{to}"
        f"{text_field('Subject', subject)}"
        f"Date: {date_value(date)}\r\n"
        f"Message-ID: <{message_id}@{one.sender_domain}>\r\n"
        f"{_threading(shown)}{_marks(one.kind)}{_VERSION}"
    )
    return Letter(
        sender=wire_address(rehearsal_to)
        if rehearsal_to
        else _return_path(one, tokens, delivery_id),
        recipient=wire_address(rehearsal_to) if rehearsal_to else recipient,
        content=head.encode() + _body(one, message_id),
        envelope_id=message_id,
        dotless=True,
    )


def _body(one: Correspondence, message_id: str) -> bytes:
    text = b"".join(segment(f"{line}\n") for line in one.text.rstrip().split("\n"))
    if not one.files:
        return _TEXT.encode() + text
    # `=_` is in no encoded text (RFC 2045 §6.7).
    boundary = f"=_{message_id}"
    begins = f"--{boundary}\r\n".encode()
    files = b"".join(
        begins + file_part(file.name, file.type, file.content) for file in one.files
    )
    head = f"{multipart('mixed', boundary)}\r\n".encode() + begins + _TEXT.encode()
    return b"".join((head, text, b"\r\n", files, f"--{boundary}--\r\n".encode()))


def _copies(cc: Sequence[str]) -> str:
    """Write who gets a copy, folded between addresses (RFC 5322 §3.6.3)."""
    return "Cc: " + ",\r\n ".join(wire_address(one) for one in cc) + "\r\n"


def _return_path(one: Correspondence, tokens: TokenBox, delivery_id: int) -> str:
    if one.kind in _NULL_PATH:
        return ""
    if not one.envelope.bounce_domain:
        return one.envelope.from_address
    token = tokens.for_delivery(TokenKind.RETURN_PATH, delivery_id)
    return f"b+{token}@{one.envelope.bounce_domain}"


def _marks(kind: Kind) -> str:
    marks = ""
    if kind in SUPPRESS:
        marks += f"X-Auto-Response-Suppress: {SUPPRESS[kind]}\r\n"
    if kind in AUTO_SUBMITTED:
        marks += f"Auto-Submitted: {AUTO_SUBMITTED[kind]}\r\n"
    return marks


def _threading(shown: Envelope) -> str:
    fields = ""
    if shown.reply_to:
        fields += f"Reply-To: {wire_address(shown.reply_to)}\r\n"
    if shown.in_reply_to:
        fields += _ids("In-Reply-To", [shown.in_reply_to])
    if shown.references:
        fields += _ids("References", shown.references)
    return fields


def _ids(header: str, ids: Sequence[str]) -> str:
    """Write message ids, folded between them only; one that cannot be ASCII is left out."""
    written = [f"<{checked(header, one)}>" for one in ids if one.isascii()]
    lines = [f"{header}:"]
    for one in written:
        if len(lines[-1]) + 1 + len(one) > LINE and lines[-1] != f"{header}:":
            lines.append("")
        lines[-1] += f" {one}"
    return "\r\n".join(lines) + "\r\n" if written else ""
