"""`send-15k-sqlite`: real letters, every state on disk, against a C load generator."""

import email
import email.policy
import statistics
import time
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

from bench.figures import Figure, require
from bench.machine import cpu_s, until
from bench.shop import Shop
from bench.sinks import counting_sink, free_port, generated, smtp_sink

NAMES = ("send-15k-sqlite",)
CONNECTIONS = 20
_KEPT = 200
_SAME_MINUTE_S = 60


def run(folder: Path, scale: float) -> list[Figure]:
    """Send a campaign and let the generator send as much, by turns; compare the medians."""
    people, pairs = max(500, int(20_000 * scale)), 5
    shop = Shop(folder / "send", free_port(), relay={"connections": CONNECTIONS})
    people = shop.people("people.csv", people)
    size = _require_true_letters(shop, people)
    ours: list[float] = []
    generators: list[float] = []
    costs: list[float] = []
    for _ in range(pairs):
        rate, cost = _send(shop, people)
        began = time.monotonic()
        generators.append(generated(folder, people, size, CONNECTIONS))
        require(time.monotonic() - began < _SAME_MINUTE_S, "the baseline took too long")
        ours.append(rate)
        costs.append(cost)
    value, baseline = statistics.median(ours), statistics.median(generators)
    ratio = statistics.median(a / b for a, b in zip(ours, generators, strict=True))
    note = (
        f"{people:,} letters of {size:,} bytes, {pairs} pairs,"
        f" {statistics.median(costs):.0f} µs of CPU a letter"
    )
    return [
        Figure(NAMES[0], value, "letters/s", baseline, ratio, "ratio >= 0.5", ratio >= 0.5,
               note)
    ]  # fmt: skip


def _send(shop: Shop, people: int) -> tuple[float, float]:
    """Send a campaign to a fresh sink; return letters a second, µs of CPU a letter."""
    campaign = shop.start_campaign()
    with smtp_sink(shop.folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            until(lambda: sink.letters, "the first letter", within_s=60, every_s=0.01)
            early, before_s = sink.letters, cpu_s(sender.pid)
            shop.until_sent(campaign, sender, within_s=900)
            used_s = cpu_s(sender.pid) - before_s
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        require(sink.letters == people, f"the sink has {sink.letters}, {people} accepted")
    # From the first claim to the last answer that was written down.
    ((took_us,),) = shop.ask(
        "SELECT max(ended_at) - min(first_attempt_at) FROM delivery WHERE cause_id = ?",
        campaign,
    )
    return people / took_us * 1e6, used_s / (people - early) * 1e6


def _require_true_letters(shop: Shop, people: int) -> int:
    """Send one campaign to a sink that looks at it; return the size of a letter."""
    campaign = shop.start_campaign()
    with counting_sink(shop.relay_port, keep=_KEPT) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=900)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        seen = sink.seen
        require(len(seen) == people, f"{len(seen)} Message-IDs for {people} letters")
        require(set(seen.values()) == {1}, "a Message-ID came more than once")
        kept = sink.kept
    _require_personal(kept)
    return round(statistics.mean(map(len, kept)))


def _require_personal(kept: Sequence[bytes]) -> None:
    letters = [email.message_from_bytes(raw, policy=email.policy.default) for raw in kept]
    links = {str(letter["List-Unsubscribe"]) for letter in letters}
    require(len(links) == len(letters), "two people have the same link to leave")
    pages = [_part(letter, "html") for letter in letters]
    texts = [_part(letter, "plain") for letter in letters]
    for page in pages:
        require("/u/" in page and "/p/" in page, "a letter lacks a personal link")
    for words in ("friend of the fells", "the shop nearest to you", "Not a member yet?"):
        having = sum(words in page for page in pages)
        require(0 < having < len(pages), f"{words!r} is in {having} of {len(pages)}")
        having_text = sum(words in " ".join(text.split()) for text in texts)
        require(having_text == having, f"{words!r} is in {having_text} of the texts")
    sizes = sorted(map(len, kept))
    require(sizes[0] > 14_000 and sizes[-1] < 17_000, f"{sizes[0]} … {sizes[-1]} bytes")


def _part(letter: EmailMessage, subtype: str) -> str:
    require(letter.get_content_type() == "multipart/alternative", "it has not two parts")
    part = letter.get_body((subtype,))
    require(part is not None, f"it has no {subtype} part")
    assert part is not None
    return str(part.get_content())
