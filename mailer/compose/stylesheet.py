"""CSS taken apart as far as a check of letters needs it: rules and their declarations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_STRUCTURE = re.compile(r"""[{};]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\([^)]*\)""")
_DARK = re.compile(r"(?i)@media[^{]*prefers-color-scheme\s*:\s*dark")


@dataclass(frozen=True, slots=True)
class Piece:
    """A prelude (a selector or an at-rule) or a declaration.

    Args:
        around: The preludes that it stands in, outermost first.
    """

    text: str
    offset: int
    around: tuple[str, ...]
    is_prelude: bool

    @property
    def in_media(self) -> bool:
        """Whether it only holds for some screens or clients."""
        return any(one.startswith("@") for one in self.around)

    @property
    def name(self) -> str:
        """The property of a declaration."""
        return self.text.partition(":")[0].strip().lower()


def pieces(css: str) -> Iterator[Piece]:
    """Yield the pieces of a text of CSS; what is wrong in it is taken as it stands."""
    css = _COMMENT.sub(lambda found: " " * len(found[0]), css)
    around: list[str] = []
    begin = 0
    for found in _STRUCTURE.finditer(css):
        if found[0] not in "{};":
            continue
        text = css[begin : found.start()]
        if text.strip():
            offset = begin + len(text) - len(text.lstrip())
            yield Piece(text.strip(), offset, tuple(around), is_prelude=found[0] == "{")
        if found[0] == "{":
            around.append(text.strip())
        elif found[0] == "}" and around:
            around.pop()
        begin = found.end()
    if css[begin:].strip():
        offset = begin + len(css[begin:]) - len(css[begin:].lstrip())
        yield Piece(css[begin:].strip(), offset, tuple(around), is_prelude=False)


def for_dark_screens(css: str) -> str | None:
    """Return a style sheet as a dark screen takes it; None when it says nothing of them."""
    found = _DARK.search(css)
    if found is None:
        return None
    begin, end = found.start(), _end_of_block(css, found.end())
    inner = css[css.index("{", found.start()) + 1 : end - 1]
    rest = css[:begin] + css[end:]
    return f"{for_dark_screens(rest) or rest}\n{inner}"


def _end_of_block(css: str, at: int) -> int:
    depth = 0
    for found in re.compile("[{}]").finditer(css, at):
        depth += 1 if found[0] == "{" else -1
        if depth <= 0:
            return found.end()
    return len(css)
