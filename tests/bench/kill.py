"""`kill-9`: killed at random moments, started again: nobody is skipped, nobody gets two."""

import os
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.shop import Shop
from bench.sinks import CountingSink, counting_sink, free_port

from mailer.model.token import TokenBox, TokenKind
from mailer.wiring import open_workspace

NAMES = ("kill-9",)
_KILLS = 20
_CONNECTIONS = 20
_JITTER_S = 0.05


def run(folder: Path, scale: float) -> list[Figure]:
    """Kill `mailer serve` 20 times in one campaign, then let it end."""
    people = max(2_000, int(20_000 * scale))
    shop = Shop(
        folder / "kill", free_port(), relay={"connections": _CONNECTIONS},
        sending={"keep_every_s": 0.5, "poll_s": 0.1}, schedules={"tick_s": 1.0},
    )  # fmt: skip
    people = shop.people("people.csv", people)
    campaign = shop.start_campaign()
    with counting_sink(shop.relay_port) as sink:
        killing = _Killing(shop, sink, campaign)
        for moment in _moments(people):
            killing.kill_at(moment)
        with shop.running() as process:
            shop.until_sent(campaign, process, within_s=300)
        seen = sink.seen
    return [_judged(shop, campaign, killing, seen)]


def _moments(people: int) -> list[int]:
    """Return at how many letters to kill; all before the campaign can have ended."""
    chance = random.SystemRandom()
    return sorted(chance.randrange(int(people * 0.95)) for _ in range(_KILLS))


class _Killing:
    """Kills, and what was true at each."""

    def __init__(self, shop: Shop, sink: CountingSink, campaign: int) -> None:
        self._shop = shop
        self._sink = sink
        self._campaign = campaign
        self._chance = random.SystemRandom()
        self.open = 0
        """Connections that were open at the kills, together."""
        self.sending = 0
        """Deliveries that were on record as being sent, together."""
        self.kills = 0

    def kill_at(self, letters: int) -> None:
        """Serve until so many letters have come in all, and kill at some moment after.

        Args:
            letters: Should they have come already, one more is waited for.
        """
        letters = max(letters, self._sink.letters)
        process = self._shop.start("serve", "--quiet")
        try:
            until(
                lambda: self._came(process, letters), f"letter {letters}",
                within_s=120, every_s=0.005,
            )  # fmt: skip
            time.sleep(self._chance.random() * _JITTER_S)
        finally:
            # Frozen, so that what is open stays open while we look; then killed.
            os.killpg(process.pid, signal.SIGSTOP)
            is_open = self._sink.open_now
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        sending = self._shop.counts(self._campaign).get("sending", 0)
        require(
            sending <= is_open, f"{sending} were being sent on {is_open} open connections"
        )
        require(is_open <= _CONNECTIONS, f"{is_open} connections were open")
        self.open += is_open
        self.sending += sending
        self.kills += 1

    def _came(self, process: subprocess.Popen[bytes], letters: int) -> bool:
        require(process.poll() is None, f"mailer serve ended: {self._shop.log()}")
        return self._sink.letters > letters


def _judged(shop: Shop, campaign: int, killing: _Killing, seen: dict[str, int]) -> Figure:
    counts = shop.require_sums(campaign)
    require(not counts.keys() - {"accepted", "in_doubt"}, f"it has not ended: {counts}")
    rows = shop.ask("SELECT id, state FROM delivery WHERE cause_id = ?", campaign)
    with ExitStack() as stack:
        tokens = TokenBox(stack.enter_context(open_workspace(str(shop.folder))).ring)
    copies = {local.partition("@")[0]: count for local, count in seen.items()}
    lost = doubled = 0
    for delivery_id, state in rows:
        came = copies.pop(tokens.for_delivery(TokenKind.MESSAGE, delivery_id), 0)
        doubled += came > 1
        # What is in doubt is listed for a person to decide; it may have come or not.
        lost += state == "accepted" and not came
    require(not copies, f"{len(copies)} letters came that nobody planned")
    in_doubt = counts.get("in_doubt", 0)
    require(
        in_doubt <= killing.sending, f"{in_doubt} in doubt, {killing.sending} being sent"
    )
    note = (
        f"{killing.kills} kills in {len(rows):,} letters: lost {lost}, doubled {doubled},"
        f" in doubt {in_doubt}; baseline: {killing.open} connections open at the kills"
    )
    return Figure(
        NAMES[0], lost + doubled, "lost or doubled", killing.open,
        compared(in_doubt, killing.open), "0, in doubt <= connections",
        lost + doubled == 0 and in_doubt <= killing.open, note,
    )  # fmt: skip
