"""A migration that rebuilds a table keeps what refers to it: the second of the ten traps.

SQLite cannot drop or change most columns, so Alembic copies the table, drops the old one
and renames the copy. With foreign keys on, dropping fires ON DELETE CASCADE.
"""

from collections.abc import Generator
from pathlib import Path

import pytest
from migrating import Scripts
from sqlalchemy import Connection

from mailer.errors import DatabaseError
from mailer.store import schema, versions
from mailer.store.database import Database, open_database

TABLES = """
op.create_table(
    "person",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("shoe_size", sa.Integer()),
)
op.create_table(
    "person_consent",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column(
        "person_id", sa.Integer(), sa.ForeignKey("person.id", ondelete="CASCADE")
    ),
)
"""
PEOPLE = """
op.execute("INSERT INTO person VALUES (1, 40), (2, 41), (3, 42)")
op.execute("INSERT INTO person_consent VALUES (1, 1), (2, 2), (3, 3)")
"""
REBUILD = """
with op.batch_alter_table("person", recreate="always") as person:
    person.drop_column("shoe_size")
"""


def count(connection: Connection, table: str) -> int:
    return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def with_people(url: str, scripts: Scripts) -> Generator[Database, None, None]:
    scripts.add(TABLES)
    scripts.add(PEOPLE)
    opened = open_database(url)
    schema.upgrade(opened, scripts.place)
    yield opened
    opened.close()


@pytest.fixture
def people(database_url: str, scripts: Scripts) -> Generator[Database, None, None]:
    yield from with_people(database_url, scripts)


@pytest.fixture
def sqlite_people(tmp_path: Path, scripts: Scripts) -> Generator[Database, None, None]:
    yield from with_people(f"sqlite:///{tmp_path / 'mailer.db'}", scripts)


def test_rebuilding_a_table_keeps_the_consents_that_refer_to_it(
    people: Database, scripts: Scripts
):
    if people.is_sqlite:
        scripts.add(REBUILD)
    else:
        scripts.add('op.drop_column("person", "shoe_size")')
    assert schema.upgrade(people, scripts.place) == ("0002", "0003")
    with people.read() as connection:
        assert count(connection, "person") == 3
        assert count(connection, "person_consent") == 3


def test_the_trap_is_real_with_foreign_keys_on_the_consents_are_gone(
    sqlite_people: Database,
):
    people = sqlite_people
    with people.write() as connection:
        connection.exec_driver_sql("CREATE TABLE _new (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO _new SELECT id FROM person")
        connection.exec_driver_sql("DROP TABLE person")
        connection.exec_driver_sql("ALTER TABLE _new RENAME TO person")
    with people.read() as connection:
        assert count(connection, "person") == 3
        assert count(connection, "person_consent") == 0


def test_a_migration_that_orphans_a_row_is_undone_as_a_whole(
    people: Database, scripts: Scripts
):
    scripts.add('op.add_column("person", sa.Column("city", sa.Text()))')
    scripts.add('op.execute("INSERT INTO person_consent VALUES (4, 99)")')
    if people.is_sqlite:
        with pytest.raises(DatabaseError, match="row 4 of the table person_consent would"):
            schema.upgrade(people, scripts.place)
    else:
        # PostgreSQL checks at once, and says so itself.
        with pytest.raises(Exception, match="violates foreign key"):
            schema.upgrade(people, scripts.place)
    assert versions.version(people) == "0002"
    with people.read() as connection:
        assert count(connection, "person_consent") == 3
        names = connection.exec_driver_sql("SELECT * FROM person").keys()
    assert "city" not in names


def test_a_migration_that_fails_half_way_is_undone_as_a_whole(
    people: Database, scripts: Scripts
):
    scripts.add('op.execute("DELETE FROM person_consent")\nraise OSError("the plug")')
    with pytest.raises(OSError, match="the plug"):
        schema.upgrade(people, scripts.place)
    assert versions.version(people) == "0002"
    with people.read() as connection:
        assert count(connection, "person_consent") == 3


def test_foreign_keys_are_on_again_afterwards(sqlite_people: Database):
    people = sqlite_people
    with people.read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    with people.write() as connection:
        connection.exec_driver_sql("DELETE FROM person WHERE id = 1")
        assert count(connection, "person_consent") == 2
