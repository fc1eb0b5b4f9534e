"""`relay-down-20k`, `flaky-20k`: a relay in trouble, and every letter delivered, once."""

import time
from pathlib import Path

from bench.figures import Figure, require
from bench.shop import SMALL, Shop
from bench.sinks import counting_sink
from ports import free_port

NAMES = ("relay-down-20k", "flaky-20k")
_FLAKY = 0.1
_ROWS = 20_210
"""Of a file with so many 20,000 people, and a few more, can be written to."""
_DOWN_S = 20.0
_QUICK = {"retry_plan_s": [0.5, 1.0], "poll_s": 0.1, "keep_every_s": 0.5}
_PAUSES = {"connections": 20, "pause_s": 0.2, "pause_at_most_s": 2.0}


def run(folder: Path, scale: float) -> list[Figure]:
    """Send a campaign to a relay that is down for all of it, and one to a flaky one."""
    shop = Shop(folder / "trouble", free_port(), relay=_PAUSES, sending=_QUICK)
    people = shop.people("people.csv", max(500, int(_ROWS * scale)))
    return [_down(shop, people, _DOWN_S * max(scale, 0.1)), _flaky(shop, people)]


def _down(shop: Shop, people: int, down_s: float) -> Figure:
    campaign = shop.start_campaign(SMALL)
    with shop.running("--only", "send") as sender:
        time.sleep(down_s)
        counts = shop.require_sums(campaign)
        held = counts.get("queued", 0) + counts.get("claimed", 0)
        require(held == people, f"nobody listens, and {counts} came of it")
        with counting_sink(shop.relay_port) as sink:
            began = time.monotonic()
            shop.until_sent(campaign, sender, within_s=600)
            took_s = time.monotonic() - began
            arrived = sink.accepted
    return _figure(
        NAMES[0], shop, campaign, people, arrived, f"{took_s:.0f} s after it rose"
    )


def _flaky(shop: Shop, people: int) -> Figure:
    campaign = shop.start_campaign(SMALL)
    with counting_sink(shop.relay_port, flaky=_FLAKY) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=600)
        arrived, deferred = sink.accepted, int(sink.ask("counts")["deferred"])
    share = deferred / (deferred + people)
    require(share > _FLAKY / 2, f"only {share:.1%} were put off")
    return _figure(NAMES[1], shop, campaign, people, arrived, f"{deferred:,} times put off")


def _figure(
    name: str,
    shop: Shop,
    campaign: int,
    people: int,
    arrived: dict[str, int],
    note: str,
) -> Figure:
    counts = shop.require_sums(campaign)
    twice = sum(1 for copies in arrived.values() if copies > 1)
    holds = counts == {"accepted": people} and len(arrived) == people and not twice
    note += f"; {twice} twice, states {counts}"
    ratio = len(arrived) / people
    return Figure(name, len(arrived), "delivered", people, ratio, "all, once", holds, note)
