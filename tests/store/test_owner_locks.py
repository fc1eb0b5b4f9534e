"""A sender's lock: lost with its session on PostgreSQL, taken again, or lost for good."""

import itertools
from collections.abc import Generator

import pytest
from sending import now
from sqlalchemy import text

from mailer.errors import DatabaseError
from mailer.jobs import owner
from mailer.jobs.owner import LockLostError, Overdue
from mailer.store import owners, versions
from mailer.store.database import Database, open_database
from mailer.store.owners import AdvisoryLock

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

LONG_S = 600


@pytest.fixture
def other_database(
    database: Database, database_url: str
) -> Generator[Database, None, None]:
    """The same database as another program opens it."""
    del database
    opened = open_database(database_url)
    versions.require_current(opened)
    yield opened
    opened.close()


@pytest.fixture
def mine(database: Database) -> Generator[AdvisoryLock, None, None]:
    hours = itertools.count()
    # A clock that runs ahead: what is waited for is soon over.
    locks = AdvisoryLock(database, clock_s=lambda: next(hours) * 3600.0)
    yield locks
    locks.close()


@pytest.fixture
def theirs(other_database: Database) -> Generator[AdvisoryLock, None, None]:
    locks = AdvisoryLock(other_database)
    yield locks
    locks.close()


class Clock:
    """Seconds that go on only when a test says so."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patient(other_database: Database, clock: Clock) -> Generator[AdvisoryLock, None, None]:
    """The locks of a program that leaves the others their time."""
    locks = AdvisoryLock(other_database, LONG_S, clock)
    yield locks
    locks.close()


def end_sessions(database: Database) -> None:
    """End all sessions but the own one, and wait until the server has let go of them."""
    others = "FROM pg_stat_activity WHERE datname = current_database()"
    with database.read() as connection:
        connection.execute(
            text(
                f"SELECT pg_terminate_backend(pid, 10000) {others}"
                " AND pid <> pg_backend_pid()"
            )
        )


def test_a_lock_whose_session_ended_is_taken_again(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    theirs: AdvisoryLock,
):
    number = owner.begin(database, mine, now())
    end_sessions(other_database)
    owner.keep(database, mine, number)
    assert not theirs.take(number)
    owner.keep(database, mine, number)
    mine.free(number)
    # Taken again once and not twice: nothing of it is left.
    assert theirs.take(number)


def test_a_number_that_another_program_holds_is_lost_for_good(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    theirs: AdvisoryLock,
):
    number = owner.begin(database, mine, now())
    end_sessions(other_database)
    assert theirs.take(number)
    with pytest.raises(LockLostError, match="another program took over its letters"):
        owner.keep(database, mine, number)
    owner.finish(database, mine, number, now())
    assert not mine.take(number)


def test_a_number_that_was_taken_over_and_let_go_is_lost_for_good(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    theirs: AdvisoryLock,
):
    number = owner.begin(database, mine, now())
    end_sessions(other_database)
    owner.recover(other_database, theirs, now, Overdue(LONG_S), number + 1)
    with pytest.raises(LockLostError, match="nothing more is sent"):
        owner.keep(database, mine, number)


def test_a_living_sender_has_time_to_take_its_lock_again(
    database: Database, other_database: Database, mine: AdvisoryLock
):
    patient = AdvisoryLock(other_database, LONG_S)
    number = owner.begin(database, mine, now())
    myself = owner.begin(other_database, patient, now())
    end_sessions(other_database)
    owner.keep(other_database, patient, myself)
    owner.recover(other_database, patient, now, Overdue(LONG_S), myself)
    owner.recover(other_database, patient, now, Overdue(LONG_S), myself)
    owner.keep(database, mine, number)
    with database.read() as connection:
        assert owners.not_ended(connection) == [number, myself]
    patient.close()


def test_a_lock_that_stays_free_is_taken_over(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    patient: AdvisoryLock,
    clock: Clock,
):
    number = owner.begin(database, mine, now())
    mine.close()
    end_sessions(other_database)
    assert not patient.take_over(number)
    clock.s = LONG_S - 1
    assert not patient.take_over(number)
    clock.s = LONG_S
    assert patient.take_over(number)


def test_a_new_session_of_ones_own_gives_others_their_time_anew(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    patient: AdvisoryLock,
    clock: Clock,
):
    number = owner.begin(database, mine, now())
    mine.close()
    end_sessions(other_database)
    assert not patient.take_over(number)
    end_sessions(database)
    clock.s = LONG_S
    with pytest.raises(DatabaseError):
        patient.take_over(number)
    assert not patient.take_over(number)


def test_what_a_lost_session_answers_is_told_as_what_the_world_does(
    database: Database, other_database: Database, mine: AdvisoryLock
):
    number = owner.begin(database, mine, now())
    end_sessions(other_database)
    with pytest.raises(DatabaseError, match="the database says"):
        mine.take(number + 1)
    # The next question opens a session of its own.
    assert mine.take(number + 1)


def test_letting_go_of_a_lock_whose_session_ended_is_no_mistake(
    database: Database,
    other_database: Database,
    mine: AdvisoryLock,
    theirs: AdvisoryLock,
):
    number = owner.begin(database, mine, now())
    end_sessions(other_database)
    owner.finish(database, mine, number, now())
    assert theirs.take(number)
    assert not mine.keep(number)


def test_who_asks_late_opens_no_session_any_more(database: Database, mine: AdvisoryLock):
    number = owner.begin(database, mine, now())
    mine.close()
    with pytest.raises(DatabaseError, match="has let go of its locks"):
        mine.take_over(number + 1)
    with pytest.raises(DatabaseError, match="has let go of its locks"):
        owner.recover(database, mine, now, Overdue(LONG_S), number + 1)
    assert database.engine.pool.status().count("Current Checked out connections: 0") == 1
