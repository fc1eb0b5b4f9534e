"""`send-15k-postgres`: as `send-15k-sqlite`, by two senders on PostgreSQL."""

from pathlib import Path

from bench.figures import Figure
from bench.send import Case, measured

NAMES = ("send-15k-postgres",)


def run(folder: Path, scale: float) -> list[Figure]:
    """Send 15 KB letters, with every state in PostgreSQL (its own time is not counted)."""
    return [measured(Case(NAMES[0], 0.6, postgres=True, senders=2), folder, scale)]
