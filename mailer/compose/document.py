"""A template's HTML as one document with all branches, and where each place was written.

Layouts, includes and macros are put together and what is the same for everybody is worked
out, so it is what readers get; values and conditions stand in it as marks. A check reads it
and can say where a marketer wrote what it found.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from jinja2 import nodes

from mailer.compose.pictures import plain_name
from mailer.compose.places import Places
from mailer.compose.plaintext import VOID, is_hidden
from mailer.compose.slots import Marked, mark, parts
from mailer.compose.template import MARKDOWN, TemplateSource
from mailer.compose.tree import DEFINITIONS, Nodes, everything, literal_text, printed

_NOT_SEEN = re.compile("[\\s\u00a0\u00ad\u034f\u2007\u200b-\u200f\u2060\ufeff]+")
_NEEDLE = 24
"""So many characters find a text again; more might run over the end of its line."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was made of a template's HTML on the way to its body.

    Args:
        source: The template as it is in this language.
        language: Its tag, as it is usually written.
        whole: Its statements before style sheets were laid into attributes.
        written: The texts in `whole` that stand like this in a file.
        styled: The document behind the inliner.
        found: The names that it uses, each with the line of its first use.
        needed: Of those in all bodies, the ones that a person must have.
    """

    source: TemplateSource
    language: str
    places: Places
    whole: Nodes
    written: frozenset[int]
    styled: Marked
    found: dict[str, int]
    needed: dict[str, int]


def written_texts(before: Nodes, after: Nodes) -> frozenset[int]:
    """Return which texts of some statements were not made by working something out."""
    known = {id(one) for one in everything(before) if isinstance(one, nodes.TemplateData)}
    return frozenset(
        id(one)
        for one in everything(after)
        if isinstance(one, nodes.TemplateData) and id(one) in known
    )


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a document.

    Args:
        offset: Of its start tag.
        parent: The place of its parent among the elements, -1 for none.
        words: The text directly in it, without spaces that nobody sees; a value counts.
        hidden: It, or something around it, is not shown.
    """

    tag: str
    attributes: dict[str, str]
    offset: int
    parent: int
    words: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text of CSS: a style sheet, or what stands in a `style` attribute."""

    text: str
    offset: int
    of_element: bool


class Document:
    """A template's HTML with marks, as a check reads it."""

    def __init__(self, seen: Seen) -> None:
        """Build it from what the composer saw."""
        self._places = seen.places
        self._images = seen.source.images
        self._source = seen.source.html
        self.marked = mark(seen.whole, seen.places)
        self._starts: list[int] = []
        self._segments: list[tuple[int, bool]] = []
        self._take_lines(seen)
        self.elements, self.sheets = read_elements(self.marked)
        self._at = {one.offset: one for one in self.elements}

    def _take_lines(self, seen: Seen) -> None:
        """Note for each text of a file at which offset it begins."""
        begin = 0
        runs = iter(_Runs(seen.written).all(seen.whole))
        for found in self.marked.pattern.finditer(self.marked.text):
            self._take_run(begin, next(runs))
            begin = found.end()
        self._take_run(begin, next(runs))

    def _take_run(self, begin: int, run: list[tuple[str, int, bool]]) -> None:
        for text, line, written in run:
            self._starts.append(begin)
            self._segments.append((line, written))
            begin += len(text)

    def line(self, offset: int) -> int:
        """Return the moved line of a place, as `Places` counts them."""
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return 1
        line, written = self._segments[number]
        return line + (
            self.marked.text.count("\n", self._starts[number], offset) if written else 0
        )

    def place(self, offset: int) -> tuple[str, int | None]:
        """Return file and line of a place."""
        file, line = self._places.place(self.line(offset))
        if line is not None and file.endswith(MARKDOWN) and offset in self._at:
            line = self._markdown_line(self._at[offset], line)
        return file, line

    def _markdown_line(self, one: Element, line: int) -> int:
        """Find an element in a body in Markdown, whose lines HTML does not keep.

        Args:
            line: The nearest one before it that is known.
        """
        lines = self._source.splitlines()
        address = one.attributes.get("href") or one.attributes.get("src") or ""
        for text in (address, one.words):
            # What stands before a value is written as it is.
            needle = max(self.marked.pattern.split(text)[::3], key=len, default="")
            needle = needle.strip()[:_NEEDLE]
            if not needle:
                continue
            for number, written in enumerate(lines[line - 1 :], line):
                if needle in written:
                    return number
        return line

    def is_own_image(self, name: str) -> bool:
        """Say whether a name is that of an image beside the template."""
        return plain_name(name) in self._images

    def is_personal(self, text: str) -> bool:
        """Say whether a text holds a value that is not known before there is a person."""
        return self.marked.pattern.search(text) is not None


class _Runs:
    """The texts of a document between its marks."""

    def __init__(self, written: frozenset[int]) -> None:
        self._written = written
        self._run: list[tuple[str, int, bool]] = []

    def all(self, body: Nodes) -> Iterator[list[tuple[str, int, bool]]]:
        """Yield what stands before each mark, and behind the last one."""
        yield from self._inside(body)
        yield self._cut()

    def _cut(self) -> list[tuple[str, int, bool]]:
        run, self._run = self._run, []
        return run

    def _inside(self, body: Nodes) -> Iterator[list[tuple[str, int, bool]]]:
        for node in body:
            text = literal_text(node)
            if text is not None:
                child = printed(node)
                self._run.append((text, node.lineno, id(child) in self._written))
            elif isinstance(node, DEFINITIONS) or printed(node) is not None:
                yield self._cut()
            else:
                for inner in parts(node):
                    yield self._cut()
                    yield from self._inside(inner)
                yield self._cut()


def read_elements(marked: Marked) -> tuple[list[Element], list[Sheet]]:
    """Return the elements of a document in their order, and its CSS."""
    reading = _Reading(marked)
    reading.feed(marked.text)
    reading.close()
    return reading.found()


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    parent: int
    hidden: bool
    words: list[str]


class _Reading(HTMLParser):
    """One pass over a document."""

    def __init__(self, marked: Marked) -> None:
        super().__init__(convert_charrefs=True)
        self._elements: list[_Open] = []
        self._sheets: list[Sheet] = []
        self._open: list[int] = []
        self._lines = [0]
        for found in re.finditer("\n", marked.text):
            self._lines.append(found.end())

    def found(self) -> tuple[list[Element], list[Sheet]]:
        """Return what was read."""
        elements = [
            Element(
                one.tag,
                one.attributes,
                one.offset,
                one.parent,
                _NOT_SEEN.sub(" ", "".join(one.words)).strip(),
                one.hidden,
            )
            for one in self._elements
        ]
        return elements, self._sheets

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        values = {name: value or "" for name, value in attrs}
        offset = self._offset()
        parent = self._open[-1] if self._open else -1
        hidden = (parent >= 0 and self._elements[parent].hidden) or is_hidden(tag, values)
        if values.get("style"):
            self._sheets.append(Sheet(values["style"], offset, of_element=True))
        self._elements.append(_Open(tag, values, offset, parent, hidden, []))
        if tag not in VOID:
            self._open.append(len(self._elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        for depth in range(len(self._open) - 1, -1, -1):
            if self._elements[self._open[depth]].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._open:
            return
        inner = self._elements[self._open[-1]]
        if inner.tag == "style":
            self._sheets.append(Sheet(data, self._offset(), of_element=False))
        inner.words.append(data)
