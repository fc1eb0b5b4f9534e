"""A time keeps its moment, and one without a zone is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from mailer.store.columns import from_instant, to_instant
from mailer.store.database import Database, now_sql
from mailer.store.tables import OwnerRow, table

_owner = table(OwnerRow)


def put(database: Database, at: datetime) -> None:
    with database.write() as connection:
        connection.execute(insert(_owner).values(host="h", pid=1, started_at=at))


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 10, 25, 2, 30, 0, 123456, timezone(timedelta(hours=2))),
        datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1))),
        datetime(1969, 7, 20, 20, 17, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_time_comes_back_as_the_same_moment_in_utc(
    database: Database, at: datetime
) -> None:
    put(database, at)
    with database.read() as connection:
        found = connection.execute(select(_owner.c.started_at)).scalar_one()
    assert found == at
    assert found.tzinfo is UTC
    assert from_instant(to_instant(at)) == at


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        put(database, datetime(2026, 11, 21, 12))  # noqa: DTZ001 - what is refused


def test_the_databases_clock_is_this_machines(database: Database) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    with database.read() as connection:
        found = connection.execute(select(now_sql(connection.dialect))).scalar_one()
    assert before < found < datetime.now(UTC) + timedelta(seconds=1)
