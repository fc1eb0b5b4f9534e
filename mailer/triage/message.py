"""An incoming message as readers see it: who wrote, what it says, what it brings back."""

import re
from dataclasses import dataclass

from mailer.triage.addresses import mailbox, mailboxes
from mailer.triage.mime import Part, read, read_fields

_TEXT_AT_MOST = 100_000
_HEAD_AT_MOST = 12
_ENVELOPE_FIELDS = (
    "envelope-to", "x-original-to", "delivered-to", "x-envelope-to", "to", "cc",
)  # fmt: skip
_STATUS_KINDS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_KINDS = frozenset(
    {
        "message/rfc822", "message/global", "message/rfc2822", "text/rfc822-headers",
        "text/rfc822-header", "message/global-headers", "message/rfc822-headers",
        "message/partial",
    }
)  # fmt: skip

# Where a returned letter begins in a plain text: a line that says so, or the letter's own
# head.
_COPY_BEGINS = re.compile(
    r"""^[ \t>*]*(?:
        -{2,}[ ]?(?:this[ ]is[ ]a[ ]copy[ ]of|the[ ]header[ ]of[ ]the[ ]original
          |below[ ]this[ ]line[ ]is)
      | -+[ ]?(?:original[ ]message|undelivered[ ]message|returned[ ]message
          |unsent[ ]message|message[ ]header|message[ ]text|header|body[ ]of[ ]message
          |forwarded[ ]message|message[ ]follows|failed[ ]message
          |returned[ ]mail(?:[ ]follows)?
          |der[ ]text[ ]der|original[ ]e?mail|message[ ]headers|the[ ]original[ ]message)\b
      | message[ ](?:headers?|text)[ ]follows?|below[ ]is[ ]a[ ]copy[ ]of[ ]the[ ]original
      | original[ ]mail[ ]as[ ]follows|header[ ]of[ ]the[ ]original
      | the[ ]original[ ]message[ ](?:headers?[ ])?(?:was[ ]as[ ])?follows
      | original[ ]message[ ](?:headers?|follows|details)|original[ ]message:[ \t]*$
      | your[ ](?:original[ ])?message[ ]follows|(?:returned|unsent)[ ]message[ ]follows
      | the[ ]text[ ]of[ ]your[ ]message|start[ ]of[ ]returned|included[ ]is[ ]a[ ]copy
      | (?:(?<=\*)|(?<=\*[ ]))original[ ]message|for[ ]your[ ]reference,[ ]the[ ]message
    )""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_CONTROLS = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_HEAD_LINE = re.compile(
    r"(?:return-path|received|message-id|from|to|subject|date|mime-version|content-type"
    r"|x-[a-z-]+|dkim-signature|sender|reply-to|cc|content-transfer-encoding|references"
    r"|in-reply-to)[ \t]*:",
    re.IGNORECASE,
)
_HEAD_STARTS = re.compile(
    r"^(?:return-path|received|message-id|dkim-signature)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMONS = re.compile(
    r"^(?:.*mailer[-_. ]?daemon.*|p(?:o|oo)st[-_]?mas?ter.*|mdaemon|mail-?daemon"
    r"|mail[-_.]?delivery.*|mail-?administrator|microsoftexchange[0-9a-f]+|mmdf|pmdf"
    r"|smtpd|mail[-_.]?system|daemon|mailadmin|.*undeliverable.*|ndr)$",
    re.IGNORECASE,
)
_DAEMON_NAMES = re.compile(
    r"mail(?:er)?[ -]?(?:delivery (?:sub)?system|daemon|delivery service)"
    r"|interscan (?:mss|notification|messaging)|mail deliver system"
    r"|internet mail delivery|interconnect <mailer-daemon"
    r"|^\"?(?:postmaster|mailer-daemon|mail administrator)\"?\s*<",
    re.IGNORECASE,
)
_MACHINES = re.compile(
    r"^(?:mailer|bounces?|bounce-.*|administrator|mta|smtp|no-?reply.*|do-?not-?reply"
    r"|system|exchange|lotus.*|root|owner-.*|.*-(?:owner|admin|request|bounces?)"
    r"|.*\+bounces?.*|notification|delivery|failure.*|mx|abuse"
    r"|.*(?:smtp|mail)[-_. ]?(?:service|server|gateway|system|robot|relay).*"
    r"|.*gateways?|\"?system[ ._-]?administrator\"?|mail|mailserver|.*antivirus.*|admin)$",
    re.IGNORECASE,
)
_MACHINE_NAMES = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|administrator|system)|postmaster|delivery (?:sub)?system"
    r"|system administrator",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Message:
    """An incoming message.

    Args:
        sender: Its From's address, or "".
        subject: In one line, without control characters.
        from_nobody: Its return path is empty, as a report's has to be (RFC 5321 §4.5.5).
        daemon: Its sender is a mail system, by its name.
        from_machine: Its sender's name is one that machines have, mail systems or others.
        said: What it says itself, without the letter that it brings back.
        statuses: Its delivery status parts.
        returned: The head of the letter that it brings back, when there is one.
        copy_marked: A line of its text says that a letter is brought back.
    """

    part: Part
    sender: str
    subject: str
    from_nobody: bool
    daemon: bool
    from_machine: bool
    said: str
    statuses: tuple[Part, ...]
    returned: Part | None
    copy_marked: bool

    @property
    def addressed_to(self) -> tuple[str, ...]:
        """The addresses that it came to, the envelope's first."""
        values = [value for name in _ENVELOPE_FIELDS for value in self.part.all(name)]
        found = [one for value in values[:50] for one in mailboxes(value)]
        return tuple(dict.fromkeys(found[:100]))

    @property
    def returned_to(self) -> list[str]:
        """The addresses that the returned letter was written to."""
        return mailboxes(self.returned.words("to")) if self.returned else []


def open_message(raw: bytes) -> Message:
    """Read an incoming message."""
    part = read(raw)
    said, returned, marked = _texts(part)
    name = part.words("from")
    sender = mailbox(name)
    paths = [value.strip() for value in part.all("return-path")[:20]]
    locals_ = [sender.partition("@")[0]]
    locals_ += [mailbox(path).partition("@")[0] or path.strip("<>") for path in paths]
    daemon = (
        not sender
        or any(_DAEMONS.match(local) for local in locals_)
        or _DAEMON_NAMES.search(name[:500]) is not None
    )
    return Message(
        part,
        sender,
        " ".join(_CONTROLS.sub("", part.words("subject")).split()),
        any(path in {"<>", "", "<MAILER-DAEMON>"} for path in paths),
        daemon,
        daemon
        or any(_MACHINES.match(local) for local in locals_)
        or _MACHINE_NAMES.search(name[:500]) is not None,
        said,
        _statuses(part, wrapped=daemon and not said.strip()),
        returned,
        marked,
    )


def _statuses(part: Part, *, wrapped: bool) -> tuple[Part, ...]:
    """Return its delivery status parts.

    Args:
        wrapped: A gateway may have put the whole report into a message of its own.
    """
    found = tuple(one for one in part.walk() if one.kind in _STATUS_KINDS)
    if found or not wrapped:
        return found
    inner = (
        one.parts[0] for one in part.walk() if one.kind in _RETURNED_KINDS and one.parts
    )
    first = next(inner, None)
    return _statuses(first, wrapped=False) if first is not None else ()


def _texts(part: Part) -> tuple[str, Part | None, bool]:
    """Return what it says, the head of what it brings back, and whether it says so."""
    said: list[str] = []
    wanted = _wanted(part)
    seen = 0
    for one in part.walk():
        if one.kind in _RETURNED_KINDS:
            inner = one.parts[0] if one.parts else read_fields(one.text().lstrip("\n"))
            return "\n".join(said), inner, True
        if seen < _TEXT_AT_MOST and (one.damaged or one.kind.startswith(wanted)):
            said.append(one.text()[:_TEXT_AT_MOST])
            seen += len(said[-1])
    return _cut("\n".join(said))


def _wanted(part: Part) -> str:
    """Return which of its texts says what it says.

    A kind of text that nobody here knows is a plain one (RFC 2046 §4.1.4), where there is
    no other.
    """
    kinds = {one.kind for one in part.walk()}
    known = (one for one in ("text/plain", "text/html") if one in kinds)
    return next(known, "text/")


def _cut(text: str) -> tuple[str, Part | None, bool]:
    """Cut a text where the letter that it brings back begins."""
    marked = _COPY_BEGINS.search(text)
    began = _HEAD_STARTS.search(text)
    while began and not _is_head(text, began.start()):
        began = _HEAD_STARTS.search(text, began.end())
    if marked and (not began or marked.start() < began.start()):
        rest = text[marked.end() :].partition("\n")[2]
        return text[: marked.start()], _first_head(rest), True
    if began:
        return text[: began.start()], read_fields(text[began.start() :]), False
    return text, None, False


def _is_head(text: str, place: int) -> bool:
    lines = text[place : place + 3000].split("\n")[:_HEAD_AT_MOST]
    return sum(1 for line in lines if _HEAD_LINE.match(line)) >= 3  # noqa: PLR2004 - not by chance


def _first_head(text: str) -> Part | None:
    """Read the head of a returned letter; it may be indented, or begin in its middle."""
    lines = [line.removeprefix("   ") for line in text[:_TEXT_AT_MOST].split("\n")]
    for place, line in enumerate(lines[:40]):
        if _HEAD_LINE.match(line):
            return read_fields("\n".join(lines[place:]))
    return None
