"""Lanes: a campaign's letters leave room for those that somebody waits for."""

import asyncio
from collections import Counter
from pathlib import Path

from sending import Setup, a_campaign, nothing_open, now, rows, states, until
from sqlalchemy import insert

from mailer.jobs.send import Rules
from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind
from mailer.pace.throttle import Rate
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table
from mailer.wire.sink import Received, Sink

DELIVERY = table(DeliveryRow)


def owe(database: Database, ring: KeyRing, kind: Kind, numbers: range) -> None:
    """Owe some people a letter that no campaign caused."""
    with database.write() as connection:
        connection.execute(
            insert(DELIVERY),
            [
                {
                    "cause_kind": "sign_up", "cause_id": number, "kind": kind.value,
                    "lane": KINDS[kind].lane.value, "contact_id": number,
                    "hash": ring.suppression_hash(f"p{number}@example.com"),
                    "address": f"waits{number}@example.com", "list_id": "news",
                    "state": "queued", "attempt": 0, "deferrals": 0, "due_at": now(),
                    "give_up_at": now() + KINDS[kind].try_for,
                }
                for number in numbers
            ],
        )  # fmt: skip


def waited_for(received: Received) -> bool:
    return received.recipient.startswith("waits")


def kinds(database: Database, state: str) -> Counter[str]:
    return Counter(row.kind for row in rows(database) if row.state == state)


def test_a_confirmation_leaves_before_what_a_campaign_has_in_hand(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 100)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        around = Setup(
            database,
            tmp_path,
            port,
            relay={"rate": Rate(per_second=2)},
            rules=Rules(poll_s=0.02, keep_every_s=0.5, drain_s=5, batch=80),
        )
        async with around.running() as sender:
            # All that follows waits in hand, in front of whatever is claimed from now on.
            await until(lambda: states(database).get("claimed", 0) >= 70, sender)
            await until(lambda: len(sink.received) >= 1, sender)
            before = len(sink.received)
            await asyncio.to_thread(owe, database, ring, Kind.CONFIRMATION, range(1, 2))
            await until(lambda: any(map(waited_for, sink.received)), sender)
            place = next(n for n, one in enumerate(sink.received) if waited_for(one))
            assert place - before < 40
        await sink.stop()

    asyncio.run(run())


def test_a_campaigns_letter_whose_slot_another_took_leaves_by_the_next(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 30)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        rate = {"rate": Rate(per_second=20)}
        async with Setup(database, tmp_path, port, relay=rate).running() as sender:
            for number in range(1, 4):
                await until(lambda n=number: len(sink.received) >= 5 * n, sender)
                owing = range(number, number + 1)
                await asyncio.to_thread(owe, database, ring, Kind.CONFIRMATION, owing)
            await until(lambda: nothing_open(database), sender)
        await sink.stop()

    asyncio.run(run())
    assert states(database) == {"accepted": 33}
    assert set(sink.seen.values()) == {1}


def test_a_campaign_leaves_a_share_of_the_hour_to_those_who_wait(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 100)
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        one, other = (
            Setup(
                database,
                tmp_path,
                port,
                relay={"rate": Rate(per_hour=40), "reserved": 0.25},
                rules=Rules(poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=20),
            )
            for _ in range(2)
        )

        def accepted(**letters: int) -> bool:
            return kinds(database, "accepted") == letters

        async with one.running() as sender, other.running() as second:
            await until(lambda: accepted(marketing=30), sender)
            # What is in hand goes back: others may have room for it.
            await until(lambda: not kinds(database, "claimed"), sender)
            await asyncio.to_thread(owe, database, ring, Kind.CONFIRMATION, range(1, 6))
            await until(lambda: accepted(marketing=30, confirmation=5), sender)
            await asyncio.to_thread(owe, database, ring, Kind.TRANSACTIONAL, range(6, 14))
            # The hour is over for everybody now.
            await until(
                lambda: accepted(marketing=30, confirmation=5, transactional=5), sender
            )
            assert not second.ended
        await sink.stop()

    asyncio.run(run())
    assert len(sink.received) == 40
    assert kinds(database, "queued") == {"marketing": 70, "transactional": 3}


def test_lanes_leave_one_after_the_other(
    database: Database, ring: KeyRing, tmp_path: Path
) -> None:
    a_campaign(database, ring, 20)
    for first, kind in (
        (1, Kind.JOURNEY),
        (6, Kind.TRANSACTIONAL),
        (11, Kind.CONFIRMATION),
    ):
        owe(database, ring, kind, range(first, first + 5))
    lanes = {row.address: row.lane for row in rows(database)}
    sink = Sink()

    async def run() -> None:
        port = await sink.start()
        rules = Rules(poll_s=0.02, keep_every_s=0.5, drain_s=5, batch=80)
        around = Setup(database, tmp_path, port, connections=1, rules=rules)
        await around.until(lambda: nothing_open(database))
        await sink.stop()

    asyncio.run(run())
    left = [lanes[one.recipient] for one in sink.received]
    assert left == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 20
