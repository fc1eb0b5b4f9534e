"""The tables: what the migrations make is what `tables.py` says, on both databases."""

import re
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

import mailer.store.migrations
from mailer.errors import DatabaseError
from mailer.store import schema, versions
from mailer.store.database import Database, open_database

VERSIONS = Path(next(iter(mailer.store.migrations.__path__))) / "versions"


def test_the_migrations_make_the_tables_that_the_program_declares(database: Database):
    assert schema.differences(database) == []


def test_a_table_that_is_made_anew_without_its_triggers_is_told(tmp_path: Path):
    made = open_database(f"sqlite:///{tmp_path}/mailer.db")
    schema.upgrade(made)
    with made.write() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("ticket_entry", recreate="always"):
            pass
    told = schema.differences(made)
    made.close()
    assert told == [
        ("remove_trigger", f"ticket_entry_{name}") for name in ("changed", "put", "taken")
    ]


def test_a_database_made_now_has_the_newest_version(database: Database):
    assert versions.version(database) == schema.head()
    assert not schema.needs_upgrade(database)
    versions.require_current(database)


def test_upgrading_again_changes_nothing(database: Database):
    assert schema.upgrade(database) == (schema.head(), schema.head())


def test_migrations_are_numbered_and_stand_in_one_line():
    config = Config()
    config.set_main_option("script_location", schema.MIGRATIONS)
    (head,) = ScriptDirectory.from_config(config).get_heads()
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]
    assert revisions[-1].revision == head
    # A number may be left out: two that were written side by side keep their own.
    before = None
    for one in revisions:
        assert re.fullmatch(r"\d{4}", one.revision)
        assert one.revision > (before or "")
        assert one.down_revision == before
        before = one.revision
    files = sorted(path.stem for path in VERSIONS.glob("*.py"))
    assert [name[:4] for name in files] == [one.revision for one in revisions]
    # What each command asks without Alembic is the same.
    assert versions.revisions() == [name[:4] for name in files]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+", name) for name in files)


def test_a_database_without_tables_is_told_with_what_to_do(database_url: str):
    empty = open_database(database_url)
    with pytest.raises(DatabaseError, match="run `mailer init`"):
        versions.require_current(empty)
    empty.close()


def test_a_database_of_a_newer_program_is_told_with_what_to_do(database: Database):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for ask in (versions.require_current, schema.needs_upgrade, schema.upgrade):
        with pytest.raises(
            DatabaseError, match="version 9999, which this program does not"
        ):
            ask(database)
