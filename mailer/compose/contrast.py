"""Whether the text of a letter can be read on its background (WCAG 2.2, 1.4.3).

Colours are followed through the document behind the inliner. Where a colour cannot be known
(an image, a gradient, a person's value), nothing is said.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailer.compose.colours import Colour, contrast, first_colour, read_colour
from mailer.compose.document import Document, Element, read_elements
from mailer.compose.slots import Marked
from mailer.compose.styles import styled_for_dark_screens
from mailer.compose.stylesheet import pieces
from mailer.model.finding import Finding, Rule, Severity

_BLACK, _WHITE, _LINK = Colour(0, 0, 0), Colour(255, 255, 255), Colour(0, 0, 238)
_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0,
    "x-large": 24.0, "xx-large": 32.0, "smaller": 13.3, "larger": 19.2,
}  # fmt: skip
_HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.7, "h4": 16.0, "h5": 13.3, "h6": 10.7}
_BOLD = {*_HEADINGS, "b", "strong", "th"}
_LENGTH = re.compile(r"([\d.]+)(px|pt|em|rem|%)")
_IN_FONT = re.compile(r"(?:^|\s)([\d.]+(?:px|pt|em|rem|%))(?:/|\s)")
_BOLD_IN_FONT = re.compile(r"(?:^|\s)(bold|bolder|[6-9]00)\s")
_LARGE_PX, _LARGE_BOLD_PX = 24.0, 18.66  # 18 pt, and 14 pt where it is bold
_ENOUGH, _ENOUGH_LARGE = 4.5, 3.0
_BOLD_FROM = 600
_PX_OF_PT = 4 / 3
_USUAL_PX = 16.0


@dataclass(frozen=True, slots=True)
class _Faint:
    """Text that is hard to read.

    Args:
        number: Its element among all elements.
        ratio, needed: Its contrast, and what it should be at least.
    """

    number: int
    colour: Colour
    behind: Colour
    ratio: float
    needed: float


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element shows its text with; None is not known."""

    colour: Colour | None
    behind: Colour | None
    size_px: float = _USUAL_PX
    bold: bool = False


def check_contrast(document: Document, styled: Marked) -> Iterator[Finding]:
    """Yield a finding for each two colours that are too much alike.

    Args:
        styled: The document behind the inliner.
    """
    elements, _ = read_elements(styled)
    yield from _faint_on(document, elements, dark=False)
    dark = styled_for_dark_screens(document.marked)
    if dark is not None:
        elements, _ = read_elements(replace(styled, text=dark))
        yield from _faint_on(document, elements, dark=True)


def _faint_on(
    document: Document, elements: list[Element], *, dark: bool
) -> Iterator[Finding]:
    offsets = _offsets(document, elements)
    for texts in _faint_texts(elements, dark=dark):
        worst = min(texts, key=lambda one: one.ratio / one.needed)
        file, line = document.place(offsets.get(worst.number, 0))
        times = f" ({len(texts)} times)" if len(texts) > 1 else ""
        screen = " on a dark screen" if dark else ""
        yield Finding(
            Severity.WARNING,
            Rule.CONTRAST,
            f"text in {worst.colour} on {worst.behind}{times} is hard to read{screen}:"
            f" a contrast of {_down(worst)}, and WCAG asks for {worst.needed:g}",
            "make one of the two colours lighter or darker",
            file,
            line,
        )


def _down(faint: _Faint) -> str:
    """Write a ratio so that it is never rounded up to what is asked for."""
    return f"{int(faint.ratio * 100) / 100:.2f}"


def _offsets(document: Document, elements: list[Element]) -> dict[int, int]:
    """Find the elements of a styled document in the one that was written.

    Elements of one name stay in their order; those that a parser puts in are not there.
    """
    written: dict[str, list[int]] = {}
    for one in document.elements:
        written.setdefault(one.tag, []).append(one.offset)
    found: dict[int, int] = {}
    count: dict[str, int] = {}
    for number, one in enumerate(elements):
        place = count.get(one.tag, 0)
        count[one.tag] = place + 1
        if place < len(written.get(one.tag, [])):
            found[number] = written[one.tag][place]
        elif one.parent >= 0 and one.parent in found:
            found[number] = found[one.parent]
    return found


def _faint_texts(
    elements: Sequence[Element], *, dark: bool = False
) -> Iterator[list[_Faint]]:
    """Yield texts that are hard to read, those with the same two colours together.

    Args:
        elements: Of the document behind the inliner.
        dark: The styles are those of a dark screen, of which it is not known which colours
            it begins with.
    """
    first = _Look(None, None) if dark else _Look(_BLACK, _WHITE)
    looks: list[_Look] = []
    found: dict[tuple[str, str], list[_Faint]] = defaultdict(list)
    for number, one in enumerate(elements):
        around = looks[one.parent] if one.parent >= 0 else first
        look = _look(one, around, dark=dark)
        looks.append(look)
        if one.hidden or not one.words or one.tag in {"style", "title", "script"}:
            continue
        faint = _judged(number, look)
        if faint is not None:
            found[str(faint.colour), str(faint.behind)].append(faint)
    yield from found.values()


def _judged(number: int, look: _Look) -> _Faint | None:
    if look.colour is None or look.behind is None or look.size_px < 1:
        return None
    colour = look.colour.over(look.behind)
    is_large = look.size_px >= (_LARGE_BOLD_PX if look.bold else _LARGE_PX)
    needed = _ENOUGH_LARGE if is_large else _ENOUGH
    ratio = contrast(colour, look.behind)
    return _Faint(number, colour, look.behind, ratio, needed) if ratio < needed else None


def _look(one: Element, around: _Look, *, dark: bool) -> _Look:
    look = around
    if one.tag == "a" and "href" in one.attributes:
        look = replace(look, colour=None if dark else _LINK)
    if one.tag in _HEADINGS:
        look = replace(look, size_px=_HEADINGS[one.tag])
    if one.tag in _BOLD:
        look = replace(look, bold=True)
    if "bgcolor" in one.attributes:
        look = _on(look, read_colour(one.attributes["bgcolor"]))
    if "background" in one.attributes:
        look = _on(look, None)
    if one.tag == "font" and "color" in one.attributes:
        look = replace(look, colour=read_colour(one.attributes["color"]))
    for piece in pieces(one.attributes.get("style", "")):
        value = piece.text.partition(":")[2].replace("!important", "").strip().lower()
        look = _styled(look, around, piece.name, value)
    return look


def _styled(look: _Look, around: _Look, name: str, value: str) -> _Look:
    match name:
        case "color":
            colour = around.colour if value == "inherit" else read_colour(value)
            return replace(look, colour=colour)
        case "background" | "background-color" | "background-image":
            return _on(look, _of_background(value))
        case "opacity" if value not in {"1", "1.0", "100%"}:
            return replace(look, colour=None)
        case _:
            return _with_font(look, around, name, value)


def _with_font(look: _Look, around: _Look, name: str, value: str) -> _Look:
    match name:
        case "font-size":
            return replace(look, size_px=_size(value, around))
        case "font-weight":
            return replace(look, bold=_is_bold(value))
        case "font":
            size = _IN_FONT.search(value)
            bold = _BOLD_IN_FONT.search(value) is not None
            px = _size(size[1], around) if size else look.size_px
            return replace(look, size_px=px, bold=bold)
        case _:
            return look


def _on(look: _Look, colour: Colour | None) -> _Look:
    """Lay a background over the one that is there."""
    if colour is None:
        return replace(look, behind=None)
    if colour.alpha == 0:
        return look
    if colour.alpha == 1:
        return replace(look, behind=colour)
    return replace(look, behind=colour.over(look.behind) if look.behind else None)


def _of_background(value: str) -> Colour | None:
    """Return the colour of a background, None when it cannot be known."""
    if "url(" in value or "gradient(" in value:
        return None
    if value in {"none", "0", "0 0", "initial"}:
        return Colour(0, 0, 0, 0)
    return first_colour(value)


def _size(value: str, around: _Look) -> float:
    found = _LENGTH.fullmatch(value)
    if found is None:
        return 0.0 if value in {"0", "0px"} else _SIZES.get(value, around.size_px)
    number = float(found[1])
    match found[2]:
        case "px":
            return number
        case "pt":
            return number * _PX_OF_PT
        case "em":
            return number * around.size_px
        case "rem":
            return number * _USUAL_PX
        case _:
            return number / 100 * around.size_px


def _is_bold(value: str) -> bool:
    return value in {"bold", "bolder"} or (value.isdigit() and int(value) >= _BOLD_FROM)
