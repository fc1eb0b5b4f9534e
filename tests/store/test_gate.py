"""The throttle's gate on a database: an outage is waited for and ends nobody."""

import asyncio
import logging

import pytest
from sending import now, until

from mailer.jobs.gate import Gate
from mailer.pace.throttle import Rate
from mailer.store.database import Database


def rename(database: Database, old: str, new: str) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


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
