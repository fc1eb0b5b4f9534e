"""Where something stands: one number for file and line, which survives Jinja's compiler.

Layouts, includes and macros are put together into one syntax tree. So that a message can
still name the right file, each file's line numbers begin at a multiple of `_STRIDE`.
"""

from jinja2 import nodes

from mailer.errors import TemplateError

_STRIDE = 1_000_000


class Places:
    """The files that one template is made of."""

    def __init__(self) -> None:
        self._shown: list[tuple[str, bool]] = []

    def add(self, shown: str, *, has_lines: bool = True) -> int:
        """Take in a file and return what its line numbers are moved by.

        Args:
            shown: What people know it by.
            has_lines: False for a text of one line, such as a subject.
        """
        self._shown.append((shown, has_lines))
        return (len(self._shown) - 1) * _STRIDE

    def at(self, line: int) -> str:
        """Return the words for a moved line number."""
        file, number = divmod(line, _STRIDE)
        shown, has_lines = self._shown[file]
        return f"{shown}, line {number}" if has_lines else shown

    def error(self, where: nodes.Node | int, words: str) -> TemplateError:
        """Return the error that names a place."""
        line = where.lineno if isinstance(where, nodes.Node) else where
        return TemplateError(f"{self.at(line)}: {words}")


def moved(tree: nodes.Node, by: int) -> None:
    """Move all line numbers of a tree."""
    tree.lineno = (tree.lineno or 1) + by
    for child in tree.iter_child_nodes():
        moved(child, by)
