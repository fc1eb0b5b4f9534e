"""`memory-1m`, `flat-1m`: a sender's memory and pace while it sends a million letters."""

import statistics
import time
from array import array
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import MemoryWatch, until
from bench.million import Million, million
from bench.plan import planned
from bench.sinks import smtp_sink

NAMES = ("memory-1m", "flat-1m")
_TARGET_MB = 150
_FLAT = 1.1
_AT_MOST_S = 900
_PARTS = 10
_ENDS = 2
"""So many parts at the beginning and at the end are compared, by their medians."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Send the planned campaign to its end, and watch the sender's memory and pace."""
    made = million(folder, scale)
    shop, campaign = made.shop, planned(made)
    with smtp_sink(folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            until(lambda: sink.letters, "the first letter", within_s=60)
            watch, began = MemoryWatch(sender.pid), time.monotonic()
            while shop.any_open(campaign):
                require(sender.poll() is None, f"the sender ended: {shop.log()}")
                late = time.monotonic() - began > _AT_MOST_S
                require(not late, f"only {sink.letters} letters left in {_AT_MOST_S} s")
                time.sleep(1)
            watch.stop()
        counts = shop.require_sums(campaign)
        accepted = counts.get("accepted", 0)
        require(not counts.keys() & {"claimed", "sending", "in_doubt"}, f"{counts}")
        require(sink.letters == accepted, f"the sink has {sink.letters} of {accepted}")
    return [_memory(watch, counts), _pace(made, campaign, accepted)]


def _memory(watch: MemoryWatch, counts: dict[str, int]) -> Figure:
    first, last = watch.quarter(1), watch.quarter(4)
    flat = compared(last, first)
    return Figure(
        NAMES[0], watch.peak_mb, "MB", first, flat,
        f"<= {_TARGET_MB} MB, ratio <= {_FLAT}",
        watch.peak_mb <= _TARGET_MB and flat <= _FLAT,
        f"{sum(counts.values()):,} deliveries, {counts['accepted']:,} accepted; the most"
        " that any of its processes held; the first quarter's mean is the baseline, the"
        " ratio the last quarter's to it",
    )  # fmt: skip


def _pace(made: Million, campaign: int, accepted: int) -> Figure:
    rows = made.shop.ask(
        "SELECT ended_at FROM delivery WHERE cause_kind = 'campaign' AND cause_id = ?"
        " AND state = 'accepted' ORDER BY ended_at",
        campaign,
    )
    times = array("q", (at for (at,) in rows))
    require(len(times) == accepted, f"{len(times)} of {accepted} have their time")
    size = accepted // _PARTS
    parts = [
        (times[(part + 1) * size - 1] - times[part * size]) / 1e6 for part in range(_PARTS)
    ]
    first, last = statistics.median(parts[:_ENDS]), statistics.median(parts[-_ENDS:])
    slower = last / first
    return Figure(
        NAMES[1], last, "s", first, slower, f"ratio <= {_FLAT}", slower <= _FLAT,
        f"{size:,} letters at a time, from first to last: "
        + ", ".join(f"{took:.1f}" for took in parts)
        + f"; the last {_ENDS} are compared with the first {_ENDS}",
    )  # fmt: skip
