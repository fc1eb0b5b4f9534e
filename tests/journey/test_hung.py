"""A sender that hangs past its lease and wakes, and a database that goes and comes back."""

import fcntl
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from databases import Server
from journey.program import Serve, Shop, relay, until
from sqlalchemy import text

from mailer.store.database import open_database
from mailer.wire.sink import Answer, Mischief, Received, Step

CONNECTIONS = 2
PEOPLE = 60
START = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")


def prepare(
    shop: Shop, port: int, database_url: str, content_s: float = 6.0, **sending: float
) -> None:
    on_sqlite = database_url.startswith("sqlite")
    shop.make(
        port,
        database="sqlite:///mailer.db" if on_sqlite else database_url,
        relay={"connections": CONNECTIONS, "timeout_content_s": content_s},
        sending={"batch": 20, "poll_s": 0.1, "keep_every_s": 0.3, "drain_s": 3} | sending,
    )
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, PEOPLE + 1)])
    shop.run(*START)


class Hanging:
    """A relay that takes some letters, and then says nothing to one on each line."""

    def __init__(self) -> None:
        self.silent: list[str] = []
        self._taken = 0

    def rule(self, step: Step, received: Received) -> Answer:
        if step is not Step.CONTENT:
            return None
        if self._taken >= 10 and len(self.silent) < CONNECTIONS:
            self.silent.append(received.recipient)
            return Mischief.SILENCE
        self._taken += 1
        return None


def stop_in_its_tracks(serve: Serve, shop: Shop) -> None:
    """Stop all of its processes where they stand, at a moment when they write nothing."""

    def stopped() -> bool:
        os.killpg(serve.process.pid, signal.SIGSTOP)
        until(lambda: all(map(is_stopped, serve.processes())), "they stand still")
        if shop.nobody_works() and nobody_writes(shop.folder / "mailer.db"):
            return True
        os.killpg(serve.process.pid, signal.SIGCONT)
        return False

    until(stopped, "it is stopped while it writes nothing")


def is_stopped(pid: int) -> bool:
    """Say whether the system runs a process no more, until it is told to go on."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return stat.rpartition(")")[2].split()[0] == "T"


def nobody_writes(file: Path) -> bool:
    """Say whether no process has its turn at writing to a file of SQLite."""
    if not file.exists():
        return True
    for name in (f"{file}.turn", f"{file}.turn.door"):
        with Path(name).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as opened:
        try:
            opened.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_sender_that_hangs_past_its_lease_and_wakes_sends_nothing_of_it_again(
    shop: Shop, database_url: str
) -> None:
    relay_says = Hanging()
    silent = relay_says.silent
    with relay(relay_says.rule) as taken:
        prepare(shop, taken.port, database_url, lease_s=1)
        hung = shop.start("--only", "send")
        until(lambda: len(silent) == CONNECTIONS, "each of its lines hangs", every_s=0.01)
        stop_in_its_tracks(hung, shop)
        at_work = shop.counts(1)
        assert at_work["sending"] == CONNECTIONS
        # It holds more than is on its lines: claimed, composed, perhaps with an envelope.
        assert at_work["claimed"] > 0
        other = shop.start("--only", "send")
        shop.until_finished(1)
        rest = {"accepted": PEOPLE - CONNECTIONS, "in_doubt": CONNECTIONS}
        assert shop.counts(1) == rest
        assert "took back from senders" in other.log
        other.signal(signal.SIGTERM)
        assert other.ended() == 0, other.log
        os.killpg(hung.process.pid, signal.SIGCONT)
        # Awake, it works on: with what it claims now, and with nothing that it had.
        shop.run(*START, "--again")
        shop.until_finished(2)
        assert shop.counts(2) == {"accepted": PEOPLE}
        assert shop.counts(1) == rest
        assert set(taken.copies.values()) == {1}
        assert len(taken.copies) == 2 * PEOPLE
        hung.signal(signal.SIGTERM)
        assert hung.ended() == 0, hung.log
        assert "Traceback" not in hung.log


def cut_lock_of(owner_id: int, database_url: str) -> None:
    """End the session that holds a sender's lock, and no other; wait until it has ended."""
    database = open_database(database_url)
    with database.read() as connection:
        cut = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks"
                " WHERE locktype = 'advisory' AND objid = :id AND granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"id": owner_id},
        ).scalars()
        assert list(cut) == [True]
    database.close()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_sender_that_lost_its_lock_for_good_goes_on_with_another_number(
    shop: Shop, database_url: str
) -> None:
    relay_says = Hanging()
    silent = relay_says.silent
    with relay(relay_says.rule) as taken:
        prepare(shop, taken.port, database_url, content_s=120)
        hung = shop.start("--only", "send")
        until(lambda: len(silent) == CONNECTIONS, "each of its lines hangs", every_s=0.01)
        number = shop.latest_sender()
        stop_in_its_tracks(hung, shop)
        assert shop.counts(1)["sending"] == CONNECTIONS
        cut_lock_of(number, database_url)
        other = shop.start("--only", "send")
        shop.until_finished(1)
        rest = {"accepted": PEOPLE - CONNECTIONS, "in_doubt": CONNECTIONS}
        assert shop.counts(1) == rest
        other.signal(signal.SIGTERM)
        assert other.ended() == 0, other.log
        last = shop.latest_sender()
        os.killpg(hung.process.pid, signal.SIGCONT)
        until(lambda: shop.latest_sender() > last, "it has another number")
        assert f"sender {number} lost its lock" in hung.log
        shop.run(*START, "--again")
        shop.until_finished(2)
        assert shop.counts(2) == {"accepted": PEOPLE}
        assert shop.counts(1) == rest
        assert set(taken.copies.values()) == {1}
        assert len(taken.copies) == 2 * PEOPLE
        hung.signal(signal.SIGTERM)
        assert hung.ended() == 0, hung.log
        assert "Traceback" not in hung.log


def slowly(step: Step, received: Received) -> Answer:
    del received
    if step is Step.CONTENT:
        time.sleep(0.01)
    return None


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_postgresql_that_is_stopped_and_started_in_mid_campaign_costs_time_only(
    shop: Shop, database_url: str, postgres: Server
) -> None:
    with relay(slowly) as taken:
        prepare(shop, taken.port, database_url)
        serve = shop.start("--only", "send")
        until(lambda: len(taken.letters) > 10, "letters leave", every_s=0.01)
        shop.close_database()
        with postgres.down():
            stopped_at = len(taken.copies)
            until(lambda: "nothing leaves until" in serve.log, "it says so")
            # What was on record as sending may still arrive, and no more.
            assert len(taken.copies) <= stopped_at + CONNECTIONS
        shop.until_finished(1)
        counts = shop.counts(1)
        assert set(taken.copies.values()) == {1}
        assert counts.get("in_doubt", 0) <= CONNECTIONS
        assert counts["accepted"] == PEOPLE - counts.get("in_doubt", 0)
        assert len(taken.copies) == PEOPLE
        assert "Traceback" not in serve.log
        serve.signal(signal.SIGTERM)
        assert serve.ended() == 0, serve.log
