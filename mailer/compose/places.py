"""Where something stands: one number for file and line, which survives Jinja's compiler.

Layouts, includes and macros are put together into one syntax tree. So that a message can
still name the right file, each file's line numbers begin at a multiple of `_STRIDE`.
"""

from collections.abc import Callable

from jinja2 import nodes

from mailer.errors import TemplateError

_STRIDE = 1_000_000
_DEPTH_MAX = 80


class Places:
    """The files that one template is made of."""

    def __init__(self) -> None:
        self._shown: list[tuple[str, bool]] = []
        self._lines: dict[int, Callable[[int], int]] = {}

    def add(
        self,
        shown: str,
        *,
        has_lines: bool = True,
        lines: Callable[[int], int] | None = None,
    ) -> int:
        """Take in a file and return what its line numbers are moved by.

        Args:
            shown: What people know it by.
            has_lines: False for a text of one line, such as a subject.
            lines: Says which line of the file a line of the text comes from that was made
                of it; None where they are the same.
        """
        self._shown.append((shown, has_lines))
        number = len(self._shown) - 1
        if lines is not None:
            self._lines[number] = lines
        return number * _STRIDE

    def at(self, line: int) -> str:
        """Return the words for a moved line number."""
        shown, number = self.place(line)
        return shown if number is None else f"{shown}, line {number}"

    def place(self, line: int) -> tuple[str, int | None]:
        """Return the file and the line in it, None where it has no lines."""
        file, number = divmod(line, _STRIDE)
        shown, has_lines = self._shown[file]
        if (lines := self._lines.get(file)) is not None:
            number = lines(number)
        return shown, number if has_lines else None

    def error(self, where: nodes.Node | int, words: str) -> TemplateError:
        """Return the error that names a place."""
        line = where.lineno if isinstance(where, nodes.Node) else where
        return TemplateError(f"{self.at(line)}: {words}")


def check_depth(body: list[nodes.Node], places: Places) -> None:
    """Refuse what is nested more deeply than anybody writes, before anything recursive.

    Raises:
        TemplateError: names the place.
    """
    todo = [(node, 1) for node in body]
    while todo:
        node, depth = todo.pop()
        if depth > _DEPTH_MAX:
            raise places.error(node, "this is nested too deeply: say it more simply")
        todo += ((child, depth + 1) for child in node.iter_child_nodes())


def move(tree: nodes.Node, by: int) -> None:
    """Move all line numbers of a tree."""
    todo = [tree]
    while todo:
        node = todo.pop()
        node.lineno = (node.lineno or 1) + by
        todo += node.iter_child_nodes()
