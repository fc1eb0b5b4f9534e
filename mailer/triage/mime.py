"""A message as its parts, read so that nothing in it can stop us.

The standard library's parser calls itself once for each part inside a part, so that a
message nested a thousand deep ends it, and its header objects refuse what real mail servers
write. This one keeps to what triage needs: it folds every kind of line end into one, looks
at no more than the limits below, and takes whatever it can't understand for text.

Sources: RFC 5322 §2.2 (fields), RFC 2045 §5 (Content-Type), RFC 2046 §5.1 (multipart), RFC
2047 §2 (encoded words), RFC 2231 §3 (split parameters).
"""

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mailer.triage.charsets import decoded_words, from_base64, in_charset, without_tags

SIZE_AT_MOST = 2 << 20
"""Bytes of a message that are looked at: reports stand at its top, attachments below."""

_DEPTH_AT_MOST = 12
_PARTS_AT_MOST = 200
_FIELDS_AT_MOST = 400
_HEAD_AT_MOST = 256 << 10
_VALUE_AT_MOST = 16 << 10
_TEXT_AT_MOST = 256 << 10
_MESSAGES = frozenset({"message/rfc822", "message/global", "message/rfc2822"})

_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_BOUNDARY_LINE = re.compile(rb"^--[^\n:]{3,}$", re.MULTILINE)
# A mailbox's own line; a space before a field's colon is an old form (RFC 5322 §4.5.2).
_MBOX_FROM = re.compile(rb">?From (?![ \t]*:)[^\n]*\n")
_TOKEN = re.compile(
    r';\s*([A-Za-z0-9_-]{1,60})(\*?\d*\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]*))'
)


@dataclass(frozen=True, slots=True)
class Part:
    """A message, or one part of it.

    Args:
        fields: Name in small letters and unfolded value, in their order.
        kind: Such as `text/plain`, in small letters.
        parameters: Of the Content-Type, names in small letters.
        body: Still encoded, lines ended by LF.
        parts: Of a multipart, or the one message in a message/rfc822.
        damaged: It says that it is a multipart, but no part of it was found.
    """

    fields: tuple[tuple[str, str], ...]
    kind: str
    parameters: Mapping[str, str]
    body: bytes
    parts: tuple["Part", ...] = ()
    damaged: bool = False
    _cache: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def get(self, name: str) -> str:
        """Return the first field of a name (in small letters) as it stands, or ""."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return all fields of a name (in small letters)."""
        return tuple(value for known, value in self.fields if known == name)

    def has(self, name: str) -> bool:
        """Say whether there is a field of a name (in small letters)."""
        return any(known == name for known, _ in self.fields)

    def words(self, name: str) -> str:
        """Return a field with its encoded words decoded, in one line."""
        return decoded_words(self.get(name))

    def text(self) -> str:
        """Return what a text part says, decoded; HTML without its tags."""
        if "text" not in self._cache:
            text = in_charset(self.decoded(), self.parameters.get("charset", ""))
            if self.kind == "text/html":
                text = without_tags(text)
            self._cache["text"] = text
        return self._cache["text"]

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding (RFC 2045 §6)."""
        encoding = self.get("content-transfer-encoding").strip().lower()
        body = self.body[:_TEXT_AT_MOST]
        if encoding.startswith("quoted-printable"):
            return quopri.decodestring(body)
        if encoding.startswith("base64"):
            return from_base64(body)
        return body

    def walk(self) -> Iterator["Part"]:
        """Go through this part and all within, but not into messages within."""
        yield self
        if not self.kind.startswith("message/"):
            for part in self.parts:
                yield from part.walk()


def read(raw: bytes) -> Part:
    """Read a message, whatever it is: no bytes are an error."""
    budget = [_PARTS_AT_MOST]
    return _part(one_line_end(raw[:SIZE_AT_MOST]), 0, budget, top=True)


def one_line_end(raw: bytes) -> bytes:
    """Return bytes with LF for CRLF and for CR."""
    if b"\r" not in raw:
        return raw
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def read_fields(text: str) -> Part:
    """Read a header that stands in a text, such as a returned letter's."""
    return _part(text.encode("utf-8", "replace"), _DEPTH_AT_MOST, [1])


def _part(raw: bytes, depth: int, budget: list[int], *, top: bool = False) -> Part:
    budget[0] -= 1
    fields, body = _split(raw, top=top)
    kind, parameters = content_type("")
    for name, value in fields:
        if name == "content-type":
            kind, parameters = content_type(value)
            break
    part = Part(fields, kind, parameters, body)
    if depth >= _DEPTH_AT_MOST or budget[0] <= 0:
        return part
    if kind.startswith("multipart/"):
        pieces = _pieces(body, parameters.get("boundary", ""))
        inner = [_part(one, depth + 1, budget) for one in pieces if budget[0] > 0]
        return replace(part, parts=tuple(inner), damaged=not inner)
    if kind in _MESSAGES:
        inner = [_part(part.decoded().lstrip(b"\n"), depth + 1, budget, top=True)]
        return replace(part, parts=tuple(inner))
    return part


def _split(raw: bytes, *, top: bool) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Split the fields from the body; a text without fields is all body."""
    if top:
        raw = raw.lstrip(b"\n")
        if began := _MBOX_FROM.match(raw):
            raw = raw[began.end() :]
    elif raw.startswith(b"\n"):
        return (), raw[1:]
    end = raw.find(b"\n\n", 0, _HEAD_AT_MOST)
    head, body = (raw[:end], raw[end + 2 :]) if end >= 0 else (raw[:_HEAD_AT_MOST], b"")
    if part_begins := _BOUNDARY_LINE.search(head):
        # A part begins where its head should have ended.
        head, body = head[: part_begins.start()], raw[part_begins.start() :]
    fields = _fields(head.split(b"\n"))
    return (fields, body) if fields else ((), raw)


def _fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    """Read fields and unfold them (RFC 5322 §2.2.3); a first line that is none ends it."""
    found: list[tuple[str, list[bytes]]] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if found:
                found[-1][1].append(line.strip())
        elif (match := _FIELD.match(line)) is not None:
            if len(found) >= _FIELDS_AT_MOST:
                break
            name = line[: match.end() - 1].strip().lower().decode("ascii")
            found.append((name, [line[match.end() :].strip()]))
        elif not found:
            break
    return tuple((name, _value(pieces)) for name, pieces in found)


def _value(pieces: list[bytes]) -> str:
    joined = b"\n ".join(pieces) if len(pieces) > 1 else pieces[0]
    joined = joined[:_VALUE_AT_MOST]
    try:
        text = joined.decode("utf-8")
    except UnicodeDecodeError:
        text = joined.decode("latin-1")
    return text.replace("\n ", " ") if len(pieces) > 1 else text


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """Cut a multipart at its boundary lines; what stands before the first is dropped."""
    if not boundary:
        return []
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    found: list[list[bytes]] = []
    cuts = (b"\n" + body).split(mark, _PARTS_AT_MOST * 4)
    inside = False
    for cut in cuts[1:]:
        if cut.startswith(b"--"):
            inside = False
            continue
        line, newline, rest = cut.partition(b"\n")
        if line.strip():
            # The boundary of another multipart that begins like this one.
            if inside and found:
                found[-1] += (mark, cut)
            continue
        found.append([rest if newline else b""])
        inside = True
    return [b"".join(piece) for piece in found]


@lru_cache(maxsize=512)
def _content_type(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    kind = value.partition(";")[0].strip().lower().strip('"')
    found: dict[str, str] = {}
    for match in _TOKEN.finditer(value[len(value.partition(";")[0]) :]):
        name, number, quoted, plain = match.groups()
        text = quoted.replace("\\", "") if quoted is not None else plain
        if number.strip("*"):
            found[name.lower()] = found.get(name.lower(), "") + text
        else:
            found.setdefault(name.lower(), text)
    if "/" not in kind:
        kind = "text/plain"
    return kind, tuple(found.items())


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return a Content-Type's kind and parameters; what is none is text."""
    kind, parameters = _content_type(value[:2000])
    return kind, dict(parameters)
