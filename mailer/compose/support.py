"""What a letter uses that big mail clients do not support (Can I Email's data)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailer.compose.document import Document
from mailer.compose.stylesheet import Piece, pieces
from mailer.model.finding import Finding, Rule, Severity


class Match(StrEnum):
    """How a feature is found."""

    PROPERTY = "property"
    VALUE = "value"
    AT = "at"
    SELECTOR = "selector"
    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that letters use and not every big client supports.

    Args:
        what: What `match` looks for: a name, or for values, at-rules, selectors and images
            a pattern.
        breaks: A letter cannot be read or used where it is missing; else it only looks
            plainer.
        lacking: The clients that do not support it.
    """

    title: str
    match: Match
    what: str
    breaks: bool
    lacking: tuple[str, ...]
    todo: str


@dataclass(frozen=True, slots=True)
class Clients:
    """What is known about mail clients, and as of which day."""

    date: str
    features: tuple[Feature, ...]


def unsupported(document: Document, clients: Clients) -> Iterator[Finding]:
    """Yield a finding for each feature that is used, at its first place.

    What stands under `@media` or `@supports` is meant for some clients only, and is left
    out.
    """
    styles = [
        (piece, sheet.offset if sheet.of_element else sheet.offset + piece.offset)
        for sheet in document.sheets
        for piece in pieces(sheet.text)
        if not piece.in_media or piece.text.startswith("@")
    ]
    for feature in clients.features:
        places = _places(feature, document, styles)
        if places:
            yield _finding(feature, document, places)


def _finding(feature: Feature, document: Document, places: Sequence[int]) -> Finding:
    file, line = document.place(min(places))
    times = f" ({len(places)} times)" if len(places) > 1 else ""
    who = ", ".join(feature.lacking)
    verb = "do" if len(feature.lacking) > 1 else "does"
    return Finding(
        Severity.WARNING if feature.breaks else Severity.NOTE,
        Rule.SUPPORT,
        f"{feature.title}{times}: {who} {verb} not support it",
        feature.todo,
        file,
        line,
    )


def _places(
    feature: Feature, document: Document, styles: Sequence[tuple[Piece, int]]
) -> list[int]:
    match feature.match:
        case Match.ELEMENT:
            return [one.offset for one in document.elements if one.tag == feature.what]
        case Match.ATTRIBUTE:
            return [
                one.offset for one in document.elements if feature.what in one.attributes
            ]
        case Match.IMAGE:
            return _images(feature, document)
        case _:
            return [offset for piece, offset in styles if _uses(feature, piece)]


def _images(feature: Feature, document: Document) -> list[int]:
    pattern = re.compile(feature.what, re.IGNORECASE)
    return [
        one.offset
        for one in document.elements
        if one.tag in {"img", "source"}
        and pattern.search(one.attributes.get("src", "").strip())
    ]


def _uses(feature: Feature, piece: Piece) -> bool:
    match feature.match:
        case Match.PROPERTY:
            # A prefixed or longer name counts: `-webkit-filter`, `animation-name`.
            name = re.escape(feature.what)
            found = re.fullmatch(rf"(-\w+-)?{name}(-[\w-]+)?", piece.name)
            return not piece.is_prelude and found is not None
        case Match.VALUE:
            found = re.search(feature.what, piece.text, re.IGNORECASE)
            return not piece.is_prelude and found is not None
        case Match.AT:
            return re.match(f"@{feature.what}", piece.text, re.IGNORECASE) is not None
        case _:
            is_selector = piece.is_prelude and not piece.text.startswith("@")
            return is_selector and re.search(feature.what, piece.text) is not None
