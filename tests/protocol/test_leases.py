"""A lease that ran out between a letter's leave and its content: it is not sent twice."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sending import Setup, a_campaign, claimed, nothing_open, now, rows, states, until
from sqlalchemy import update

from mailer.jobs.scribe import Answer, Answered, Book, InThread
from mailer.jobs.send import Rules
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.store import doubts, owners
from mailer.store.claims import Claims
from mailer.store.database import Database
from mailer.store.groups import Sheet, groups
from mailer.store.tables import DeliveryRow, table
from mailer.wire.line import Timeouts
from mailer.wire.sink import Sink

LEASE = timedelta(seconds=0.5)


class HeardLate(InThread):
    """A scribe whose first leave is on disk before its sender hears of it: it hangs."""

    def __init__(self, book: Book) -> None:
        super().__init__(book)
        self.written = asyncio.Event()
        self.heard = asyncio.Event()
        self._late: list[asyncio.Task[None]] = []

    async def run(self, answered: Answered) -> None:
        async def say(number: int, answer: Answer) -> None:
            await self.heard.wait()
            answered(number, answer)

        def hear(number: int, answer: Answer) -> None:
            if answer and not self.written.is_set():
                self.written.set()
                self._late.append(asyncio.create_task(say(number, answer)))
            else:
                answered(number, answer)

        await super().run(hear)


def take_back(database: Database) -> bool:
    """Do what other senders do, all the time."""
    with database.write() as connection:
        taken = owners.take_back_overdue(connection, owners.overdue(connection), now())
        doubts.send_again(connection, now())
    return taken.in_doubt > 0


@pytest.mark.parametrize("kind", [Kind.TRANSACTIONAL, Kind.MARKETING])
def test_a_sender_that_hung_between_leave_and_content_writes_nothing(
    database: Database, ring: KeyRing, tmp_path: Path, kind: Kind
) -> None:
    a_campaign(database, ring, 1, kind=kind)
    again = kind is Kind.TRANSACTIONAL
    rules = Rules(poll_s=0.02, keep_every_s=600, drain_s=5, lease=LEASE)
    scribe = HeardLate(Book(database, None, now, LEASE))

    async def run() -> None:
        sink = Sink()
        hung = Setup(database, tmp_path, await sink.start(), rules=rules, scribe=scribe)
        hung.address = {"timeouts": Timeouts(envelope_s=60, data_s=60)}
        async with hung.running() as sender:
            await asyncio.wait_for(scribe.written.wait(), 60)
            await until(lambda: take_back(database), sender)
            if again:
                other = Setup(database, tmp_path, hung.port, rules=rules)
                await other.until(lambda: nothing_open(database))
            assert len(sink.received) == int(again)
            scribe.heard.set()
            await until(lambda: states(database) == {"accepted": 1}, sender)
        await sink.stop()
        assert set(sink.seen.values()) == {1}

    asyncio.run(run())


def test_a_sender_renews_what_it_holds_itself_and_nothing_else(
    database: Database, ring: KeyRing
) -> None:
    """Else a sender that hangs kept its letters as long as any other one lives."""
    claimed(database, ring, 2)
    claimed(database, ring, 3)
    past = now() - timedelta(minutes=1)
    with database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(lease_until=past))
        Claims(connection, 2, timedelta(minutes=5)).renew(connection)
    assert {row.owner_id: row.lease_until > past for row in rows(database)} == {
        1: False,
        2: True,
    }
    with database.read() as connection:
        assert owners.overdue(connection) == [1]


def test_a_letter_that_leaves_is_its_senders_as_long_as_any_other(
    database: Database, ring: KeyRing
) -> None:
    """Its claim may be old: as long as the database was gone no lease was renewed."""
    (claim,) = claimed(database, ring, 1)
    with database.write() as connection:
        connection.execute(
            update(table(DeliveryRow)).values(lease_until=now() - timedelta(minutes=1))
        )
    writing = groups(database)
    sheet = Sheet.of([], [(claim.id, claim.fence)])
    assert writing.commit(sheet, now(), None) == {claim.id}
    writing.close()
    with database.write() as connection:
        assert not owners.take_back_overdue(connection, owners.overdue(connection), now())
    (row,) = rows(database)
    assert row.state == "sending"
    assert row.lease_until > now() + timedelta(minutes=4)
