"""`kill-9`: killed at random moments, started again: nobody is skipped, nobody gets two."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.postgres import fresh, postgres
from bench.shop import Shop
from bench.sinks import CountingSink, counting_sink
from ports import free_port

from mailer.model.token import TokenBox, TokenKind
from mailer.wiring import open_workspace

NAMES = ("kill-9",)
_KILLS = 20
_CONNECTIONS = 20
_JITTER_S = 0.05


def run(folder: Path, scale: float) -> list[Figure]:
    """Kill `mailer serve` 20 times in one campaign, then let it end."""
    return [_figure(NAMES[0], [killed(folder / "kill", scale, _KILLS)])]


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of a campaign whose program was killed again and again."""

    letters: int
    kills: int
    lost: int
    doubled: int
    in_doubt: int
    open: int
    """Connections that were open at the kills, together."""


def killed(
    folder: Path, scale: float, kills: int, *, senders: int = 1, database_url: str = ""
) -> Killed:
    """Kill `mailer serve` with all its processes so often in one campaign."""
    people = max(2_000, int(20_000 * scale))
    shop = Shop(
        folder, free_port(), database_url, relay={"connections": _CONNECTIONS},
        sending={"keep_every_s": 0.5, "poll_s": 0.1, "senders": senders},
        schedules={"tick_s": 1.0},
    )  # fmt: skip
    people = shop.people("people.csv", people)
    campaign = shop.start_campaign()
    with counting_sink(shop.relay_port) as sink:
        killing = _Killing(shop, sink, campaign)
        for moment in _moments(people, kills):
            killing.kill_at(moment)
        with shop.running() as process:
            shop.until_sent(campaign, process, within_s=300)
        seen = sink.seen
    return _judged(shop, campaign, killing, seen)


def _moments(people: int, kills: int) -> list[int]:
    """Return at how many letters to kill; all before the campaign can have ended."""
    chance = random.SystemRandom()
    return sorted(chance.randrange(int(people * 0.95)) for _ in range(kills))


class _Killing:
    """Kills, and what was true at each."""

    def __init__(self, shop: Shop, sink: CountingSink, campaign: int) -> None:
        self._shop = shop
        self._sink = sink
        self._campaign = campaign
        self._chance = random.SystemRandom()
        self.open = 0
        """Connections that were open at the kills, together."""
        self.kills = 0

    def kill_at(self, letters: int) -> None:
        """Serve until so many letters have come in all, and kill at some moment after.

        Args:
            letters: Should they have come already, one more is waited for.
        """
        letters = max(letters, self._sink.letters)
        dead = self._shop.latest_sender()
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
            # One that died while it flushed may have written its last commit all the same.
            until(lambda: not _lives(process.pid), "all are dead", within_s=60)
        require(is_open <= _CONNECTIONS, f"{is_open} connections were open")
        self._shop.until_nobody_works()
        self._require_one_a_line(dead, is_open)
        self.open += is_open
        # On PostgreSQL a dead sender is left alone for a while before it is believed dead:
        # what it was sending may still be so at the next kill.
        counts = self._shop.counts(self._campaign)
        doubts = counts.get("sending", 0) + counts.get("in_doubt", 0)
        require(
            doubts <= self.open,
            f"{doubts} in doubt, {self.open} connections were open at {self.kills + 1}"
            f" kills: {self._owners()}; {self._shop.log()}",
        )
        self.kills += 1

    def _require_one_a_line(self, dead: int, is_open: int) -> None:
        """Fail unless those that were killed now had a letter a connection at most.

        Args:
            dead: The latest sender that was killed before. What those were sending may
                still be so, see above, and counts against their own kill.
        """
        sending = self._shop.sending_of_senders_after(dead)
        require(
            sending <= is_open,
            f"{sending} were being sent over {is_open} connections at kill"
            f" {self.kills + 1}: {self._owners()}; {self._shop.log()}",
        )

    def _owners(self) -> str:
        """Tell whose letters are in doubt or were being sent, for whoever must find out."""
        rows = self._shop.ask(
            "SELECT state, owner_id, attempt, count(*) FROM delivery WHERE cause_id = ?"
            " AND state IN ('sending', 'in_doubt') GROUP BY state, owner_id, attempt",
            self._campaign,
        )
        return ", ".join(
            f"{many} {state} of {owner} ({attempt})" for state, owner, attempt, many in rows
        )

    def _came(self, process: subprocess.Popen[bytes], letters: int) -> bool:
        require(process.poll() is None, f"mailer serve ended: {self._shop.log()}")
        return self._sink.letters > letters


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _judged(shop: Shop, campaign: int, killing: _Killing, seen: dict[str, int]) -> Killed:
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
    return Killed(len(rows), killing.kills, lost, doubled, in_doubt, killing.open)


def _figure(name: str, worlds: Sequence[Killed]) -> Figure:
    lost, doubled = sum(one.lost for one in worlds), sum(one.doubled for one in worlds)
    in_doubt, is_open = sum(one.in_doubt for one in worlds), sum(one.open for one in worlds)
    note = (
        f"{sum(one.kills for one in worlds)} kills in"
        f" {sum(one.letters for one in worlds):,} letters: lost {lost}, doubled {doubled},"
        f" in doubt {in_doubt}; baseline: {is_open} connections open at the kills"
    )
    return Figure(
        name, lost + doubled, "lost or doubled", is_open,
        compared(in_doubt, is_open), "0, in doubt <= connections",
        lost + doubled == 0 and in_doubt <= is_open, note,
    )  # fmt: skip


def run_everywhere(name: str, folder: Path, scale: float, kills: int) -> list[Figure]:
    """Kill one and two senders, on SQLite and PostgreSQL, so often in all."""
    worlds: list[Killed] = []
    with postgres() as url:
        for database_url in ("", url):
            for senders in (1, 2):
                place = (
                    folder / f"kill-{senders}-{'postgres' if database_url else 'sqlite'}"
                )
                worlds.append(
                    killed(
                        place, scale, kills // 4,
                        senders=senders,
                        database_url=database_url and fresh(url, f"kill{senders}"),
                    )
                )  # fmt: skip
    return [_figure(name, worlds)]
