"""Backups and upgrades of a whole database."""

import resource
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import Server
from migrating import Scripts
from sending import a_campaign, rows

from mailer.errors import DatabaseError, RefusedError
from mailer.jobs.database import backup
from mailer.jobs.upgrade import upgrade
from mailer.model.key import KeyRing
from mailer.store import schema, versions
from mailer.store.copying import copy_sqlite
from mailer.store.database import Database, open_database
from mailer.workspace.checkpoints import read_checkpoints
from mailer.workspace.locks import FileTurn

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path / "migrations")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mailer.db"


@pytest.fixture
def sqlite(file: Path) -> Generator[Database, None, None]:
    opened = open_database(f"sqlite:///{file}", FileTurn(f"{file}.turn"))
    schema.upgrade(opened)
    yield opened
    opened.close()


def test_a_backup_is_the_database_at_one_moment_while_others_write(
    sqlite: Database, ring: KeyRing, tmp_path: Path
):
    a_campaign(sqlite, ring, 100)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            # Always both or none.
            with sqlite.write() as connection:
                connection.exec_driver_sql("UPDATE campaign SET planned = planned + 1")
                connection.exec_driver_sql("UPDATE delivery SET attempt = attempt + 1")

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        path = tmp_path / f"copy-{number}.db"
        backup(sqlite, str(path), str(tmp_path / "checkpoints.jsonl"), NOW)
        with closing(sqlite3.connect(path)) as copy:
            (planned,) = copy.execute("SELECT planned FROM campaign").fetchone()
            attempts = {row[0] for row in copy.execute("SELECT attempt FROM delivery")}
        assert attempts == {planned - 100}
    stop.set()
    writer.join()


def test_a_backup_is_one_file_that_opens_by_itself(
    sqlite: Database, ring: KeyRing, tmp_path: Path
):
    a_campaign(sqlite, ring, 3)
    path = tmp_path / "backups" / "monday.db"
    backup(sqlite, str(path), str(tmp_path / "checkpoints.jsonl"), NOW)
    assert [one.name for one in path.parent.iterdir()] == ["monday.db"]
    copy = open_database(f"sqlite:///{path}")
    assert len(rows(copy)) == 3
    assert schema.differences(copy) == []
    copy.close()


def test_a_backup_writes_down_how_far_the_ledger_is(sqlite: Database, tmp_path: Path):
    checkpoints = str(tmp_path / "checkpoints.jsonl")
    backup(sqlite, str(tmp_path / "a.db"), checkpoints, NOW)
    (checkpoint,) = read_checkpoints(checkpoints)
    assert (checkpoint.number, checkpoint.at) == (0, NOW)


def test_a_backup_is_never_written_over_a_file(sqlite: Database, tmp_path: Path):
    path = tmp_path / "a.db"
    path.write_text("something else", encoding="utf-8")
    with pytest.raises(RefusedError, match="exists"):
        backup(sqlite, str(path), str(tmp_path / "checkpoints.jsonl"), NOW)
    assert path.read_text(encoding="utf-8") == "something else"


def test_a_copy_that_cannot_be_written_is_told(sqlite: Database, tmp_path: Path):
    with pytest.raises(DatabaseError, match="could not be written"):
        copy_sqlite(sqlite, str(tmp_path / "no such folder" / "a.db"))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgresql_is_backed_up_by_pg_dump_which_is_named_without_a_password(
    database: Database, database_url: str, tmp_path: Path
):
    del database
    head, _, tail = database_url.partition("@")
    opened = open_database(f"{head.removesuffix(':')}:s3cret@{tail}")
    checkpoints = str(tmp_path / "checkpoints.jsonl")
    with pytest.raises(RefusedError) as caught:
        backup(opened, "monday's.dump", checkpoints, NOW)
    words = str(caught.value)
    assert """pg_dump --format=custom --file='monday'"'"'s.dump' 'postgresql://""" in words
    assert "The keys are not in it" in words
    assert "s3cret" not in words
    # How far the ledger is was written down all the same.
    assert len(read_checkpoints(checkpoints)) == 1
    opened.close()


def test_a_new_database_needs_no_copy(file: Path):
    opened = open_database(f"sqlite:///{file}")
    done = upgrade(opened, str(file), NOW)
    assert (done.before, done.after, done.backup) == (None, schema.head(), None)
    opened.close()


def test_upgrading_what_is_up_to_date_makes_no_copy(sqlite: Database, file: Path):
    done = upgrade(sqlite, str(file), NOW)
    assert (done.before, done.after, done.backup) == (schema.head(), schema.head(), None)


STEP = 'op.create_table("shoe", sa.Column("size", sa.Integer()))'
NEXT_STEP = 'op.add_column("shoe", sa.Column("colour", sa.Text()))'


def test_an_upgrade_of_sqlite_leaves_a_copy_of_the_version_before(
    file: Path, scripts: Scripts
):
    scripts.add(STEP)
    opened = open_database(f"sqlite:///{file}")
    schema.upgrade(opened, scripts.place)
    scripts.add(NEXT_STEP)
    done = upgrade(opened, str(file), NOW, scripts=scripts.place)
    assert (done.before, done.after) == ("0001", "0002")
    assert done.backup == f"{file}.0001-20261121-090000.backup"
    opened.close()
    copy = open_database(f"sqlite:///{done.backup}")
    assert versions.version(copy) == "0001"
    copy.close()


def test_an_upgrade_that_cannot_be_backed_up_is_not_begun(file: Path, scripts: Scripts):
    scripts.add(STEP)
    opened = open_database(f"sqlite:///{file}")
    schema.upgrade(opened, scripts.place)
    scripts.add(NEXT_STEP)
    assert versions.version(opened) == "0001"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(DatabaseError, match="could not be written"):
            upgrade(opened, str(file), NOW, scripts=scripts.place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert versions.version(opened) == "0001"
    assert not [one for one in file.parent.iterdir() if "backup" in one.name]
    opened.close()


def test_an_upgrade_of_postgresql_asks_for_a_backup_first(
    postgres: Server, scripts: Scripts
):
    scripts.add(STEP)
    opened = open_database(postgres.url)
    assert upgrade(opened, None, NOW, scripts=scripts.place).before is None
    scripts.add(NEXT_STEP)
    with pytest.raises(RefusedError, match="pg_dump --format=custom"):
        upgrade(opened, None, NOW, scripts=scripts.place)
    assert versions.version(opened) == "0001"
    done = upgrade(opened, None, NOW, backed_up=True, scripts=scripts.place)
    assert (done.before, done.after, done.backup) == ("0001", "0002", None)
    with opened.write() as connection:
        connection.exec_driver_sql("DROP TABLE shoe")
        connection.exec_driver_sql("DROP TABLE alembic_version")
    opened.close()


def test_a_database_of_a_newer_program_is_neither_copied_nor_changed(
    sqlite: Database, file: Path
):
    with sqlite.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        DatabaseError, match="version 9999, which this program does not know"
    ):
        upgrade(sqlite, str(file), NOW)
    assert list(file.parent.glob("*.backup")) == []
