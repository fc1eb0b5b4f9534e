"""Charts as SVG of our own: no script, nothing from elsewhere, and words for who can't see.

Colours come from the page's style sheet by class, so that they follow dark mode and print;
each chart names itself in words (`role="img"`, title and description).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 720
_BAR = 34
_GAP = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole, or one series: its name, its style's name, and how much."""

    name: str
    style: str
    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """One step of time: its label, and how much of each series."""

    label: str
    counts: tuple[int, ...]


def _svg(name: str, title: str, words: str, height: int, inside: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="{name}-title {name}-words" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-words">{escape(words)}</desc>{inside}</svg>'
    )


def share(count: int, whole: int) -> str:
    """Write a share for people: `97.3 %`, and never 0 or 100 % of what is neither."""
    if not whole:
        return "-"
    percent = 100 * count / whole
    if 0 < percent < 0.1:  # noqa: PLR2004
        return "< 0.1 %"
    if 99.9 < percent < 100:  # noqa: PLR2004
        return "> 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def stacked_bar(name: str, title: str, parts: Sequence[Part]) -> str:
    """Draw the parts of a whole as one bar; what is there is at least a sliver wide."""
    there = [part for part in parts if part.count]
    whole = sum(part.count for part in there)
    if not whole:
        return ""
    room = _WIDTH - _GAP * (len(there) - 1) - 4 * len(there)
    at, drawn = 0.0, list[str]()
    for part in there:
        width = 4 + room * part.count / whole
        drawn.append(
            f'<rect class="{part.style}" x="{at:.1f}" y="0" width="{width:.1f}"'
            f' height="{_BAR}" rx="3"><title>{escape(part.name)}: {part.count:,}'
            f" ({share(part.count, whole)})</title></rect>"
        )
        at += width + _GAP
    words = ", ".join(
        f"{part.name} {part.count:,} ({share(part.count, whole)})" for part in there
    )
    return _svg(name, title, words, _BAR, "".join(drawn))


_TOP, _FLOOR, _LEFT, _HEIGHT = 12, 176, 56, 212


def columns(name: str, title: str, series: Sequence[Part], steps: Sequence[Column]) -> str:
    """Draw steps of time as columns, the series of each on top of one another.

    Args:
        series: Names and styles, from the bottom up; their counts are their sums.
    """
    if not steps:
        return ""
    most = _round_up(max(sum(step.counts) for step in steps))
    pitch = (_WIDTH - _LEFT) / len(steps)
    drawn = [_line(most, share_of) for share_of in (0.0, 0.5, 1.0)]
    for place, step in enumerate(steps):
        x, y = _LEFT + place * pitch, float(_FLOOR)
        told = ", ".join(
            f"{one.name} {count:,}" for one, count in zip(series, step.counts, strict=True)
        )
        boxes: list[str] = []
        for one, count in zip(series, step.counts, strict=True):
            height = (_FLOOR - _TOP) * count / most
            if count:
                height = max(height, 1.0)
            y -= height
            boxes.append(
                f'<rect class="{one.style}" x="{x + pitch * 0.1:.1f}" y="{y:.1f}"'
                f' width="{min(pitch * 0.8, 60):.1f}" height="{height:.1f}"/>'
            )
        label = escape(f"{step.label}: {told}")
        drawn.append(f"<g><title>{label}</title>{''.join(boxes)}</g>")
    every = max(1, -(-len(steps) // 6))
    for place in range(0, len(steps), every):
        # The last label ends within the picture.
        x = min(_LEFT + place * pitch + pitch * 0.1, _WIDTH - 80)
        drawn.append(
            f'<text class="label" x="{x:.1f}" y="{_FLOOR + 20}">'
            f"{escape(steps[place].label)}</text>"
        )
    busiest = max(steps, key=lambda step: sum(step.counts))
    words = (
        f"{len(steps)} steps from {steps[0].label} to {steps[-1].label}; "
        + ", ".join(f"{one.name} {one.count:,}" for one in series)
        + f"; most at {busiest.label}: {sum(busiest.counts):,}"
    )
    return _svg(name, title, words, _HEIGHT, "".join(drawn))


def _line(most: int, share_of: float) -> str:
    y = _FLOOR - (_FLOOR - _TOP) * share_of
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="label" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
        f"{_short(most * share_of)}</text>"
    )


def _round_up(number: int) -> int:
    """Return the next number of one digit and noughts, even: its half is a whole one."""
    size = int(10 ** (len(str(number)) - 1))
    for digit in (1, 2, 4, 6, 8, 10):
        if number <= digit * size:
            return max(digit * size, 2)
    return 10 * size


def _short(number: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
