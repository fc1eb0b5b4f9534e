"""What goes wrong around a sender at work: it loses nothing, and sends nothing twice."""

import asyncio
import collections
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from databases import Server
from protocol.test_shaping import among, is_of, knowing, rule
from sending import Setup, a_campaign, nothing_open, now, rows, send_all, states, until
from sqlalchemy import event, update

from mailer.jobs.logbook import Logbook
from mailer.jobs.send import Rules
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import How
from mailer.model.key import KeyRing
from mailer.model.token import Reader
from mailer.pace.providers import Act, Limits
from mailer.pace.throttle import Rate
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table
from mailer.wire.sink import Answer, Mischief, Received, Sink, Step

DELIVERY = table(DeliveryRow)
PIPELINED = ("PIPELINING", "SIZE 1000000", "8BITMIME")


@pytest.mark.parametrize(
    "extensions", [PIPELINED, PIPELINED[1:]], ids=["pipelining", "one at a time"]
)
def test_who_leaves_while_the_letter_waits_after_354_gets_none_not_even_an_empty_one(
    database: Database,
    ring: KeyRing,
    logbook: Logbook,
    tmp_path: Path,
    extensions: tuple[str, ...],
) -> None:
    a_campaign(database, ring, 8)
    left: list[str] = []

    def leave(step: Step, received: Received) -> Answer:
        if step is Step.DATA and received.recipient == "p3@example.com" and not left:
            reader = Reader(3, 1, 1)
            done = unsubscribe(database, logbook, reader, How.ONE_CLICK, now())
            assert done.changed
            left.append(received.recipient)
        return None

    sink = Sink(leave, extensions=extensions)
    setup = Setup(database, tmp_path, 0, connections=1)
    send_all(setup, sink)
    assert left
    assert states(database) == {"accepted": 7, "withheld": 1}
    assert rows(database)[2].reason == "permission"
    # Whatever ended with a dot is counted, also what has nothing in it.
    assert sink.seen == {f"d{n}@example.com": 1 for n in range(1, 9) if n != 3}
    # The others went over another line: this one was dropped.
    assert {one.connection for one in sink.received} == {1, 2}


def test_a_hundred_campaigns_at_once_all_come_to_their_end_and_none_starves(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    large, small, each = 400, 99, 3
    campaigns = [a_campaign(database, ring, large)]
    campaigns += [a_campaign(database, ring, each) for _ in range(small)]
    sink = Sink()
    send_all(Setup(database, tmp_path, 0), sink)
    assert states(database, campaigns[0]) == {"accepted": large}
    for campaign in campaigns[1:]:
        assert states(database, campaign) == {"accepted": each}
    assert set(sink.seen.values()) == {1}
    # The large one was first, and neither kept them waiting nor waited for them.
    people = [int(one.recipient[1:].partition("@")[0]) for one in sink.received]
    last_of_small = max(at for at, person in enumerate(people) if person > large)
    assert last_of_small < small * each + large // 2
    assert any(person <= large for person in people[:100])


def test_a_provider_that_takes_one_letter_a_minute_costs_the_others_nothing(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 200)
    among(database, {"slow": range(1, 101), "fast": range(101, 201)})
    minute = Limits(per_second=1 / 60, at_most_per_second=1 / 60)
    slow = rule("one a minute", Act.SLOW)
    tried: list[str] = []

    def answer(step: Step, received: Received) -> Answer:
        if step is Step.RCPT and is_of("slow", received):
            tried.append(received.recipient)
            return "450 4.7.1 one a minute" if len(tried) > 1 else None
        return None

    sink = Sink(answer)
    rules = Rules(
        poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=40,
        providers=knowing(slow, slow=minute),
    )  # fmt: skip

    def fast_is_done() -> bool:
        fast = (row.state for row in rows(database) if row.provider == "fast")
        return set(fast) == {"accepted"}

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, rules=rules)
        await setup.until(fast_is_done)
        await sink.stop()

    asyncio.run(run())
    assert 1 <= len(tried) <= 2
    assert states(database) == {"accepted": 101, "queued": 99}
    assert sum(row.deferrals for row in rows(database)) == len(tried) - 1


class Clock:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead

    def jump(self, by: timedelta) -> None:
        self.ahead += by


@pytest.mark.parametrize(
    "jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["on", "back"]
)
def test_a_clock_that_jumps_neither_stops_the_letters_nor_sends_one_twice(
    database: Database, ring: KeyRing, tmp_path: Path, jump: timedelta
) -> None:
    """The relay's rate and its rest after trouble are so long as they are meant to be."""
    people = 120
    a_campaign(database, ring, people)
    with database.write() as connection:
        long_ago = now() - timedelta(hours=2)
        connection.execute(update(DELIVERY).values(due_at=long_ago))
    clock = Clock()
    ways = [Mischief.HANG_UP, Mischief.RESET]

    def answer(step: Step, received: Received) -> Answer:
        del received
        if step is Step.MAIL and ways and len(sink.received) > 90 - 30 * len(ways):
            # Between the trouble and the next try, and among slots that were taken ahead.
            asyncio.get_running_loop().call_later(0.02, clock.jump, jump)
            return ways.pop()
        return None

    sink = Sink(answer)
    connections = 2

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, clock=clock, connections=connections)
        setup.relay |= {"rate": Rate(per_second=300), "pause_s": 0.1}
        async with setup.running() as sender:
            # What was on a line that broke is due by the clock as it was before.
            await until(lambda: len(sink.received) >= people - 2 * connections, sender)
            assert clock.ahead == 2 * jump
            clock.ahead = timedelta()
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": people}
    assert set(sink.seen.values()) == {1}


@pytest.fixture
def impatient(database: Database) -> Iterator[Database]:
    """A database whose writers wait a moment for another program, not half a minute."""

    def hurry(connection: sqlite3.Connection, record: object) -> None:
        del record
        connection.execute("PRAGMA busy_timeout=30")

    event.listen(database.engine, "connect", hurry)
    database.engine.dispose()
    yield database
    event.remove(database.engine, "connect", hurry)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_another_program_locks_the_file_nothing_leaves_and_then_all_goes_on(
    impatient: Database, ring: KeyRing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    people, connections = 120, 3
    a_campaign(impatient, ring, people)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        setup = Setup(impatient, tmp_path, port, connections=connections)
        async with setup.running() as sender:
            await until(lambda: len(sink.received) > 20, sender)
            with closing(sqlite3.connect(tmp_path / "mailer.db")) as other:
                other.execute("BEGIN IMMEDIATE")
                begun = len(sink.seen)
                await until(lambda: "nothing leaves until" in caplog.text, sender)
                # What was on record as sending before may still arrive, and no more.
                assert len(sink.seen) <= begun + connections
                other.rollback()
            await until(lambda: nothing_open(impatient), sender)
        await sink.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert states(impatient) == {"accepted": people}
    assert collections.Counter(sink.seen.values()) == {1: people}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letters_that_a_lock_held_up_after_their_slots_leave_one_by_one(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    """As many as there are lines wait for their commit then; the rate holds for them."""
    people, connections, rate = 160, 60, 100
    a_campaign(database, ring, people)
    asked: list[str] = []
    times_s: list[float] = []

    def answer(step: Step, received: Received) -> Answer:
        if step is Step.DATA:
            asked.append(received.recipient)
        return None

    sink = Sink(answer, on_letter=lambda _: times_s.append(time.monotonic()))

    async def run() -> tuple[int, float]:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, connections=connections)
        setup.relay |= {"rate": Rate(per_second=rate)}
        async with setup.running() as sender:
            await until(lambda: len(times_s) > 10, sender)
            with closing(sqlite3.connect(tmp_path / "mailer.db")) as other:
                other.execute("BEGIN IMMEDIATE")
                await until(lambda: len(asked) - len(times_s) >= connections // 2, sender)
                before, released_s = len(times_s), time.monotonic()
                other.rollback()
            await until(lambda: nothing_open(database), sender)
        await sink.stop()
        return before, released_s

    before, released_s = asyncio.run(run())
    assert states(database) == {"accepted": people}
    held_up = connections // 2
    took_s = times_s[before + held_up - 1] - released_s
    assert took_s >= (held_up - 1 - rate * 0.02) / (rate * 1.01)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_while_the_server_takes_nothing_nothing_leaves_and_then_all_goes_on(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    postgres: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As a server does whose disk is full, or that another has taken over from."""
    people, connections = 120, 3
    a_campaign(database, ring, people)
    sink = Sink()
    name = str(database.engine.url.database)
    sessions = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"

    def turn(read_only: str) -> None:
        default = f"SET default_transaction_read_only = {read_only}"
        with postgres.session() as opened:
            opened.execute(f"ALTER DATABASE {name} {default}")
            opened.execute(f"{sessions} WHERE datname = '{name}'")

    async def run() -> None:
        port = await sink.start()
        setup = Setup(database, tmp_path, port, connections=connections)
        async with setup.running() as sender:
            await until(lambda: len(sink.received) > 20, sender)
            turn("on")
            await until(lambda: "the server takes nothing now" in caplog.text, sender)
            turn("off")
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    in_doubt = states(database).get("in_doubt", 0)
    assert in_doubt <= connections
    assert states(database).get("accepted") == people - in_doubt
    assert collections.Counter(sink.seen.values()) == {1: people}
    assert "Traceback" not in caplog.text
