"""The benchmarks: `make bench`, or `make bench ONLY=name` for one row.

Figures are ratios of one run on one machine. A row checks its own truth: what it says it
does was done, or it prints FAILED and the exit status is not zero. A target that is missed
is no failure.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    acknowledge,
    classify,
    cli_help,
    console,
    distance,
    inbound,
    kill,
    kill_desk,
    kill_everywhere,
    leaving,
    memory,
    million,
    moving,
    plan,
    preview,
    rate,
    redirect,
    report,
    restore_drill,
    search,
    send,
    send_dkim,
    send_postgres,
    send_small,
    shaped,
    trouble,
    verify,
)
from bench.figures import FailedError, Figure, drop, keep, shown
from bench.machine import load
from mailservers import ROOT, MissingServerError

RESULTS = ROOT / "bench-results.json"

_MODULES = (
    cli_help,
    classify,
    send,
    send_small,
    send_postgres,
    send_dkim,
    distance,
    rate,
    trouble,
    shaped,
    million,
    verify,
    moving,
    plan,
    memory,
    kill,
    kill_desk,
    kill_everywhere,
    inbound,
    preview,
    redirect,
    report,
    restore_drill,
    search,
    leaving,
    console,
    acknowledge,
)
_QUICK = 0.05


def main() -> int:
    """Run the rows that were asked for, print the table and keep the results."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    names = [name for module in _MODULES for name in module.NAMES]
    parser.add_argument("--only", choices=names, help="run only this row")
    parser.add_argument(
        "--quick", action="store_true",
        help="small sizes, to try the benchmarks themselves; keeps no results",
    )  # fmt: skip
    asked = parser.parse_args()
    scale = _QUICK if asked.quick else 1.0
    figures: list[Figure] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mailer-bench-") as folder:
        for module in _MODULES:
            if asked.only not in {None, *module.NAMES}:
                continue
            done = _row(module.NAMES, module.run, Path(folder), scale)
            if done is None:
                failed += module.NAMES
            else:
                figures += done
    print(f"\n{shown(figures)}")
    for name in failed:
        print(f"{name}  FAILED")
    if not asked.quick:
        keep(RESULTS, figures, merge=asked.only is not None)
        drop(RESULTS, failed)
    return 1 if failed else 0


def _row(
    names: Sequence[str],
    run: Callable[[Path, float], list[Figure]],
    folder: Path,
    scale: float,
) -> list[Figure] | None:
    """Run the rows of one module; None when they failed."""
    title = ", ".join(names)
    print(f"{title} … ({load()})", flush=True)
    began = time.monotonic()
    try:
        figures = run(folder, scale)
    except (FailedError, MissingServerError, TimeoutError) as problem:
        print(f"{title}  FAILED: {problem}", flush=True)
        return None
    print(f"{title}: {time.monotonic() - began:.0f} s", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
