"""`cli-help`: how long `mailer --help` takes, beside a Python that does nothing."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.shop import environment

NAMES = ("cli-help",)
_TARGET_S = 0.25


def run(folder: Path, scale: float) -> list[Figure]:
    """Start both by turns and compare the medians."""
    rounds = max(10, int(30 * scale))
    helps: list[float] = []
    nothings: list[float] = []
    for _ in range(rounds + 1):
        helps.append(_took_s([sys.executable, "-m", "mailer", "--help"], folder, "serve"))
        nothings.append(_took_s([sys.executable, "-c", "pass"], folder, ""))
    # The first of each may have compiled its files.
    value, baseline = statistics.median(helps[1:]), statistics.median(nothings[1:])
    ratio = compared(value, baseline)
    note = f"median of {rounds}; baseline: python -c pass"
    target = f"<= {_TARGET_S} s"
    holds = value <= _TARGET_S
    return [Figure(NAMES[0], value, "s", baseline, ratio, target, holds, note)]


def _took_s(argv: list[str], folder: Path, shows: str) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        argv, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    took_s = time.perf_counter() - began
    require(ended.returncode == 0 and shows in ended.stdout, f"it ended with {ended}")
    return took_s
