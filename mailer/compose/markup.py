"""Where in an HTML document a place is: in text, in an attribute, in a style sheet.

Escaping is right or wrong by place. Jinja's autoescape is right in text and in quoted
attributes; a link, a style or an unquoted attribute needs more, and in some places no
personal value is safe. This reads the literal parts of a template like an HTML parser does,
as far as that question needs it.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

URL_ATTRIBUTES = frozenset(
    {
        "action", "background", "cite", "data", "formaction", "href", "longdesc", "poster",
        "src", "xlink:href",
    }
)  # fmt: skip
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes"})
_ESCAPABLE = frozenset({"title", "textarea"})

_OPENING = re.compile(
    r"(?P<cut><(?:/|!-?)?\Z)"
    r"|(?P<nothing><!---?>|<!--\[if[^\]]*\]>\s*<!--\s*(?:--)?>|<!--\s*<!\[endif\]-->)"
    r"|(?P<conditional><!--\[if[^\]]*\]>)"
    r"|(?P<comment><!--)"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][^\s/>]*)"
    r"|(?P<other><[!?/])"
)
_TAG_END = re.compile(">")
_COMMENT_END = re.compile(r"--!?>")
_ATTRIBUTE = re.compile(
    r"[\s/]+|(?P<close>>)"
    r"|(?P<name>=[^\s/>=]*|[^\s/>=]+)"
    r"(?:\s*=\s*(?:(?P<quote>[\"'])|(?P<bare>[^\s>\"'][^\s>]*)?))?"
)


class Where(StrEnum):
    """What a place in a document is."""

    TEXT = "text"
    TAG = "tag"
    VALUE = "value"
    COMMENT = "comment"
    RAW = "raw"
    ESCAPABLE = "escapable"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document.

    Args:
        element: The element whose tag or raw text it is in.
        opens: The tag is a start tag.
        attribute: The attribute whose value it is in.
        quote: What ends that value, or a comment that `-->` does not end; else "".
        started: The value has begun; None when that depends.
        conditional: It is in a comment that only some mail programs read (`<!--[if mso]>`).
    """

    where: Where = Where.TEXT
    element: str = ""
    opens: bool = True
    attribute: str = ""
    quote: str = ""
    started: bool | None = False
    conditional: bool = False

    @property
    def in_text(self) -> bool:
        """Whether whole elements can stand here."""
        return self.where is Where.TEXT

    def after(self, text: str) -> "Place":
        """Return the place behind a piece of the document.

        Args:
            text: Ends where a value or statement begins, or the document does.
        """
        place, at = self, 0
        while at < len(text):
            ends = _COMMENT_END.search(text, at) if place.conditional else None
            if ends is None:
                place, at = _STEPS[place.where](place, text, at)
            elif ends.start() > at:
                place, at = _STEPS[place.where](place, text[: ends.start()], at)
            else:
                # Whatever was open in there, no parser goes on with it.
                place, at = Place(), ends.end()
        return place

    def matches(self, other: "Place") -> bool:
        """Say whether both are the same, but perhaps for the beginning of a value."""
        return replace(self, started=None) == replace(other, started=None)

    def after_value(self) -> "Place":
        """Return the place behind a value that was put here."""
        return replace(self, started=True) if self.where is Where.VALUE else self


def behind(ends: list[Place]) -> Place:
    """Return the place behind a statement whose branches end in matching places."""
    first = ends[0]
    return first if all(one == first for one in ends) else replace(first, started=None)


def _text(place: Place, text: str, at: int) -> tuple[Place, int]:
    found = _OPENING.search(text, at)
    if found is None:
        return place, len(text)
    return _opened(place, found), found.end()


def _opened(place: Place, found: re.Match[str]) -> Place:
    """Return the place behind what begins in text."""
    match found.lastgroup:
        case "nothing":
            # An empty comment, or those around what all mail programs but Outlook read.
            return place
        case "conditional":
            return replace(place, conditional=True)
        case "comment":
            return replace(place, where=Where.COMMENT)
        case "tag":
            element, opens = found["tag"].lower(), not found["close"]
            return replace(place, where=Where.TAG, element=element, opens=opens)
        case "other":
            return replace(place, where=Where.COMMENT, quote=">")
        case _:
            return replace(place, where=Where.TAG, element="", opens=False)


def _tag(place: Place, text: str, at: int) -> tuple[Place, int]:
    for found in _ATTRIBUTE.finditer(text, at):
        end = found.end()
        if found["close"]:
            return _inside(place), end
        name = (found["name"] or "").lower()
        value = replace(place, where=Where.VALUE, attribute=name)
        if found["quote"]:
            return replace(value, quote=found["quote"], started=False), end
        if found["bare"] and end == len(text):
            return replace(value, quote="", started=True), end
    return place, len(text)


def _inside(place: Place) -> Place:
    """Return the place behind a tag."""
    where = Where.TEXT
    if place.opens and place.element in _RAW:
        where = Where.RAW
    elif place.opens and place.element in _ESCAPABLE:
        where = Where.ESCAPABLE
    element = "" if where is Where.TEXT else place.element
    return Place(where=where, element=element, conditional=place.conditional)


def _value(place: Place, text: str, at: int) -> tuple[Place, int]:
    end = text.find(place.quote, at)
    if end >= 0:
        return replace(
            place, where=Where.TAG, attribute="", quote="", started=False
        ), end + 1
    begun = bool(text[at:].strip()) or place.started
    return replace(place, started=begun), len(text)


def _comment(place: Place, text: str, at: int) -> tuple[Place, int]:
    # A doctype and the like end with the next `>`, whatever stands before it.
    found = (_TAG_END if place.quote else _COMMENT_END).search(text, at)
    if found is None:
        return place, len(text)
    return replace(place, where=Where.TEXT, quote=""), found.end()


def _raw(place: Place, text: str, at: int) -> tuple[Place, int]:
    found = re.compile(rf"(?i)</{re.escape(place.element)}(?=[\s/>])").search(text, at)
    if found is None:
        return place, len(text)
    return replace(place, where=Where.TAG, opens=False), found.end()


_STEPS = {
    Where.TEXT: _text,
    Where.TAG: _tag,
    Where.VALUE: _value,
    Where.COMMENT: _comment,
    Where.RAW: _raw,
    Where.ESCAPABLE: _raw,
}
