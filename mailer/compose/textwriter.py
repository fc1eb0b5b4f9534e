"""Writes plain text with the breaks and spaces that HTML means, and with marks in it.

Breaks and spaces are only owed until something follows. The edge of a statement pays them
before it, so that a branch that is not printed leaves no hole; behind a statement as little
counts as paid as behind the poorest of its branches.
"""

import re

from jinja2 import nodes

_SPACE = re.compile(r"[ \t\n\f\r]+")
_UNSEEN = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\ufeff]")


class TextWriter:
    """One text while it is written."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._breaks = 2
        """How many line breaks stand at the end of what was written."""
        self._owed = 0
        self._space = False
        self._ends: list[tuple[int, list[int]]] = []

    @property
    def length(self) -> int:
        """How many pieces were written: what `since` wants."""
        return len(self._out)

    def since(self, length: int) -> str:
        """Return what was written since then."""
        return "".join(self._out[length:])

    def owe(self, breaks: int) -> None:
        """See to it that so many line breaks stand before what follows."""
        self._owed = max(self._owed, breaks)

    def owe_space(self) -> None:
        """See to it that a space stands before what follows in the same line."""
        self._space = True

    def break_line(self) -> None:
        """Break the line here."""
        self._pay()
        self._out.append("\n")
        self._breaks += 1

    def write(self, text: str) -> None:
        """Write something as it is."""
        self._pay()
        self._out.append(text)
        self._breaks = 0

    def words(self, data: str) -> None:
        """Write text with its white space as a browser shows it."""
        text = _SPACE.sub(" ", _UNSEEN.sub("", data.replace("\u00a0", " ")))
        if text.startswith(" "):
            self._space = True
        inner = text.strip(" ")
        if inner:
            self.write(inner)
            self._space = text.endswith(" ")

    def lines(self, data: str) -> None:
        """Write text with its white space as it is."""
        text = _UNSEEN.sub("", data)
        if text:
            self.write(text)
            self._breaks = len(text) - len(text.rstrip("\n"))

    def mark(self, text: str) -> None:
        """Write a mark that prints nothing."""
        self._out.append(text)

    def begin(self, text: str) -> None:
        """Write the mark that a statement begins with."""
        self._pay()
        self.mark(text)
        self._ends.append((self._breaks, []))

    def next_branch(self, text: str) -> None:
        """Write the mark that another branch begins with."""
        self._pay()
        self.mark(text)
        before, ends = self._ends[-1]
        ends.append(self._breaks)
        self._breaks = before

    def end(self, text: str, node: nodes.Node) -> None:
        """Write the mark that a statement ends with."""
        self._pay()
        self.mark(text)
        before, ends = self._ends.pop()
        if not _always_prints(node):
            ends.append(before)
        self._breaks = min([self._breaks, *ends])

    def _pay(self) -> None:
        """Write the breaks, or the space, that are owed."""
        if self._owed > self._breaks:
            self._out.append("\n" * (self._owed - self._breaks))
            self._breaks = self._owed
        elif self._space and not self._breaks and not self._ends_with_space():
            self._out.append(" ")
        self._owed = 0
        self._space = False

    def _ends_with_space(self) -> bool:
        return bool(self._out) and self._out[-1].endswith((" ", "\n"))


def _always_prints(node: nodes.Node) -> bool:
    """Say whether one of a statement's branches is always taken."""
    if isinstance(node, nodes.If):
        return bool(node.else_)
    return not isinstance(node, nodes.For)
