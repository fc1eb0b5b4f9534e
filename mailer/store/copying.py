"""Copying a database while it is in use."""

import sqlite3
from contextlib import closing
from urllib.parse import quote

from mailer.errors import DatabaseError
from mailer.store.database import Database, translated


def copy_file(path: str, to: str) -> None:
    """Copy an SQLite file that nobody may change, such as a backup.

    Raises:
        DatabaseError: when it is none, is damaged, or the copy cannot be written.
    """
    _require_sound(path)
    try:
        with closing(_read_only(path)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy, pages=-1)
    except sqlite3.Error as problem:
        # The file was read to its end just now, so it is the copy.
        raise DatabaseError(
            f"the copy {to} could not be written: {problem}; {path} is whole, and nothing"
            " was changed: make room for a copy of it there"
        ) from problem


def _require_sound(path: str) -> None:
    try:
        with closing(_read_only(path)) as source:
            found = source.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as problem:
        raise DatabaseError(
            f"{path} is no database that can be read ({problem}): take another backup"
        ) from problem
    if found != "ok":
        raise DatabaseError(f"{path} is damaged ({found}): take another backup")


def _read_only(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)


def fold(database: Database) -> None:
    """Fold the log of an SQLite database that nobody else uses: then it is one file."""
    with translated(), database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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
