"""From every version that was ever released to the newest, on both databases."""

import threading

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from mailer.store import schema, versions
from mailer.store.database import Database, open_database


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", schema.MIGRATIONS)
    return made


REVISIONS = sorted(
    one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()
)


def upgrade_to(database: Database, revision: str) -> None:
    with database.alter() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, revision)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_version_is_brought_to_the_newest(
    database_url: str, revision: str
):
    database = open_database(database_url)
    upgrade_to(database, revision)
    assert versions.version(database) == revision
    assert schema.upgrade(database) == (revision, schema.head())
    assert schema.differences(database) == []
    database.close()


def test_a_database_without_tables_gets_them(database_url: str):
    database = open_database(database_url)
    assert schema.upgrade(database) == (None, schema.head())
    assert schema.differences(database) == []
    database.close()


def test_two_upgrades_at_once_wait_for_each_other(database_url: str):
    found: list[tuple[str | None, str]] = []
    start = threading.Barrier(2)

    def upgrade() -> None:
        database = open_database(database_url)
        start.wait()
        found.append(schema.upgrade(database))
        database.close()

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [(schema.head(), schema.head()), (None, schema.head())]
