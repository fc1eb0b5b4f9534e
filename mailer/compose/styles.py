"""CSS into style attributes, once a template, with the template's statements left in place.

Mail programs that drop style sheets still show what stands in attributes; `@media` rules
(narrow screens, dark mode) stay in a style sheet, because attributes cannot say them.
Nothing is fetched.
"""

import re
from dataclasses import replace
from html.parser import HTMLParser

from css_inline import CSSInliner
from jinja2 import nodes

from mailer.compose.counting import Counting
from mailer.compose.pictures import Pictures
from mailer.compose.places import Places
from mailer.compose.plaintext import VOID
from mailer.compose.slots import Mark, Marked, Role, mark, unmark
from mailer.compose.stylesheet import for_dark_screens
from mailer.compose.tree import Nodes
from mailer.compose.utm import Tagging
from mailer.errors import TemplateError

_DOCUMENT = re.compile(r"(?i)<!doctype|<(?:html|head|body)[\s>]")
_SHEET = re.compile(r"(?i)<link\b[^>]*\brel\s*=\s*[\"']?stylesheet")
_STYLE = re.compile(r"(?is)(<style\b[^>]*>)(.*?)(</style\s*>)")

_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inlined(
    body: Nodes, places: Places, pictures: Pictures, tagging: Tagging, counting: Counting
) -> tuple[Nodes, Marked]:
    """Put images and parameters in their places, and style sheets into style attributes.

    Returns:
        The statements, and the document with marks that they were made from.

    Raises:
        TemplateError: when HTML and statements do not fit together, a sheet is remote, or
            an image is not there.
    """
    before = mark(body, places)
    before = replace(before, text=pictures.placed(before.text, before.word))
    before = replace(before, text=tagging.tagged(before))
    before = replace(before, text=counting.counted(before))
    if _SHEET.search(before.text):
        raise places.error(
            body[0],
            "a style sheet from elsewhere is never fetched: put its rules into <style>",
        )
    text = _INLINER.inline(_with_row_groups(_as_document(before)))
    after = Marked(before.word, text, before.marks)
    _Elements(after, places).check()
    return unmark(after, text, places), after


def styled_for_dark_screens(marked: Marked) -> str | None:
    """Return a document as a dark screen styles it; None when no sheet says how.

    For a check only: nothing of it is sent.
    """
    found = False

    def changed(sheet: re.Match[str]) -> str:
        nonlocal found
        dark = for_dark_screens(sheet[2])
        found = found or dark is not None
        return f"{sheet[1]}{sheet[2] if dark is None else dark}{sheet[3]}"

    text = _STYLE.sub(changed, _with_row_groups(_as_document(marked)))
    return _INLINER.inline(text) if found else None


def _as_document(marked: Marked) -> Marked:
    """Write the `<body>` that a parser would put in by itself, around all statements."""
    if _DOCUMENT.search(marked.text):
        return marked
    text = f"<html><head></head><body>{marked.text}</body></html>"
    return replace(marked, text=text)


def _with_row_groups(marked: Marked) -> str:
    """Write the `<tbody>` that a parser would put in by itself outside of statements."""
    word = re.escape(marked.word)
    ended = rf"(?:\s|<!--{word}\d+[dc]x-->)*"
    opened = rf"<!--{word}\d+ox-->(?:\s|<!--{word}\d+[dom]x-->)*"
    before_row = re.compile(
        rf"(?i)(<table\b[^>]*>|</(?:thead|tfoot|caption|colgroup)\s*>)({ended})({opened}<tr\b)"
    )
    return before_row.sub(r"\1\2<tbody>\3", marked.text)


class _Elements(HTMLParser):
    """Checks that each mark is in its place, and each statement within one element."""

    def __init__(self, marked: Marked, places: Places) -> None:
        super().__init__(convert_charrefs=True)
        self._marked = marked
        self._places = places
        self._open: list[tuple[str, int]] = []
        self._opened = 0
        self._within: dict[int, tuple[tuple[str, int], ...]] = {}
        self._seen: list[int] = []

    def check(self) -> None:
        """Read the whole document.

        Raises:
            TemplateError: names the first statement or value that is not where it was.
        """
        self.feed(self._marked.text)
        self.close()
        for expected, number in enumerate([*self._seen, -1]):
            if number != expected < len(self._marked.marks):
                raise self._places.error(
                    self._marked.marks[expected].node,
                    "no HTML parser would leave this where it stands (a value directly"
                    " between table rows, or outside of <body>?): put it inside an element",
                )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        self._opened += 1
        first = len(self._seen)
        for _, value in attrs:
            self._apart(value or "")
        # The attributes of one element may change places: no reader can tell.
        self._seen[first:] = sorted(self._seen[first:])
        if tag not in VOID:
            self._open.append((tag, self._opened))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth][0] == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        """Look at text."""
        self._marks_in(data)

    def handle_comment(self, data: str) -> None:
        """Look at a comment: a mark, or one that only some mail programs read."""
        if self._marked.pattern.fullmatch(f"<!--{data}-->"):
            self._marks_in(data)
        else:
            self._apart(data)

    def _apart(self, text: str) -> None:
        """Look at a text of its own: what begins in it must end in it."""
        self._opened += 1
        self._open.append(("", self._opened))
        self._marks_in(text)
        self._open.pop()

    def _marks_in(self, text: str) -> None:
        for number in self._marked.found_in(text):
            self._seen.append(number)
            one = self._marked.marks[number]
            here = tuple(self._open)
            if one.role is Role.OPEN:
                self._within[id(one.node)] = here
            elif one.role in {Role.MIDDLE, Role.CLOSE}:
                self._compare(one, here)

    def _compare(self, one: Mark, here: tuple[tuple[str, int], ...]) -> None:
        if self._within.get(id(one.node)) != here:
            raise _torn(one.node, self._places)


def _torn(node: nodes.Node, places: Places) -> TemplateError:
    return places.error(
        node,
        "this begins and ends in different elements: inside it, every element that it opens"
        " must be closed, and none that is open before (rows need a <tbody> around them)",
    )
