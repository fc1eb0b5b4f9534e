"""The header of a letter and the frame of its two parts."""

from datetime import datetime
from typing import NamedTuple

from mailer.compose.enclosing import Enclosing
from mailer.compose.headers import address_field, date_value, text_field
from mailer.compose.links import Site, list_unsubscribe, unsubscribe_mailbox
from mailer.errors import CannotComposeError, TemplateError
from mailer.model.kind import KINDS, Kind
from mailer.model.mailinglist import MailingList

TEST_MARK = "[Test] "
"""What the subject of a test letter begins with."""

_LIST_ID_MAX = 255  # RFC 2919 §2
AUTO_SUBMITTED = {
    Kind.ACKNOWLEDGEMENT: "auto-replied",
    Kind.ALARM: "auto-generated",
    Kind.CONFIRMATION: "auto-generated",
    Kind.JOURNEY: "auto-generated",
    Kind.TRANSACTIONAL: "auto-generated",
}
"""RFC 3834 §5. A campaign is written by people."""

SUPPRESS = {
    Kind.ACKNOWLEDGEMENT: "All",
    Kind.ALARM: "All",
    Kind.CONFIRMATION: "OOF, AutoReply",
    Kind.JOURNEY: "OOF, AutoReply",
    Kind.MARKETING: "OOF, AutoReply",
    Kind.NOTICE: "OOF, AutoReply",
    Kind.TRANSACTIONAL: "OOF, AutoReply",
}
"""What Exchange must not answer with; `All` would silence bounces too."""

_PART = (
    "Content-Type: text/{}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_TEXT_HEAD = _PART.format("plain")
_HTML_HEAD = _PART.format("html")


class Frame(NamedTuple):
    """What stands around the two parts of one letter."""

    head: bytes
    between: bytes
    end: bytes


class Fields(NamedTuple):
    """What changes from letter to letter.

    Args:
        to: The whole field, as is `subject`.
        message_id: What stands before the @-sign.
        unsubscribe_url: "" where no list headers are due.
        token: The token in that URL.
    """

    to: str
    subject: str
    message_id: str
    date: datetime
    campaign_id: int
    unsubscribe_url: str
    token: str


class Head:
    """The fields that are the same for all letters of a template, written once."""

    def __init__(self, kind: Kind, mailing_list: MailingList | None, site: Site) -> None:
        """Write them.

        Raises:
            TemplateError: when there is no sender, or a list's name cannot be in a header.
        """
        name, self.address = site.sender_name, site.sender_address
        if mailing_list is not None:
            name, self.address = mailing_list.sender_name, mailing_list.sender_address
        if not self.address:
            raise TemplateError("a letter needs a sender: name the list that it is for")
        self.domain = self.address.rpartition("@")[2]
        where = f"lists/{mailing_list.name}.toml" if mailing_list else "config.toml"
        try:
            self._from = address_field("From", name, self.address)
            self._fixed = _fixed(kind, mailing_list, self.address)
        except CannotComposeError as problem:
            raise TemplateError(f"{where}: {problem}") from problem
        self._feedback = ""
        self._mailbox: tuple[str, str] | None = None
        if mailing_list is not None and KINDS[kind].needs_unsubscribe:
            self._feedback = f":{mailing_list.id}:{kind.value}:{self.domain}"
            self._mailbox = unsubscribe_mailbox(mailing_list)

    def frame(self, fields: Fields, enclosing: Enclosing, *, plain: bool = False) -> Frame:
        """Write the header of one letter and what stands around its parts.

        Args:
            plain: It has text alone, and what is attached; there is nothing between.
        """
        listed = ""
        if self._feedback:
            unsubscribe = list_unsubscribe(
                fields.unsubscribe_url, self._mailbox, fields.token
            )
            listed = f"{unsubscribe}Feedback-ID: {fields.campaign_id}{self._feedback}\r\n"
        # `=_` is in no quoted-printable text, so the boundary cannot be in a part
        # (RFC 2045 §6.7).
        boundary = f"=_{fields.message_id}"
        head = (
            f"{self._from}{fields.to}{fields.subject}"
            f"Date: {date_value(fields.date)}\r\n"
            f"Message-ID: <{fields.message_id}@{self.domain}>\r\n"
            f"{self._fixed}{listed}"
        )
        if plain:
            before, end = enclosing.around_text(fields.message_id, _TEXT_HEAD)
            return Frame(f"{head}{before}".encode(), b"", end)
        if enclosing:
            around = enclosing.around(fields.message_id, _TEXT_HEAD, _HTML_HEAD)
            return Frame(
                f"{head}{around.before}".encode(), around.between.encode(), around.end
            )
        head += (
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
            f"\r\n--{boundary}\r\n{_TEXT_HEAD}"
        )
        return Frame(
            # All of it is ASCII but for an address that is not (RFC 6532 §3.2).
            head.encode(),
            f"\r\n--{boundary}\r\n{_HTML_HEAD}".encode("ascii"),
            f"\r\n--{boundary}--\r\n".encode("ascii"),
        )


def _fixed(kind: Kind, mailing_list: MailingList | None, sender: str) -> str:
    """Write the fields that do not change."""
    fields: list[str] = []
    if mailing_list is not None and mailing_list.reply_to not in {"", sender}:
        fields.append(f"Reply-To: {mailing_list.reply_to}\r\n")
    if mailing_list is not None and KINDS[kind].needs_unsubscribe:
        # RFC 8058 §3.1: exactly these words.
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        fields.append(_list_id(mailing_list))
        fields.append("Precedence: bulk\r\n")
    if kind in SUPPRESS:
        fields.append(f"X-Auto-Response-Suppress: {SUPPRESS[kind]}\r\n")
    if kind in AUTO_SUBMITTED:
        fields.append(f"Auto-Submitted: {AUTO_SUBMITTED[kind]}\r\n")
    fields.append("MIME-Version: 1.0\r\n")
    return "".join(fields)


def _list_id(mailing_list: MailingList) -> str:
    """Write List-Id (RFC 2919 §2): with the title only where it needs no encoded words."""
    field = address_field("List-Id", mailing_list.title, mailing_list.list_host)
    if "=?" in field or len(field) > _LIST_ID_MAX:
        return f"List-Id: <{mailing_list.list_host}>\r\n"
    return field


def subject_field(subject: str, *, test: bool) -> str:
    """Write the subject; a test letter says that it is one.

    Raises:
        CannotComposeError: when it is empty, or holds what no header may.
    """
    if not subject.strip():
        raise CannotComposeError("Subject: it would be empty for this person")
    return text_field("Subject", f"{TEST_MARK}{subject}" if test else subject)
