"""Header fields, written as bytes that need no second look.

`EmailMessage` folds a long `List-Unsubscribe` into encoded words, which mail programs do
not read, and lets line breaks through in a display name; so nothing here goes through it.
What a template or a person puts into a field is checked after it was rendered.
"""

import re
from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache

import idna

from mailer.compose.quoted import utf8
from mailer.errors import CannotComposeError

LINE = 78
"""No line is longer where it can be folded (RFC 5322 §2.1.1)."""

_WORD_MAX = 75  # RFC 2047 §2
_WORD_FRAME = len("=?utf-8?b??=")
_GOES_ON = 0x80  # the upper bits of each byte of a character but the first (RFC 3629 §3)
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_PRINTABLE = re.compile(r"[ -~]*")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)
_ANY_LOCAL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010FFFF-]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010FFFF-]+)*"
)
_REMEMBERED = 4_096  # what comes again from person to person: names, subjects
_LOCAL_MAX = 64  # RFC 5321 §4.5.3.1.1
_ADDRESS_MAX = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def checked(header: str, value: str) -> str:
    """Return a value without spaces around it, fit for a header.

    Raises:
        CannotComposeError: when it holds a line break or another control character: it
            could begin a header of its own.
    """
    if not value.isprintable() and _FORBIDDEN.search(value):
        raise CannotComposeError(
            f"{header}: the text {value[:60]!r} holds a line break or control character,"
            " which could begin a header of its own: clean the value that it comes from"
        )
    return value.strip()


@lru_cache(_REMEMBERED)
def text_field(header: str, value: str) -> str:
    """Return an unstructured field such as Subject, folded and ended by CRLF.

    Raises:
        CannotComposeError: as `checked`.
    """
    value = checked(header, value)
    room = LINE - len(header) - 2
    # `=?` in plain text would be read as an encoded word that nobody wrote.
    if _PLAIN.fullmatch(value) and "=?" not in value:
        if len(value) <= room:
            return f"{header}: {value}\r\n"
        folded = _folded(value, room)
        if folded is not None:
            return f"{header}: {folded}\r\n"
    return f"{header}: {encoded_words(value, room)}\r\n"


def address_field(header: str, name: str, address: str) -> str:
    """Return a field with one mailbox, ended by CRLF (RFC 5322 §3.4).

    Args:
        name: The display name, "" for none.
        address: As `wire_address` returned it.

    Raises:
        CannotComposeError: as `checked`.
    """
    name = checked(header, name)
    if not name:
        return f"{header}: {address}\r\n"
    phrase = _phrase(name, LINE - len(header) - 2)
    last = len(phrase) - phrase.rfind("\n") - 1
    if "\n" not in phrase:
        last += len(header) + 2
    fold = " " if last + len(address) + 3 <= LINE else "\r\n "
    return f"{header}: {phrase}{fold}<{address}>\r\n"


@lru_cache(_REMEMBERED)
def _phrase(name: str, room: int) -> str:
    if "=?" not in name and len(name) < room:
        if _ATOMS.fullmatch(name):
            return name
        if _PRINTABLE.fullmatch(name):
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            if len(quoted) + 2 <= room:
                return f'"{quoted}"'
    return encoded_words(name, room)


def encoded_words(value: str, room: int) -> str:
    """Return a text as encoded words (RFC 2047 §4.1), folded.

    Args:
        room: How many characters the first line has left.
    """
    words: list[str] = []
    data = utf8(value)
    at = 0
    while at < len(data):
        size = (min(_WORD_MAX, room) - _WORD_FRAME) // 4 * 3
        end = min(len(data), at + size)
        # A character is never cut in two (RFC 2047 §5).
        while end < len(data) and data[end] & 0xC0 == _GOES_ON:
            end -= 1
        words.append(f"=?utf-8?b?{b64encode(data[at:end]).decode()}?=")
        at, room = end, LINE - 1
    return "\r\n ".join(words)


def _folded(value: str, room: int) -> str | None:
    """Fold a plain text between its words; None when a word is too long for a line."""
    lines = [""]
    for word in value.split(" "):
        if len(word) > min(room, LINE - 1):
            return None
        space = room if len(lines) == 1 else LINE - 1
        if lines[-1] and len(lines[-1]) + 1 + len(word) > space:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


@lru_cache(256)
def date_value(date: datetime) -> str:
    """Return a time as Date wants it, in UTC (RFC 5322 §3.3)."""
    if date.tzinfo is not UTC:
        date = date.astimezone(UTC)
    return (
        f"{_DAYS[date.weekday()]}, {date.day} {_MONTHS[date.month - 1]} {date.year:04}"
        f" {date.hour:02}:{date.minute:02}:{date.second:02} +0000"
    )


def wire_address(address: str) -> str:
    """Return an address with its domain as A-label (RFC 5890 §2.3.2.1).

    A local part may have any letters (RFC 6532 §3.2); whether a relay takes them is known
    when it is asked (SMTPUTF8).

    Raises:
        CannotComposeError: when it is none, or has characters that could end a field.
    """
    if not address.isascii():
        local, _, domain = address.rpartition("@")
        address = f"{local}@{_a_label(domain)}"
    if not _fits(address):
        raise CannotComposeError(
            f"To: {address[:80]!a} is no address that can be written to"
        )
    return address


def _fits(address: str) -> bool:
    if address.isascii():
        size, local_size = len(address), address.find("@")
        good = _ADDRESS.fullmatch(address) is not None
    else:
        local, _, domain = address.rpartition("@")
        size, local_size = len(utf8(address)), len(utf8(local))
        good = (
            local.isprintable()
            and _ANY_LOCAL.fullmatch(local) is not None
            and _ADDRESS.fullmatch(f"x@{domain}") is not None
        )
    return good and local_size <= _LOCAL_MAX and size <= _ADDRESS_MAX


@lru_cache(4_096)
def _a_label(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as problem:
        raise CannotComposeError(f"To: {domain!a} is no domain: {problem}") from problem
