"""`kill-9-200`: one and two senders, SQLite and PostgreSQL, killed 200 times in all."""

from pathlib import Path

from bench.figures import Figure
from bench.kill import run_everywhere

NAMES = ("kill-9-200",)
_KILLS = 200


def run(folder: Path, scale: float) -> list[Figure]:
    """Kill `mailer serve` in four campaigns; `--quick` does so a tenth as often."""
    kills = _KILLS if scale == 1 else _KILLS // 10
    return run_everywhere(NAMES[0], folder, scale, kills)
