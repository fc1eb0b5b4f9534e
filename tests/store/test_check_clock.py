"""A clock that runs wrong is told before it stands in the ledger for ever."""

from datetime import UTC, datetime, timedelta

from audiences import running

from mailer.jobs.check_workspace import check_clock
from mailer.store.clock import database_clock
from mailer.store.database import Database


def now_of(database: Database) -> datetime:
    with database.read() as connection:
        return database_clock(connection)


def test_a_clock_that_is_right_holds(database: Database):
    assert check_clock(database, datetime.now(UTC)).problem == ""


def test_a_clock_apart_from_the_database_s_is_told(database: Database):
    late = now_of(database) + timedelta(minutes=5)
    assert "set both by a time server" in check_clock(database, late).problem


def test_a_clock_behind_what_is_on_record_is_told(database: Database):
    # The campaign of the tests was made on a day of its own.
    running(database, 1)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE campaign SET created_at = 4000000000000000")
    problem = check_clock(database, now_of(database)).problem
    assert "2096-10-02 07:06 is on record already" in problem
