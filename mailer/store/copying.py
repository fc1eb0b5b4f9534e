"""Copying a database while it is in use."""

import sqlite3
from contextlib import closing

from mailer.errors import DatabaseError
from mailer.store.database import Database


def copy_sqlite(database: Database, path: str) -> None:
    """Copy an SQLite database as it is at one moment; others go on reading and writing.

    Raises:
        DatabaseError: when the copy cannot be written, or does not read back whole.
    """
    try:
        with (
            closing(sqlite3.connect(path)) as copy,
            database.engine.connect() as connection,
        ):
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            # All pages in one step: with several, each commit would begin it anew.
            source.backup(copy, pages=-1)
            # Without its own -wal file the copy is one file, and can be taken anywhere.
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as problem:
        raise DatabaseError(
            f"the copy {path} could not be written: {problem}; the database is as it was"
        ) from problem
    if found != "ok":
        raise DatabaseError(
            f"the copy {path} is not whole ({found}): run `mailer db verify`"
        )
