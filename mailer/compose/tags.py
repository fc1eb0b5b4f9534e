"""Where Jinja's tags stand in a text of another language: `{{ … }}`, `{% … %}`, `{# … #}`.

What is inside of a tag is not looked at, but for quotes and brackets: they may hold what
would end it.
"""

import re
from dataclasses import dataclass

_BEGINS = re.compile(r"\{\{|\{%|\{#")
_COMMENT_ENDS = re.compile(r"#\}")
_RAW = re.compile(r"\{%[+-]?\s*raw\b.*?\{%[+-]?\s*endraw\s*[+-]?%\}", re.DOTALL)
_PIECE = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|(?P<end>%\})|(?P<open>\{)|(?P<close>\})",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of Jinja.

    Args:
        start: Where it begins in the text; `end` is behind it.
        line: The line that it begins in, from 1.
    """

    text: str
    start: int
    end: int
    line: int


def tags(text: str) -> tuple[Tag, ...]:
    """Return the tags of a text in their order; one that never ends is none."""
    found: list[Tag] = []
    at, line, counted = 0, 1, 0
    while (begins := _BEGINS.search(text, at)) is not None:
        start = begins.start()
        end = _end(text, start)
        if end is None:
            at = begins.end()
            continue
        line += text.count("\n", counted, start)
        counted = start
        found.append(Tag(text[start:end], start, end, line))
        at = end
    return tuple(found)


def _end(text: str, start: int) -> int | None:
    """Return where a tag ends, None when it does not."""
    if text.startswith("{#", start):
        found = _COMMENT_ENDS.search(text, start + 2)
        return found.end() if found else None
    if (raw := _RAW.match(text, start)) is not None:
        return raw.end()
    is_value = text.startswith("{{", start)
    depth = 0
    for piece in _PIECE.finditer(text, start + 2):
        if piece["end"] and not is_value:
            return piece.end()
        if piece["open"]:
            depth += 1
        elif piece["close"] and depth:
            depth -= 1
        elif piece["close"] and is_value and text.startswith("}}", piece.start()):
            return piece.start() + 2
    return None
