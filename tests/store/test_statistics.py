"""PostgreSQL has counted what was just written before anybody looks for it there."""

import logging
from pathlib import Path

import pytest
from audiences import NOW, add_people, campaign, see_list, world
from people import People
from sqlalchemy import text

from mailer.jobs.plan import plan
from mailer.model.key import KeyRing
from mailer.store import owners
from mailer.store.database import Database, open_database
from mailer.store.statistics import LETTERS, count_tables

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def counted(database: Database, *tables: str) -> dict[str, int]:
    """Return how many rows PostgreSQL has last counted in tables; -1 for never."""
    asked = text("SELECT relname, reltuples FROM pg_class WHERE relname = ANY(:tables)")
    with database.read() as connection:
        found = connection.execute(asked, {"tables": list(tables)})
        return {row.relname: round(row.reltuples) for row in found}


def to_everyone(database: Database, people: range) -> None:
    with database.write() as connection:
        if people.start == 1:
            see_list(connection)
        add_people(connection, people)
        number = campaign(connection)
    assert plan(world(database), number) is not None


def test_the_letters_of_a_campaign_are_counted_when_it_is_planned(database: Database):
    to_everyone(database, range(1, 1_501))
    assert counted(database, "delivery") == {"delivery": 1_500}


def test_what_hung_workers_hold_is_found_without_reading_a_whole_campaign(
    database: Database,
):
    to_everyone(database, range(1, 1_501))
    whole = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'delivery'"
    with database.write() as connection:
        assert not owners.take_back_overdue(connection, owners.overdue(connection), NOW)
        assert connection.exec_driver_sql(whole).scalar_one() == 0


def test_a_few_letters_are_not_worth_counting(database: Database):
    to_everyone(database, range(1, 100))
    assert counted(database, "delivery") == {"delivery": -1}


def test_what_is_less_than_a_tenth_of_a_table_is_not_counted(database: Database):
    to_everyone(database, range(1, 1_501))
    with database.write() as connection:
        connection.execute(
            text("UPDATE pg_class SET reltuples = 15001 WHERE relname = 'delivery'")
        )
    count_tables(database, LETTERS, 1_500)
    assert counted(database, "delivery") == {"delivery": 15_001}
    count_tables(database, LETTERS, 1_501)
    assert counted(database, "delivery") == {"delivery": 1_500}


def test_people_are_counted_when_they_are_imported(
    database: Database, ring: KeyRing, tmp_path: Path
):
    people = People(database, ring, tmp_path)
    rows = [f"person{number}@example.com" for number in range(1_200)]
    people.run(people.file("Email", *rows))
    tables = ("contact", "subscription", "ledger")
    assert counted(database, *tables) == dict.fromkeys(tables, 1_200)


def test_a_table_that_somebody_else_counts_is_left_to_them(database: Database):
    with database.write() as counting:
        counting.execute(text("LOCK TABLE delivery IN SHARE UPDATE EXCLUSIVE MODE"))
        count_tables(database, LETTERS, 5_000)
        assert counted(database, "delivery") == {"delivery": -1}


def test_what_cannot_be_counted_is_said_and_harms_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
):
    nowhere = open_database(
        database.engine.url.set(database="nowhere").render_as_string(hide_password=False)
    )
    with caplog.at_level(logging.WARNING):
        count_tables(nowhere, LETTERS, 5_000)
    nowhere.close()
    assert "the table delivery was not counted" in caplog.text
