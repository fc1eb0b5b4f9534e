"""The throttle's gate on a database: an outage is waited for and ends nobody."""

import asyncio
import logging
from datetime import timedelta

import pytest
from sending import now, until

from mailer.jobs.gate import Gate
from mailer.pace.throttle import Rate
from mailer.store.database import Database


def rename(database: Database, old: str, new: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_what_an_hour_has_left_is_asked_anew_when_the_clock_was_put_back(
    database: Database,
):
    time = [now()]
    hourly = Rate(per_hour=10)
    gate = Gate(database, "relay:main", hourly, lambda: time[0], reserved=0.5)

    async def run() -> None:
        while await gate.wait(patient=True):
            pass
        assert gate.holds
        assert not gate.shut
        while await gate.wait():
            pass
        assert gate.shut
        time[0] -= timedelta(days=1)
        assert not gate.shut
        assert not gate.holds
        # The limit holds as before, and no longer than it is meant to.
        assert not await gate.wait()
        assert gate.shut_until is not None
        assert gate.shut_until - time[0] <= timedelta(minutes=61)

    asyncio.run(run())


def test_a_slot_is_waited_for_while_the_database_is_unwell(
    database: Database, caplog: pytest.LogCaptureFixture
):
    gate = Gate(database, "relay:main", Rate(per_second=100), now)

    async def run() -> None:
        waiting = asyncio.create_task(gate.wait())
        await until(lambda: bool(caplog.records))
        rename(database, "away", "throttle")
        await waiting

    rename(database, "throttle", "away")
    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert "nothing leaves until the limits can be read" in caplog.text
