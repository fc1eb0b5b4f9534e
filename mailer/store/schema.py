"""Making the tables and bringing them up to date, with Alembic as a library.

Migrations are numbered (`NNNN_what_it_does.py`) and stand in one line. Each is safe while
the program before it still runs: it adds; what nobody uses any more goes one release later.
"""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from mailer.store.database import Database
from mailer.store.desktables import metadata
from mailer.store.ticketsearch import INDEX, TRIGGERS
from mailer.store.versions import unknown, version

MIGRATIONS = "mailer.store:migrations"


def head(scripts: str = MIGRATIONS) -> str:
    """Return the newest version that this program knows."""
    revision = _scripts(scripts).get_current_head()
    assert revision is not None
    return revision


def needs_upgrade(database: Database, scripts: str = MIGRATIONS) -> bool:
    """Say whether there are tables of an older version.

    Raises:
        DatabaseError: when the database was made by a newer program.
    """
    found = version(database)
    _require_known(found, scripts)
    return found not in {None, head(scripts)}


def upgrade(database: Database, scripts: str = MIGRATIONS) -> tuple[str | None, str]:
    """Bring the tables up to date, all or nothing.

    Args:
        scripts: Where Alembic finds the migrations.

    Returns:
        The versions before and after.

    Raises:
        DatabaseError: when the database was made by a newer program, or a row would refer
            to nothing afterwards; nothing is changed then.
    """
    with database.alter() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        _require_known(before, scripts)
        command.upgrade(_config(scripts, connection), "head")
    return before, head(scripts)


def differences(database: Database) -> list[object]:
    """Return how the database differs from `tables.py`; empty when it does not."""
    with database.read() as connection:
        opts = {"compare_type": True, "include_name": _is_declared}
        context = MigrationContext.configure(connection, opts=opts)
        return [*compare_metadata(context, metadata), *_dropped_triggers(connection)]


def _dropped_triggers(connection: Connection) -> list[object]:
    """Return the triggers that should be there: SQLite drops them with their table."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
    missing = TRIGGERS - set(found.scalars())
    return [("remove_trigger", name) for name in sorted(missing)]


def _is_declared(name: str | None, *_: object) -> bool:
    """Say whether our tables name it: each database has a search index of its own."""
    return name is None or not name.startswith(INDEX)


def _require_known(found: str | None, scripts: str) -> None:
    known = {one.revision for one in _scripts(scripts).walk_revisions()}
    if found is not None and found not in known:
        raise unknown(found)


def _scripts(scripts: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(scripts))


def _config(scripts: str, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", scripts)
    config.attributes["connection"] = connection
    return config
