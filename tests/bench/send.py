"""`send-15k-sqlite`: real letters, every state on disk, against a C load generator."""

import contextlib
import email
import email.policy
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from bench.figures import Figure, require
from bench.machine import threads_of, until
from bench.postgres import postgres
from bench.shop import TEMPLATE, Shop
from bench.sinks import counting_sink, generated, smtp_sink
from ports import free_port

NAMES = ("send-15k-sqlite",)
CONNECTIONS = 20
_KEPT = 200
_SAME_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, and what is expected of it.

    Args:
        sizes: Between which a letter has its bytes.
        postgres: On PostgreSQL, not SQLite.
    """

    name: str
    target: float
    template: str = TEMPLATE
    sizes: tuple[int, int] = (14_000, 17_000)
    postgres: bool = False
    senders: int = 1


def run(folder: Path, scale: float) -> list[Figure]:
    """Send 15 KB letters, with every state in one SQLite file."""
    return [measured(Case(NAMES[0], 1.0), folder, scale)]


def measured(case: Case, folder: Path, scale: float) -> Figure:
    """Send a campaign and let the generator send as much, by turns; compare the medians."""
    people, pairs = max(500, int(20_000 * scale)), 5
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres()) if case.postgres else ""
        shop = Shop(
            folder / case.name, free_port(), url,
            relay={"connections": CONNECTIONS}, sending={"senders": case.senders},
        )  # fmt: skip
        people = shop.people("people.csv", people)
        size = _require_true_letters(case, shop, people)
        ours: list[float] = []
        generators: list[float] = []
        costs: list[Counter[str]] = []
        for _ in range(pairs):
            rate, cost = _send(case, shop, people)
            began = time.monotonic()
            generators.append(generated(folder, people, size, CONNECTIONS))
            require(time.monotonic() - began < _SAME_MINUTE_S, "the baseline took too long")
            ours.append(rate)
            costs.append(cost)
    value, baseline = statistics.median(ours), statistics.median(generators)
    ratio = statistics.median(a / b for a, b in zip(ours, generators, strict=True))
    stages = {stage: statistics.median(cost[stage] for cost in costs) for stage in costs[0]}
    note = (
        f"{people:,} letters of {size:,} bytes, {pairs} pairs,"
        f" {statistics.median(cost.total() for cost in costs):.0f} µs of CPU a letter: "
        + ", ".join(f"{stage} {cost:.0f}" for stage, cost in stages.items())
    )
    return Figure(
        case.name, value, "letters/s", baseline, ratio, f"ratio >= {case.target}",
        ratio >= case.target, note,
    )  # fmt: skip


def _send(case: Case, shop: Shop, people: int) -> tuple[float, Counter[str]]:
    """Send a campaign to a fresh sink; return letters a second, µs of CPU a letter."""
    campaign = shop.start_campaign(case.template)
    with smtp_sink(shop.folder, shop.relay_port) as sink:
        with shop.running("--only", "send") as sender:
            until(lambda: sink.letters, "the first letter", within_s=60, every_s=0.01)
            early, before = sink.letters, threads_of(sender.pid)
            shop.until_sent(campaign, sender, within_s=900)
            after = threads_of(sender.pid)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        require(sink.letters == people, f"the sink has {sink.letters}, {people} accepted")
    # From the first claim to the last answer that was written down.
    ((took_us,),) = shop.ask(
        "SELECT max(ended_at) - min(first_attempt_at) FROM delivery WHERE cause_id = ?",
        campaign,
    )
    cost: Counter[str] = Counter()
    for (pid, thread), used_s in after.items():
        stage = _stage(case, sender.pid, pid, thread)
        spent_s = used_s - before.get((pid, thread), 0.0)
        cost[stage] += round(spent_s / (people - early) * 1e6)
    return people / float(took_us) * 1e6, cost


def _stage(case: Case, leader: int, pid: int, thread: int) -> str:
    """Say what a thread is there for."""
    if not case.postgres and case.senders == 1 and pid != leader:
        return "writing down"
    if pid == thread:
        return "composing and handing over"
    return "claiming and writing down" if case.postgres else "claiming"


def _require_true_letters(case: Case, shop: Shop, people: int) -> int:
    """Send one campaign to a sink that looks at it; return the size of a letter."""
    campaign = shop.start_campaign(case.template)
    with counting_sink(shop.relay_port, keep=_KEPT) as sink:
        with shop.running("--only", "send") as sender:
            shop.until_sent(campaign, sender, within_s=900)
        counts = shop.require_sums(campaign)
        require(counts == {"accepted": people}, f"not all were accepted: {counts}")
        seen = sink.seen
        require(len(seen) == people, f"{len(seen)} Message-IDs for {people} letters")
        require(set(seen.values()) == {1}, "a Message-ID came more than once")
        kept = sink.kept
    _require_personal(case, kept)
    return round(statistics.mean(map(len, kept)))


def _require_personal(case: Case, kept: Sequence[bytes]) -> None:
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
    low, high = case.sizes
    require(low < sizes[0] and sizes[-1] < high, f"{sizes[0]} … {sizes[-1]} bytes")


def _part(letter: EmailMessage, subtype: str) -> str:
    require(letter.get_content_type() == "multipart/alternative", "it has not two parts")
    part = letter.get_body((subtype,))
    require(part is not None, f"it has no {subtype} part")
    assert part is not None
    return str(part.get_content())
