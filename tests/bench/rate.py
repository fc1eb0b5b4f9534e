"""`rate-accuracy`: a rate that was asked for, and what the relay saw of it.

Each rate at each distance; counted where the letters arrive. The worst of all is the row's
figure. No second, wherever it begins, may hold more than the rate and what a stall of
50 ms holds up (one letter at least).
"""

from dataclasses import dataclass
from pathlib import Path

from bench.far import busiest, far_sink
from bench.figures import Figure, require
from bench.shop import SMALL, Shop
from ports import free_port

NAMES = ("rate-accuracy",)
_RATES = (10, 100, 1000)
_ROUND_TRIPS_MS = (0, 20, 100)
_FOR_S = 15
_WITHIN = 0.02
_STALL_S = 0.05
_WARM_UP = 0.2
"""What share of the letters arrives before it is counted: lines are opened meanwhile."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a relay saw: letters a second, and the most in one second."""

    rate: int
    round_trip_ms: int
    a_second: float
    most: int

    @property
    def off(self) -> float:
        return abs(self.a_second / self.rate - 1)

    @property
    def too_many(self) -> int:
        return max(0, self.most - self.rate - max(1, round(self.rate * _STALL_S)))

    def __str__(self) -> str:
        return (
            f"{self.rate}/s at {self.round_trip_ms} ms: {self.a_second:,.2f}/s,"
            f" at most {self.most} in a second"
        )


def run(folder: Path, scale: float) -> list[Figure]:
    """Send at each rate over each distance."""
    seen: list[_Seen] = []
    for rate in _RATES:
        # On each line one letter is under way at a time; twice as many as that takes.
        lines = max(20, round(rate * max(_ROUND_TRIPS_MS) / 1000 * 2))
        shop = Shop(
            folder / f"rate-{rate}", free_port(),
            relay={"connections": lines, "per_second": rate},
        )  # fmt: skip
        people = shop.people("people.csv", round(rate * max(4, _FOR_S * scale)))
        seen += [_sent(shop, people, rate, far) for far in _ROUND_TRIPS_MS]
    worst = max(seen, key=lambda one: one.off)
    too_many = sum(one.too_many for one in seen)
    return [
        Figure(
            NAMES[0], worst.off * 100, "% off", _WITHIN * 100, worst.off / _WITHIN,
            f"<= {_WITHIN * 100:g} %, and no second above the rate and its burst",
            worst.off <= _WITHIN and not too_many,
            f"the worst of {len(seen)}: {worst}; too many in a second: {too_many};"
            f" all: {'; '.join(map(str, seen))}",
        )
    ]  # fmt: skip


def _sent(shop: Shop, people: int, rate: int, round_trip_ms: int) -> _Seen:
    campaign = shop.start_campaign(SMALL)
    with far_sink(shop.relay_port, round_trip_ms) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=people / rate * 3 + 60)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        times = sink.times
    require(len(times) == people, f"the sink has {len(times)} of {people} letters")
    counted = times[round(people * _WARM_UP) :]
    a_second = (len(counted) - 1) / (counted[-1] - counted[0])
    return _Seen(rate, round_trip_ms, a_second, busiest(times))
