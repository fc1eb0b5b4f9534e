"""`memory-1m`, `flat-1m`: a sender's memory and pace while it sends a million letters.

A machine of which a host gives now more, now less is no clock: over the minutes that a
million letters take its speed wanders by a fifth. So the pace is measured beside what the
sink, which does the same for each letter, takes of the same machine at the same time.
"""

import statistics
import sys
import time
from array import array
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import MemoryWatch, stolen_s, until
from bench.million import Million, million
from bench.plan import planned
from bench.sinks import SmtpSink, smtp_sink

NAMES = ("memory-1m", "flat-1m")
_TARGET_MB = 150
_FLAT = 1.1
_AT_MOST_S = 900
_LOOKS = 10
"""So often in a second the sink is looked at."""
_PARTS = 10
_ENDS = 2
"""So many parts at the beginning and at the end are compared, by their medians."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The sink at a moment: its letters and processor time; what the host had taken."""

    at_s: float
    letters: int
    cpu_s: float
    stolen_s: float

    @classmethod
    def at(cls, sink: SmtpSink) -> "_Look":
        return cls(time.monotonic(), sink.letters, sink.cpu_s, stolen_s())


def run(folder: Path, scale: float) -> list[Figure]:
    """Send the planned campaign to its end, and watch the sender's memory and pace."""
    made = million(folder, scale)
    shop, campaign = made.shop, planned(made)
    with smtp_sink(folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            until(lambda: sink.letters, "the first letter", within_s=60)
            watch, began = MemoryWatch(sender.pid), time.monotonic()
            looks = [_Look.at(sink)]
            while shop.any_open(campaign):
                require(sender.poll() is None, f"the sender ended: {shop.log()}")
                late = time.monotonic() - began > _AT_MOST_S
                require(not late, f"only {sink.letters} letters left in {_AT_MOST_S} s")
                for _ in range(_LOOKS):
                    time.sleep(1 / _LOOKS)
                    looks.append(_Look.at(sink))
            watch.stop()
        counts = shop.require_sums(campaign)
        accepted = counts.get("accepted", 0)
        require(not counts.keys() & {"claimed", "sending", "in_doubt"}, f"{counts}")
        require(sink.letters == accepted, f"the sink has {sink.letters} of {accepted}")
    return [_memory(watch, counts), _pace(made, campaign, accepted, looks)]


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


def _pace(made: Million, campaign: int, accepted: int, looks: list[_Look]) -> Figure:
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
    began, ended = (
        _machine(looks, 0, _ENDS * size),
        _machine(looks, accepted - _ENDS * size),
    )
    slower_machine = ended / began
    slower = last / first / slower_machine
    return Figure(
        NAMES[1], last, "s", first * slower_machine, slower, f"ratio <= {_FLAT}",
        slower <= _FLAT,
        f"{size:,} letters at a time, from first to last: "
        + ", ".join(f"{took:.1f}" for took in parts)
        + f"; the last {_ENDS} are compared with the first {_ENDS}: {last / first:.2f} by"
        f" the clock, on a machine that took {slower_machine:.2f} times as long for what"
        f" the sink does ({began * 1e6:.0f}, then {ended * 1e6:.0f} us a letter, with what"
        " the host gave to others)",
    )  # fmt: skip


def _machine(looks: list[_Look], after: int, until_letters: int = sys.maxsize) -> float:
    """Return how long the machine took for the sink's part of a letter, in seconds.

    What the sink does for a letter is always the same; what the host gave to others
    meanwhile, both lost.
    """
    among = [look for look in looks if after <= look.letters <= until_letters]
    require(len(among) > _LOOKS, f"only {len(among)} looks at the sink: send more letters")
    first, last = among[0], among[-1]
    own = 1 - (last.stolen_s - first.stolen_s) / (last.at_s - first.at_s)
    return (last.cpu_s - first.cpu_s) / (last.letters - first.letters) / own
