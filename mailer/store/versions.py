"""Which version a database has, and whether it is this program's.

Each command asks this first, so it is asked without Alembic, which takes as long to load
as a good part of everything else; `schema.py` makes the changes.
"""

import pkgutil

from sqlalchemy import Column, MetaData, Table, Text, inspect, select

import mailer.store.migrations
from mailer.errors import DatabaseError
from mailer.store.database import Database

_TABLE = "alembic_version"
_version = Table(_TABLE, MetaData(), Column("version_num", Text))


def revisions() -> list[str]:
    """Return the versions that this program knows, by the names of its migrations."""
    folders = [f"{path}/versions" for path in mailer.store.migrations.__path__]
    return sorted(one.name[:4] for one in pkgutil.iter_modules(folders))


def version(database: Database) -> str | None:
    """Return the version of this database; None before its first `upgrade`."""
    with database.read() as connection:
        if not inspect(connection).has_table(_TABLE):
            return None
        found = connection.execute(select(_version.c.version_num)).scalar_one_or_none()
        return None if found is None else str(found)


def require_current(database: Database) -> None:
    """Raise a DatabaseError that says what to do unless the tables are up to date."""
    found, known = version(database), revisions()
    if found is None:
        raise DatabaseError(
            "this database has no tables of ours yet: run `mailer init` in the workspace's"
            " folder"
        )
    if found not in known:
        raise unknown(found)
    if found != known[-1]:
        raise DatabaseError(
            f"this database has version {found}, this program needs {known[-1]}:"
            " run `mailer db upgrade` (it makes a backup first)"
        )


def unknown(found: str) -> DatabaseError:
    """Return what is to be said of a database that a newer program made."""
    return DatabaseError(
        f"this database has version {found}, which this program does not know:"
        " install the newer program, or bring back a backup"
    )
