"""What the world does to a database is told with what to do; bugs keep their traceback."""

import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from mailer.errors import DatabaseError
from mailer.store import schema, versions
from mailer.store.database import Database, open_database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mailer.db"


@pytest.fixture
def sqlite(file: Path) -> Generator[Database, None, None]:
    opened = open_database(f"sqlite:///{file}")
    schema.upgrade(opened)
    yield opened
    opened.close()


def fill(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO alarm (kind, subject, at, happened, todo) VALUES"
            f" ('full', '', 0, '{'x' * 10_000_000}', '')"
        )


def test_a_full_disk_is_told_and_nothing_of_the_write_stays(sqlite: Database):
    with sqlite.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 10}")
    with pytest.raises(DatabaseError, match="disk is full; make room on the disk"):
        fill(sqlite)
    with sqlite.read() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM alarm").scalar_one()
        connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
    assert found == 0
    fill(sqlite)


def test_a_damaged_file_is_told(file: Path):
    file.write_bytes(b"something else entirely, and longer than a header" * 100)
    damaged = open_database(f"sqlite:///{file}")
    with pytest.raises(DatabaseError, match="the file is damaged"):
        versions.version(damaged)
    damaged.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    nowhere = open_database(f"sqlite:///{tmp_path}/nowhere/mailer.db")
    with pytest.raises(DatabaseError, match=r"look at `database` in config.toml"):
        versions.version(nowhere)
    nowhere.close()


def test_a_missing_table_is_told_with_the_command_that_makes_it(database: Database):
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE alarm")
    with pytest.raises(DatabaseError, match="run `mailer db upgrade`"):
        fill(database)


def test_a_server_that_is_down_is_told(tmp_path: Path):
    down = open_database(f"postgresql://ann:s3cret@/mail?host={tmp_path}")
    with pytest.raises(DatabaseError, match="look whether the server runs") as caught:
        versions.version(down)
    assert "s3cret" not in str(caught.value)
    down.close()


def test_a_url_that_is_none_is_told_without_a_password():
    with pytest.raises(DatabaseError, match=r"`database` in config.toml") as caught:
        open_database("nothing://ann:s3cret@db/mail")
    assert "s3cret" not in str(caught.value)


def test_an_address_is_shown_without_its_password():
    database = open_database("postgresql://ann:s3cret@db.example:5433/mail")
    assert database.address == "postgresql://ann@db.example:5433/mail"
    database.close()


def test_a_bug_is_no_mistake_of_a_person(database: Database):
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO alarm (kind) VALUES (NULL)")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_server_that_takes_nothing_is_told(database: Database):
    with (
        pytest.raises(DatabaseError, match="the server takes nothing now"),
        database.write() as connection,
    ):
        connection.execute(text("SET TRANSACTION READ ONLY; DELETE FROM alarm"))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_server_that_is_to_take_nothing_is_not_told_otherwise_after_a_read(
    database: Database,
):
    with database.write() as connection:
        # Its default may be set for all, as a service does whose disk is full.
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        )
    database.engine.dispose()
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    with (
        pytest.raises(DatabaseError, match="the server takes nothing now"),
        database.write() as connection,
    ):
        connection.execute(text("DELETE FROM alarm"))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_two_that_wait_for_each_other_are_told_to_try_again(database: Database):
    def lock(connection: Connection, number: int) -> None:
        connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": number}
        )

    problems: list[DatabaseError] = []
    both = threading.Barrier(2)

    def lock_both(first: int, second: int) -> None:
        try:
            with database.read() as connection:
                lock(connection, first)
                both.wait(30)
                lock(connection, second)
        except DatabaseError as problem:
            problems.append(problem)

    other = threading.Thread(target=lock_both, args=(1, 2))
    other.start()
    lock_both(2, 1)
    other.join()
    (problem,) = problems
    assert str(problem).endswith("it was undone; try again")
