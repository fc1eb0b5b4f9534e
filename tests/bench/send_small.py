"""`send-4k-sqlite`: as `send-15k-sqlite`, with a small letter."""

from pathlib import Path

from bench.figures import Figure
from bench.send import Case, measured
from bench.shop import SMALL

NAMES = ("send-4k-sqlite",)


def run(folder: Path, scale: float) -> list[Figure]:
    """Send 4 KB letters, with every state in one SQLite file."""
    return [measured(Case(NAMES[0], 0.7, SMALL, (3_000, 5_000)), folder, scale)]
