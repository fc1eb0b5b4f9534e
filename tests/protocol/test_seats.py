"""Several senders and a provider that takes few letters at once: they share those few."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from protocol.test_lanes import owe, waited_for
from protocol.test_shaping import among, is_of, knowing, setup
from sending import a_campaign, locks_for, nothing_open, now, states, until
from sqlalchemy import update

from mailer.jobs.rooms import Rooms
from mailer.jobs.shaper import Shaper
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.pace.providers import Limits, Providers
from mailer.pace.shaping import Standing
from mailer.pace.sharing import Turn
from mailer.store.database import Database
from mailer.store.providerstates import keep_states
from mailer.store.tables import DeliveryRow, table
from mailer.wire.sink import Answer, Received, Sink, Step

DELIVERY = table(DeliveryRow)


@contextlib.asynccontextmanager
async def crew(
    database: Database, folder: Path, sink: Sink, providers: Providers, size: int
) -> AsyncGenerator[None]:
    """Run some senders that know of one another."""
    port = await sink.start()
    first = setup(database, folder, port, providers)
    async with contextlib.AsyncExitStack() as running:
        for place in range(size):
            rules = replace(first.rules, senders=size, place=place)
            locks = locks_for(database, folder / "owners")
            await running.enter_async_context(
                replace(first, rules=rules, locks=locks).running()
            )
        yield
    await sink.stop()


class Watch:
    """Counts how many letters to a provider are under way at once."""

    def __init__(self, provider: str, then: Callable[[], None] = lambda: None) -> None:
        self._provider = provider
        self._open: set[tuple[int, str]] = set()
        self._then = then
        self.most = 0

    def __call__(self, step: Step, received: Received) -> Answer:
        if is_of(self._provider, received):
            here = received.connection, received.recipient
            (self._open.discard if step is Step.CONTENT else self._open.add)(here)
            self.most = max(self.most, len(self._open))
            self._then()
        return None


def test_a_provider_takes_no_more_at_once_than_it_wants_however_many_send(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 120)
    among(database, {"big": range(1, 61), "small": range(61, 121)})
    watch = Watch("big")
    providers = knowing(big=Limits(at_once=2), small=Limits())

    async def run() -> None:
        async with crew(database, tmp_path, Sink(watch), providers, 3):
            await until(lambda: nothing_open(database))

    asyncio.run(run())
    assert states(database) == {"accepted": 120}
    assert 1 <= watch.most <= 2


def test_what_a_sender_has_in_hand_goes_to_whoever_may_send_it(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    people = 60
    a_campaign(database, ring, people)
    among(database, {"big": range(1, people + 1)})
    learnt = asyncio.Event()

    def learn() -> None:
        if not learnt.is_set() and len(sink.received) >= 5:
            # As if it had just asked another sender for less.
            learnt.set()
            with database.write() as connection:
                keep_states(
                    connection, {"big": Standing(at_once=1, slowed_at=now())}, now()
                )

    watch = Watch("big", learn)
    sink = Sink(watch)
    providers = knowing(big=Limits(at_once=2, per_second=20, at_most_per_second=20))

    async def run() -> None:
        async with crew(database, tmp_path, sink, providers, 2):
            await until(lambda: nothing_open(database))

    asyncio.run(run())
    assert learnt.is_set()
    assert states(database) == {"accepted": people}
    assert watch.most <= 2


def test_what_somebody_waits_for_leaves_whoever_has_it(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 12)
    among(database, {"big": range(1, 13)})
    owe(database, ring, Kind.CONFIRMATION, range(1, 9))
    with database.write() as connection:
        connection.execute(update(DELIVERY).values(provider="big"))
    sink = Sink()
    # Now, and in the turn that may come meanwhile.
    turns = [Turn.at(now() + wait) for wait in (timedelta(), timedelta(minutes=10))]
    has_none = next(
        place
        for place in range(3)
        if not any(one.part("big", 1, place, 3) for one in turns)
    )

    async def run() -> None:
        port = await sink.start()
        alone = setup(database, tmp_path, port, knowing(big=Limits(at_once=1)))
        alone.rules = replace(alone.rules, senders=3, place=has_none)
        async with alone.running() as sender:
            await until(lambda: states(database).get("accepted") == 8, sender)
        await sink.stop()

    asyncio.run(run())
    assert all(map(waited_for, sink.received))
    assert states(database) == {"accepted": 8, "queued": 12}


def test_a_turn_that_comes_is_noticed_though_nothing_is_to_do() -> None:
    at = Turn.at(now()).number * 600 + 300
    time = [datetime.fromtimestamp(at, UTC)]
    providers = knowing(big=Limits(at_once=1))
    senders = [
        Shaper(lambda: time[0], providers, Rooms(providers, 4, place, 3))
        for place in range(3)
    ]
    had: list[int] = []
    for _ in range(3):
        for one in senders:
            one.leave_to_others()
        (has,) = [n for n, one in enumerate(senders) if one.rooms.has_room("big")]
        had.append(has)
        time[0] += timedelta(minutes=10)
    assert sorted(had) == [0, 1, 2]
