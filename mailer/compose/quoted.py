"""Quoted-printable in segments that can be put together in any order (RFC 2045 §6.7).

Each segment is closed, by a line break of the text or by a soft one (`=` at the line's
end), so whatever follows begins at the left margin. Thus the parts of a letter that are the
same for everybody are encoded once, and a person's values are filled in between.

No line of a segment begins with a dot, which some relays lose, so nothing has to be stuffed
when the letter leaves (RFC 5321 §4.5.2).
"""

import re
from binascii import b2a_qp
from functools import lru_cache

_LINE_MAX = 76  # RFC 2045 §6.7 (5)
_SHORT = 72
_SOFT_BREAK = b"=\r\n"
_STANDS_IN = b"\xff"
"""Stands in for a dot: it is always quoted, and no text in UTF-8 holds it."""

_REMEMBERED = 4_096
_REMEMBERED_LENGTH = 200

_SURROGATES = re.compile("[\ud800-\udfff]")


def segment(text: str) -> bytes:
    """Encode a piece of text as a closed segment; any line ends become CRLF."""
    return _remembered(text) if len(text) <= _REMEMBERED_LENGTH else _segment(text)


def _segment(text: str) -> bytes:
    # Nearly all values are short words; for them this is all.
    short = len(text) <= _SHORT and text.isascii() and text.isprintable()
    if short and "=" not in text and not text.startswith("."):
        return text.encode() + _SOFT_BREAK if text else b""
    data = utf8(text).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found = _closed(_quoted(data))
    if found.startswith(b".") or b"\n." in found:
        found = _closed(_quoted(data.replace(b".", _STANDS_IN))).replace(b"=FF", b"=2E")
    return found


# Names and cities come again from person to person, links from one body to the other.
_remembered = lru_cache(_REMEMBERED)(_segment)


def _quoted(data: bytes) -> bytes:
    has_lines = b"\n" in data
    quoted = b2a_qp(data.replace(b"\n", b"\r\n"))
    if not has_lines:
        # Without a line to learn from, binascii writes its soft breaks with a bare LF.
        quoted = quoted.replace(b"=\n", _SOFT_BREAK)
    return quoted


def utf8(text: str) -> bytes:
    """Encode a text; half a surrogate pair (from broken data) becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", str(text)).encode()


def _closed(quoted: bytes) -> bytes:
    if not quoted or quoted.endswith(b"\r\n"):
        return quoted
    if len(quoted) - quoted.rfind(b"\n") - 1 >= _LINE_MAX:
        # The `=` of the soft break must still fit: the last character moves down.
        cut = len(quoted) - (3 if quoted[-3:-2] == b"=" else 1)
        quoted = quoted[:cut] + _SOFT_BREAK + quoted[cut:]
    return quoted + _SOFT_BREAK
