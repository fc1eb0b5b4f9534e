"""Jinja's tags in a text of another language: `{{ … }}`, `{% … %}` and `{# … #}`.

Whatever reads the other language knows nothing of Jinja. So each tag is put away behind a
word before, and put back after. What is inside of a tag is not looked at, but for quotes
and brackets: they may hold what would end it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BEGINS = re.compile(r"\{\{|\{%|\{#")
_COMMENT_ENDS = re.compile(r"#\}")
_RAW = re.compile(r"\{%[+-]?\s*raw\b.*?\{%[+-]?\s*endraw\s*[+-]?%\}", re.DOTALL)
_PIECE = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|(?P<end>%\})|(?P<open>\{)|(?P<close>\})",
    re.DOTALL,
)
_BEGINNING = re.compile(r"\{[{%#][+-]?")
_CALL = re.compile(r"\{\{[+-]?\s*[A-Za-z_][\w.]*\(")


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


def unused_word(text: str) -> str:
    """Return a word that a text does not hold: what tags are put away behind."""
    number = 0
    while f"qm{number}q" in text:
        number += 1
    return f"qm{number}q"


def alone(text: str, found: Sequence[Tag]) -> Iterator[int]:
    """Yield the numbers of the tags that fill whole lines, and print no value there."""
    run: list[int] = []
    for number, tag in enumerate(found):
        run.append(number)
        ends = number + 1 == len(found)
        gap = text[tag.end :] if ends else text[tag.end : found[number + 1].start]
        if not ends and not gap.strip() and "\n" not in gap:
            continue
        start = found[run[0]].start
        before = text[text.rfind("\n", 0, start) + 1 : start]
        behind = gap.partition("\n")[0] if ends or "\n" in gap else "more"
        if not (before + behind).strip() and not any(_is_value(found[one]) for one in run):
            yield from run
        run = []


def _is_value(tag: Tag) -> bool:
    """Say whether a tag prints a value: such a line is a paragraph."""
    return tag.text.startswith("{{") and not _CALL.match(tag.text)


@dataclass(frozen=True, slots=True)
class Lines:
    """Which line of its source each line of a made text comes from.

    Args:
        made: Numbers of made lines, rising.
        source: For each of them the line that it comes from; it holds up to the next.
    """

    made: tuple[int, ...]
    source: tuple[int, ...]

    def of(self, line: int) -> int:
        """Return the line of the source for a line of the made text, both from 1."""
        at = bisect_right(self.made, line) - 1
        return self.source[at] if at >= 0 else 1


def put_back(html: str, found: Sequence[Tag], word: str) -> tuple[str, Lines]:
    """Put the tags back where their words stand, and note the lines."""
    mark = rf"{word}(\d+)x"
    pattern = re.compile(rf"<!--{mark}-->\n?|&lt;!--{mark}--&gt;|{mark}")
    pieces: list[str] = []
    made: list[int] = []
    source: list[int] = []
    line, end = 1, 0
    for one in pattern.finditer(html):
        tag = found[int(one[1] or one[2] or one[3])]
        before, text = html[end : one.start()], tag.text
        line += before.count("\n")
        if made and made[-1] == line and source[-1] != tag.line:
            # Tags of two lines have come to stand in one: a break inside of a tag shows
            # nowhere, and each keeps its own line.
            text = _BEGINNING.sub(r"\g<0>\n", text, count=1)
            line += 1
        if not made or made[-1] != line:
            made.append(line)
            source.append(tag.line)
        for further in range(1, tag.text.count("\n") + 1):
            made.append(line + further)
            source.append(tag.line + further)
        # Jinja itself drops the line break behind a statement.
        behind = "\n" if one[0].endswith("\n") else ""
        line += tag.text.count("\n") + len(behind)
        pieces += (before, text, behind)
        end = one.end()
    return "".join([*pieces, html[end:]]), Lines(tuple(made), tuple(source))
