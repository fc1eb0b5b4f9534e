"""What a row of the benchmarks is: a figure, a baseline of the same run, a target."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


class FailedError(Exception):
    """A row did not do what it says it does, so that its figure means nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row.

    Args:
        name: Stable, so that runs can be compared.
        baseline: What it is compared with, in the same unit, measured in the same run.
        ratio: `value / baseline`.
        target: In words, such as "ratio >= 0.5" or "<= 60 s".
        note: What else there is to say; not in the file.
    """

    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    target: str
    holds: bool
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what stands in the file of results."""
        values = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        del values["note"]
        return values


def compared(value: float, baseline: float) -> float:
    """Return a ratio; a baseline of nothing has none."""
    return value / baseline if baseline else 0.0


def require(holds: object, words: str) -> None:
    """Fail a row unless something holds that makes its figure true."""
    if not holds:
        raise FailedError(words)


def keep(file: Path, figures: Sequence[Figure], *, merge: bool) -> None:
    """Write the results; `merge` keeps those of an earlier run under other names."""
    rows: dict[str, object] = {}
    if merge and file.exists():
        rows = {row["name"]: row for row in json.loads(file.read_text(encoding="utf-8"))}
    rows |= {figure.name: figure.as_json() for figure in figures}
    text = json.dumps(list(rows.values()), indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def drop(file: Path, names: Sequence[str]) -> None:
    """Take rows that failed out of the results of an earlier run."""
    if file.exists():
        rows = json.loads(file.read_text(encoding="utf-8"))
        kept = [row for row in rows if row["name"] not in names]
        text = json.dumps(kept, indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")


def shown(figures: Sequence[Figure]) -> str:
    """Return one line for each row, in columns."""
    head = ("row", "value", "baseline", "ratio", "target", "holds", "")
    lines = [
        (
            figure.name,
            f"{figure.value:,.4g} {figure.unit}" if figure.value < 1000
            else f"{figure.value:,.0f} {figure.unit}",
            f"{figure.baseline:,.4g}" if figure.baseline < 1000
            else f"{figure.baseline:,.0f}",
            f"{figure.ratio:.2f}",
            figure.target,
            "yes" if figure.holds else "NO",
            figure.note,
        )
        for figure in figures
    ]  # fmt: skip
    widths = [max(len(row[place]) for row in (head, *lines)) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (head, *lines)
    )
