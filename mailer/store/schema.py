"""Making the tables and bringing them up to date, with Alembic as a library."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from mailer.errors import DatabaseError
from mailer.store.database import Database
from mailer.store.tables import metadata


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "mailer.store:migrations")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest version that this program knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def version(database: Database) -> str | None:
    """Return the version of this database; None before its first `upgrade`."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the tables up to date and return the versions before and after.

    On SQLite the foreign keys are off meanwhile: rebuilding a table with them on deletes what
    refers to it. They are checked before the end.

    Raises:
        DatabaseError: when the database was made by a newer program, or a row refers to
            nothing afterwards; nothing is changed then.
    """
    before = version(database)
    known = {
        one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()
    }
    if before is not None and before not in known:
        raise DatabaseError(
            f"this database has version {before}, which this program does not know:"
            " install the newer program, or bring back a backup"
        )
    with database.engine.connect().execution_options(writes=True) as connection:
        if database.is_sqlite:
            # Outside any transaction: inside one SQLite ignores this without a word.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]  # pyright: ignore
        try:
            with connection.begin():
                command.upgrade(_config(connection), "head")
                if database.is_sqlite and (
                    lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                ):
                    raise DatabaseError(
                        f"after the upgrade a row would refer to nothing: {lost}"
                    )
        finally:
            if database.is_sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]  # pyright: ignore
    return before, head()


def require_current(database: Database) -> None:
    """Raise a DatabaseError that says what to do unless the tables are up to date."""
    with database.read() as connection:
        if not inspect(connection).get_table_names():
            raise DatabaseError(
                "this database is empty: run `mailer db upgrade` to make its tables"
            )
    found = version(database)
    if found != head():
        raise DatabaseError(
            f"this database has version {found}, this program needs {head()}:"
            " run `mailer db upgrade` (it makes a backup first)"
        )


def differences(database: Database) -> list[object]:
    """Return how the database differs from `tables.py`; empty when it does not."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))
