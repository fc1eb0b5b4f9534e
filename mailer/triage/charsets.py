"""What a message's bytes say: charsets, base64, encoded words, HTML without its tags.

Nothing here is an error: what can't be decoded is read as well as it can be.
"""

import binascii
import html
import quopri
import re

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([BbQq])\?([^?\n]*)\?=")
_WORDS = re.compile(r"(?:=\?[^?\s]{1,60}\?[BbQq]\?[^?\n]*\?=)+")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\n]+(=\?)")
_TAG = re.compile(r"<[^<>]{0,5000}>")
_LINE_TAG = re.compile(
    r"<(?:br|/p|/div|/tr|/td|/li|/h\d|p|div|tr|li|hr)\b[^<>]{0,2000}>", re.IGNORECASE
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_HIDDEN = re.compile(r"<(style|script|head|title)\b", re.IGNORECASE | re.ASCII)
# In small letters a text may be longer: "\u0130" has two.
_HIDDEN_ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII)
    for name in ("style", "script", "head", "title")
}


def decoded_words(value: str) -> str:
    """Decode encoded words (RFC 2047 §2); what can't be decoded stays."""
    if "=?" not in value:
        return value
    return _WORDS.sub(_words, _BETWEEN_WORDS.sub(r"\1\2", value))


def _words(run: re.Match[str]) -> str:
    """Decode words that follow each other; many programs part them within a letter."""
    parts: list[tuple[str, bytes]] = []
    for charset, how, text in _WORD.findall(run[0]):
        raw = text.encode("utf-8", "replace")
        if how in "Bb":
            raw = from_base64(raw)
        else:
            raw = quopri.decodestring(raw.replace(b"_", b"=20"))
        if parts and parts[-1][0].lower() == charset.lower():
            raw = parts.pop()[1] + raw
        parts.append((charset, raw))
    return "".join(in_charset(raw, charset) for charset, raw in parts)


def from_base64(raw: bytes) -> bytes:
    """Decode base64, leaving out what is none (RFC 2045 §6.8)."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    try:
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return raw


_CHARSETS = {
    "unicode-1-1-utf-7": "utf-7", "utf7": "utf-7", "x-unknown": "utf-8",
    "us-ascii": "utf-8", "ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "": "utf-8",
    "iso-2022-jp": "iso2022_jp_ext", "shift_jis": "cp932", "sjis": "cp932",
    "x-sjis": "cp932", "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso-8859-8-i": "iso-8859-8",
    "euc-kr": "cp949", "windows-874": "cp874", "tis-620": "cp874", "iso-8859-11": "cp874",
    "iso-8859-9": "cp1254",
}  # fmt: skip
"""What charsets are called here; the rest Python knows by their own names."""

_TEXTS = frozenset(
    {
        "utf-8", "utf-7", "utf-16", "utf-16le", "utf-16be", "iso2022_jp_ext", "euc-jp",
        "cp932", "cp949", "euc-kr", "gb18030", "big5", "koi8-r", "koi8-u", "cp1252",
        "macintosh", "iso2022_kr", "iso-2022-kr", "hz-gb-2312",
        *(f"iso-8859-{number}" for number in range(2, 17)),
        *(f"windows-{number}" for number in range(1250, 1259)), "cp874",
        *(f"cp{number}" for number in range(1250, 1259)), "cp850", "cp437", "cp866",
    }
)  # fmt: skip
"""Charsets of text. Others that Python knows would run as programs (`zlib`, `hex`)."""


def in_charset(raw: bytes, charset: str) -> str:
    """Decode a text; a wrong or unknown charset gives way to what it looks like."""
    name = charset.partition("*")[0].strip().strip("\"'").lower()
    name = _CHARSETS.get(name, name)
    if b"\x1b$" in raw and name in {"utf-8", "cp1252"}:
        name = "iso2022_jp_ext"  # Japanese systems often say nothing, or us-ascii.
    if name not in _TEXTS:
        name = "utf-8"
    try:
        text = raw.decode(name)
    except (UnicodeDecodeError, LookupError):
        text = _guessed(raw, name)
    # UTF-7 can say half of a surrogate pair, which no text and no database holds.
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _guessed(raw: bytes, named: str) -> str:
    for name in ("utf-8", "euc-jp", "cp932"):
        if name != "utf-8" and named not in {"utf-8", "iso2022_jp_ext", "cp932", "euc-jp"}:
            break
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    try:
        return raw.decode(named, "replace")
    except (UnicodeDecodeError, LookupError):
        return raw.decode("latin-1")


def without_tags(text: str) -> str:
    """Return what a page of HTML says, roughly line by line."""
    text = _LINE_TAG.sub("\n", _shown(text.replace("\n", " ")))
    return html.unescape(_TAG.sub(" ", text)).replace("\xa0", " ")


def _shown(text: str) -> str:
    """Drop what a page does not show: its styles, scripts and title."""
    kept: list[str] = []
    place = 0
    while (match := _HIDDEN.search(text, place)) is not None:
        kept.append(text[place : match.start()])
        end = _HIDDEN_ENDS[match[1].lower()].search(text, match.end())
        place = len(text) if end is None else end.start()
        if end is None:
            break
    kept.append(text[place:])
    return "".join(kept)
