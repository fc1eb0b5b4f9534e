"""`send-50ms`: a relay 50 ms away, where a letter takes one round trip of its line."""

from pathlib import Path

from bench.far import far_sink, round_trip_s
from bench.figures import Figure, require
from bench.shop import SMALL, Shop
from ports import free_port

NAMES = ("send-50ms",)
_ROUND_TRIP_MS = 50
_TARGET = 0.8
_CONNECTIONS = 20
_WARM_UP = 0.1


def run(folder: Path, scale: float) -> list[Figure]:
    """Send over some lines; compare with one letter for each round trip of each line."""
    shop = Shop(
        folder / NAMES[0], free_port(),
        relay={"connections": _CONNECTIONS, "letters_per_connection": 1_000_000},
    )  # fmt: skip
    people = shop.people("people.csv", max(1_000, int(8_000 * scale)))
    campaign = shop.start_campaign(SMALL)
    with far_sink(shop.relay_port, _ROUND_TRIP_MS) as sink:
        before_s = round_trip_s(shop.relay_port)
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=600)
        after_s = round_trip_s(shop.relay_port)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        times = sink.times
    require(len(times) == people, f"the sink has {len(times)} of {people} letters")
    for took_s in (before_s, after_s):
        near = _ROUND_TRIP_MS <= took_s * 1000 <= _ROUND_TRIP_MS * 1.2
        require(near, f"a round trip took {took_s * 1000:.1f} ms")
    # From when all lines are open until the first of them has nothing more to do.
    counted = times[round(people * _WARM_UP) : -_CONNECTIONS]
    a_line = (len(counted) - 1) / (counted[-1] - counted[0]) / _CONNECTIONS
    baseline = 2 / (before_s + after_s)
    ratio = a_line / baseline
    return [
        Figure(
            NAMES[0], a_line, "letters/s a line", baseline, ratio, f"ratio >= {_TARGET}",
            ratio >= _TARGET,
            f"{people:,} letters, {_CONNECTIONS} lines; baseline: one for each round trip"
            f" of {(before_s + after_s) * 500:.1f} ms",
        )
    ]  # fmt: skip
