"""What comes in is kept in groups: on disk when it is acknowledged, and once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.errors import DatabaseError
from mailer.jobs.keeper import Keeper, empty_old
from mailer.store.incoming import keep, mark_sorted, unsorted
from mailer.store.tables import IncomingRow, table

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def count(database) -> int:
    with database.read() as connection:
        counted = select(func.count()).select_from(table(IncomingRow))
        return int(connection.execute(counted).scalar_one())


def test_many_at_once_are_each_on_disk_when_it_is_said(database):
    told: list[int] = []

    async def run() -> None:
        keeper = Keeper(database, lambda: NOW, lambda: told.append(count(database)))

        async def one(number: int) -> None:
            await keeper.keep(b"Subject: %d\r\n\r\n" % number, "lmtp")
            with database.read() as connection:
                kept = {message.raw for message in unsorted(connection, 0, 1000)}
            assert b"Subject: %d\r\n\r\n" % number in kept

        await asyncio.gather(*(one(number) for number in range(150)))

    asyncio.run(run())
    assert count(database) == 150
    assert len(told) < 20


def test_the_same_message_again_is_kept_once(database):
    async def run() -> None:
        keeper = Keeper(database, lambda: NOW, lambda: None)
        await asyncio.gather(
            *(keeper.keep(b"Subject: x\r\n\r\n", "smtp") for _ in range(5))
        )
        await keeper.keep(b"Subject: x\r\n\r\n", "lmtp")

    asyncio.run(run())
    assert count(database) == 1


def test_all_who_wait_hear_that_it_could_not_be_kept_and_may_come_again(database):
    failing = True

    def clock() -> datetime:
        if failing:
            raise DatabaseError("no room")
        return NOW

    async def run() -> None:
        nonlocal failing
        keeper = Keeper(database, clock, lambda: None)
        both = [keeper.keep(b"1", "lmtp"), keeper.keep(b"2", "lmtp")]
        ends = await asyncio.gather(*both, return_exceptions=True)
        assert [type(end) for end in ends] == [DatabaseError, DatabaseError]
        failing = False
        await keeper.keep(b"1", "lmtp")

    asyncio.run(run())
    assert count(database) == 1


def test_who_hangs_up_does_not_keep_the_others_waiting(database):
    async def run() -> None:
        keeper = Keeper(database, lambda: NOW, lambda: None)
        first = asyncio.create_task(keeper.keep(b"1", "lmtp"))
        second = asyncio.create_task(keeper.keep(b"2", "lmtp"))
        await asyncio.sleep(0)
        first.cancel()
        await second
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(run())
    assert count(database) == 2


def test_reports_are_emptied_in_time_and_what_people_wrote_stays(database):
    kinds = ["bounce"] * 45 + ["auto_reply", "human", "unsubscribe", None]
    day = timedelta(days=1)
    with database.write() as connection:
        for number, kind in enumerate(kinds):
            one, _ = keep(connection, b"message %d" % number, "lmtp", NOW)
            if kind is not None:
                mark_sorted(connection, one, kind, "", NOW)
        late, _ = keep(connection, b"late", "lmtp", NOW)
        mark_sorted(connection, late, "bounce", "", NOW + 5 * day)
    assert empty_old(database, timedelta(0), NOW + 99 * day) == 0
    assert empty_old(database, 10 * day, NOW + 9 * day) == 0
    assert empty_old(database, 10 * day, NOW + 11 * day) == 46
    assert empty_old(database, 10 * day, NOW + 11 * day) == 0
    with database.write() as connection:
        rows = connection.execute(select(table(IncomingRow))).all()
        left = [bytes(row.raw) for row in rows if row.raw]
        again = keep(connection, b"message 0", "lmtp", NOW + 12 * day)
    assert left == [b"message 46", b"message 47", b"message 48", b"late"]
    assert again == (1, False)
