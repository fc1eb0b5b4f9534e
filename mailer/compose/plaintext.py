"""Plain text from HTML, once a template: what a letter says, for people who read text.

It walks the document with its marks, so the text is a template again: the same values,
conditions and loops. Links are kept behind their words, as `words <https://…>` (RFC 3986,
appendix C). What readers of the HTML cannot see is left out.
"""

import re
from html.parser import HTMLParser

from mailer.compose.places import Places
from mailer.compose.slots import Marked, Role, unmark
from mailer.compose.textwriter import TextWriter
from mailer.compose.tree import Nodes

_SKIPPED = frozenset({"head", "script", "style", "template", "title"})
_BREAKS = {
    "address": 1, "article": 2, "blockquote": 2, "center": 1, "dd": 1, "div": 1, "dl": 2,
    "dt": 1, "fieldset": 2, "figure": 2, "footer": 2, "form": 2, "h1": 2, "h2": 2, "h3": 2,
    "h4": 2, "h5": 2, "h6": 2, "header": 2, "hr": 2, "li": 1, "main": 2, "nav": 2, "ol": 2,
    "p": 2, "pre": 2, "section": 2, "table": 1, "tr": 1, "ul": 2,
}  # fmt: skip
"""How many line breaks stand before and behind an element."""

VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta",
        "source", "track", "wbr",
    }
)  # fmt: skip
"""Elements that have no inside."""

_STRUCK = frozenset({"del", "s", "strike"})
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_NEXT_TAG = re.compile(r"(?:\s|<!--[^>]*-->)*<([A-Za-z][A-Za-z0-9]*)")
_RULE = "-" * 40


def plain_text(marked: Marked, places: Places) -> Nodes:
    """Return the statements that make the plain text of a document.

    Raises:
        TemplateError: when a statement of the document cannot be kept whole.
    """
    walker = _Walker(marked)
    walker.feed(marked.text)
    walker.close()
    # An edge may stand between a space and the break that follows it.
    edge = rf"{re.escape(marked.word)}\d+[domc]x"
    text = re.sub(rf" +((?:{edge})*\n)", r"\1", walker.out.since(0))
    return unmark(marked, text.strip("\n ") + "\n", places)


class _Walker(HTMLParser):
    """Reads a document and writes its text."""

    def __init__(self, marked: Marked) -> None:
        super().__init__(convert_charrefs=True)
        self.out = TextWriter()
        self._marked = marked
        self._hidden: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._cells = 0
        self._kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        values = {name: value or "" for name, value in attrs}
        if self._hidden or is_hidden(tag, values):
            if tag not in VOID:
                self._hidden.append(tag)
            return
        self.out.owe(_BREAKS.get(tag, 0))
        match tag:
            case "a":
                self._links.append((values.get("href", "").strip(), self.out.length))
            case "br":
                self.out.break_line()
            case "img":
                self.out.words(values.get("alt", ""))
            case _ if tag in _STRUCK:
                # A price that no longer holds must not read like one that does.
                self.out.write("(")
            case "td" | "th" | "tr":
                self._begin_cell(tag)
            case _:
                self._begin_block(tag)

    def _begin_cell(self, tag: str) -> None:
        """Put cells into one line."""
        if tag == "tr":
            self._cells = 0
            return
        self._cells += 1
        if self._cells > 1:
            self.out.owe_space()

    def _begin_block(self, tag: str) -> None:
        match tag:
            case "hr":
                self.out.write(_RULE)
                self.out.owe(2)
            case "li":
                # Not numbered: a loop would write the same number each time.
                self.out.write("- ")
            case "pre":
                self._kept += 1
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if self._hidden:
            self._show_again(tag)
            return
        if tag == "a" and self._links:
            self._end_link()
        elif tag in _STRUCK:
            self.out.write(")")
        elif tag == "pre" and self._kept:
            self._kept -= 1
        self.out.owe(_BREAKS.get(tag, 0))

    def _show_again(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Write text."""
        if self._hidden:
            return
        if self._kept:
            self.out.lines(data)
        else:
            self.out.words(data)

    def handle_comment(self, data: str) -> None:
        """Write the edge or definition that a comment marks; leave others out."""
        found = self._marked.pattern.fullmatch(f"<!--{data}-->")
        if not found:
            return
        number = int(found[1])
        one = self._marked.marks[number]
        text = f"{self._marked.word}{number}{one.role}x"
        match one.role:
            case Role.OPEN:
                self.out.owe(self._breaks_behind(found[0]))
                self.out.begin(text)
            case Role.MIDDLE:
                self.out.next_branch(text)
            case Role.CLOSE:
                self.out.end(text, one.node)
            case _:
                self.out.mark(text)

    def _breaks_behind(self, mark: str) -> int:
        """Return what the element that a statement begins with owes."""
        text = self._marked.text
        tag = _NEXT_TAG.match(text, text.find(mark) + len(mark))
        return _BREAKS.get(tag[1].lower(), 0) if tag and not self._hidden else 0

    def _end_link(self) -> None:
        target, begins = self._links.pop()
        words = self.out.since(begins).strip()
        if not target or target.startswith("#") or words in _spellings(target):
            return
        self.out.write(f" <{target}>" if words else target)


def is_hidden(tag: str, values: dict[str, str]) -> bool:
    """Say whether readers do not see an element."""
    return (
        tag in _SKIPPED
        or "hidden" in values
        or values.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(values.get("style", "")))
    )


def _spellings(target: str) -> set[str]:
    """Return the words that say by themselves where a link leads."""
    without = re.sub(r"(?i)^(?:https?://|mailto:|tel:)", "", target)
    return {target, without, without.rstrip("/")}
