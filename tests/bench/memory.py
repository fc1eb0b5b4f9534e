"""`memory-1m`: what a sender holds in memory while it works through a million letters."""

import time
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import MemoryWatch, until
from bench.million import million
from bench.plan import planned
from bench.sinks import smtp_sink

NAMES = ("memory-1m",)
_TARGET_MB = 200
_FLAT = 1.1
_AT_MOST_S = 420
_AT_LEAST = 0.2
"""Of the letters; memory that is flat because nothing leaves shows nothing."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Send the planned campaign, for so long, and watch the sender's memory."""
    made = million(folder, scale)
    shop, campaign = made.shop, planned(made)
    with smtp_sink(folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            until(lambda: sink.letters, "the first letter", within_s=60)
            watch, began = MemoryWatch(sender.pid), time.monotonic()
            while time.monotonic() - began < _AT_MOST_S * max(scale, 0.1):
                require(sender.poll() is None, f"the sender ended: {shop.log()}")
                if not shop.any_open(campaign):
                    break
                time.sleep(1)
            watch.stop()
        counts = shop.require_sums(campaign)
        accepted = counts.get("accepted", 0)
        # Drained: nothing is under way any more.
        require(not counts.keys() & {"claimed", "sending", "in_doubt"}, f"{counts}")
        few = accepted < _AT_LEAST * sum(counts.values())
        require(not few, f"only {accepted} letters left in {_AT_MOST_S} s")
        require(sink.letters == accepted, f"the sink has {sink.letters} of {accepted}")
    first, last = watch.quarter(1), watch.quarter(4)
    flat = compared(last, first)
    note = (
        f"{sum(counts.values()):,} deliveries, {accepted:,} accepted; the first quarter's"
        f" mean is the baseline, the ratio the last quarter's to it"
    )
    return [
        Figure(
            NAMES[0], watch.peak_mb, "MB", first, flat,
            f"<= {_TARGET_MB} MB, ratio <= {_FLAT}",
            watch.peak_mb <= _TARGET_MB and flat <= _FLAT, note,
        )
    ]  # fmt: skip
