"""`shaped`: a provider that takes little beside one that takes all, through one relay.

The slow one takes 5 letters at once and 20 over one connection, and says so in words when
it is given more; nothing of that stands in a file, it must be learnt. Half of the letters
are for it. The fast one's figure is compared with a run without the other.
"""

import time
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.shop import SMALL, Shop
from bench.sinks import CountingSink, counting_sink
from ports import free_port

NAMES = ("shaped",)
_AT_LEAST = 0.95
_QUICK = {"retry_plan_s": [0.5, 1.0], "poll_s": 0.05, "keep_every_s": 0.5}
_RELAY = {"connections": 20, "pause_s": 0.2, "pause_at_most_s": 2.0}
_PROVIDERS = """\
[slow]
domains = ["slow.example"]
[fast]
domains = ["fast.example"]
"""
_RATE = 100.0
"""What the fast provider is given, letters a second: how much processor there is for two
is not what is compared."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Send to the fast provider alone, then to both."""
    people = max(400, int(3_000 * scale))
    alone, _ = _sent(folder / "alone", people, 0)
    beside, sink_says = _sent(folder / "both", people, people)
    last = int(sink_says["last_broken"])
    ratio = compared(beside, alone)
    note = (
        f"{sink_says['broken']} times too much, the last after {last:,} letters of its"
        f" own; {people:,} letters each"
    )
    return [
        Figure(
            NAMES[0], beside, "letters/s", alone, ratio,
            f"ratio >= {_AT_LEAST}, none too many in the last half",
            ratio >= _AT_LEAST and last < people / 2, note,
        )
    ]  # fmt: skip


def _sent(folder: Path, fast: int, slow: int) -> tuple[float, dict[str, int]]:
    """Return the fast provider's letters a second, and what the sink counted."""
    shop = Shop(folder, free_port(), relay=_RELAY, sending=_QUICK)
    limit = f"per_second = {_RATE:g}\n"
    (folder / "providers.toml").write_text(_PROVIDERS + limit, encoding="utf-8")
    lines = ["email"]
    for number in range(max(fast, slow)):
        lines += [f"p{number}@slow.example"] if number < slow else []
        lines += [f"p{number}@fast.example"] if number < fast else []
    file = folder / "people.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shop.import_people(file)
    campaign = shop.start_campaign(SMALL)
    with counting_sink(shop.relay_port, picky="slow.example") as sink:
        with shop.running("--only", "send") as sender:
            # The first come in a burst: a second's worth is claimed ahead.
            _until(sink, fast // 4)
            began = time.monotonic()
            _until(sink, fast)
            a_second = (fast - fast // 4) / (time.monotonic() - began)
            shop.until_sent(campaign, sender, within_s=600)
        arrived = sink.accepted
        counts = sink.ask("picky")
    sums = shop.require_sums(campaign)
    require(sums == {"accepted": fast + slow}, f"{sums} came of it")
    require(all(copies == 1 for copies in arrived.values()), "a letter came twice")
    require(len(arrived) == fast + slow, f"{len(arrived)} of {fast + slow} arrived")
    return a_second, counts


def _until(sink: CountingSink, letters: int) -> None:
    """Wait until so many letters to the fast provider came."""
    until = time.monotonic() + 600
    while int(sink.ask("domains").get("fast.example", 0)) < letters:
        require(time.monotonic() < until, "not all letters to the fast provider came")
        time.sleep(0.02)
