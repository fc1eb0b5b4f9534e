"""`unsubscribe-p99`: leaving by one-click while letters are sent and a million planned."""

import statistics
import time
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.million import Million, million
from bench.plan import EXAMPLE, Clicks, p99, plan_meanwhile
from bench.sinks import smtp_sink

NAMES = ("unsubscribe-p99",)
_TARGET_MS = 50
_CALM_CLICKS = 200
_AT_LEAST = 200


def run(folder: Path, scale: float) -> list[Figure]:
    """Let people leave while one campaign is sent at full rate and another planned."""
    made = million(folder, scale)
    shop = made.shop
    # Nobody is left over to be sent to but those of this campaign.
    shop.mailer("campaign", "start", EXAMPLE, *shop.to_all(EXAMPLE), "--again")
    ((first,),) = shop.ask("SELECT max(id) FROM campaign")
    gone_before = _gone(made)
    with smtp_sink(shop.folder, shop.relay_port) as sink:
        with shop.running("--only", "web", "--only", "send") as serving:
            clicks = Clicks(made)
            until(clicks.answers, "the pages answer", within_s=60)
            until(lambda: sink.letters, "the first letter", within_s=120)
            calm = [clicks.click() for _ in range(_CALM_CLICKS)]
            began, before = time.perf_counter(), sink.letters
            took_s, during = plan_meanwhile(made, clicks)
            rate = (sink.letters - before) / (time.perf_counter() - began)
            require(serving.poll() is None, f"serve ended: {shop.log()}")
            require(shop.any_open(first), "all letters were sent before it was planned")
        for campaign in (first, made.campaign):
            shop.mailer("campaign", "cancel", "--yes", str(campaign))
    require(rate > 0, "no letter left while the other campaign was planned")
    for campaign in (first, made.campaign):
        shop.require_sums(campaign)
    gone = _gone(made) - gone_before
    require(gone == len(clicks.left), f"{len(clicks.left)} clicked, {gone} have left")
    enough = _AT_LEAST if scale == 1 else 1
    require(len(during) >= enough, f"only {len(during)} clicks fell into the planning")
    value, baseline = p99(during), p99(calm)
    return [
        Figure(
            NAMES[0], value, "ms", baseline, compared(value, baseline),
            f"p99 <= {_TARGET_MS} ms", value <= _TARGET_MS,
            f"{len(during)} people, median {statistics.median(during):.1f} ms, longest"
            f" {max(during):.1f} ms, while {rate:,.0f} letters/s leave and {made.people:,}"
            f" are planned in {took_s:.0f} s; baseline: p99 while letters leave only",
        )
    ]  # fmt: skip


def _gone(made: Million) -> int:
    ((gone,),) = made.shop.ask(
        "SELECT count(*) FROM subscription WHERE status = 'unsubscribed'"
    )
    return int(gone)
