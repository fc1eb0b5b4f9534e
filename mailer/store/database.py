"""One database, SQLite or PostgreSQL: how it is opened, read and written.

On SQLite writers queue for a turn (an operating system's file lock, handed in by whoever
may open files) instead of polling for SQLite's own, and every write transaction begins
at once with `BEGIN IMMEDIATE`, so that reading and then writing cannot fail half-way.
"""

import re
import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    create_engine,
    event,
    literal_column,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import DatabaseError as SQLAlchemyDatabaseError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from mailer.errors import DatabaseError
from mailer.store import walfile
from mailer.store.columns import Instant

__all__ = [
    "Connection",
    "Database",
    "Turn",
    "now_sql",
    "open_database",
    "spoken",
    "translated",
]

Turn = Callable[[], AbstractContextManager[object]]

_BUSY_TIMEOUT_MS = 30_000
_CACHE_KIB = 64_000
_ONE_MOMENT = {"isolation_level": "REPEATABLE READ"}  # READ ONLY would leave "READ WRITE"
_ALTERING = {"lock": 0x616C746572}  # "alter": one at a time changes tables on PostgreSQL


class Database:
    """Reads and writes, each in a transaction of its own; safe to use from threads."""

    def __init__(self, engine: Engine, turn: Turn = nullcontext) -> None:
        self.engine = engine
        self._turn = turn
        self._wal = walfile.WalFile(engine, turn) if self.is_sqlite else None

    def __reduce__(self) -> tuple[Callable[[str, Turn], "Database"], tuple[str, Turn]]:
        """Let another process open it anew."""
        url = self.engine.url.render_as_string(hide_password=False)
        return open_database, (url, self._turn)

    @property
    def is_sqlite(self) -> bool:
        """Say which of the two it is."""
        return self.engine.dialect.name == "sqlite"

    @property
    def address(self) -> str:
        """Its URL as people may see it, without a password."""
        url = self.engine.url.set(drivername=self.engine.dialect.name)
        return URL.create(
            url.drivername, url.username, None, url.host, url.port, url.database, url.query
        ).render_as_string()

    @contextmanager
    def read(self) -> Generator[Connection, None, None]:
        """Give a connection that sees one moment of the database and changes nothing."""
        with translated(), self.engine.connect() as connection:
            options = {} if self.is_sqlite else _ONE_MOMENT
            yield connection.execution_options(**options)

    @contextmanager
    def write(self, *, flushed: bool = True) -> Generator[Connection, None, None]:
        """Give a connection whose changes are committed at the end, or undone on an error.

        Keep it short: on SQLite nobody else writes meanwhile (20 ms at most).

        Args:
            flushed: The commit is on disk before this ends. Without it a power cut may take
                back the last commits, whole and in order: only for work that is then done
                again from where its own rows say that it is, and that ends with a commit
                that is flushed.
        """
        with (
            translated(),
            self._turn(),
            self.engine.connect().execution_options(writes=True) as connection,
            nullcontext() if flushed else _unflushed(connection),
            connection.begin(),
        ):
            if not flushed and not self.is_sqlite:
                connection.execute(text("SET LOCAL synchronous_commit TO off"))
            yield connection
        if self._wal is not None:
            self._wal.fold_if_long()

    @contextmanager
    def turn(self) -> Generator[None, None, None]:
        """Hold the turn at writing, for statements that commit by themselves (SQLite).

        Whoever writes next folds the log, so that letters do not wait for it.
        """
        with translated(), self._turn():
            yield

    @contextmanager
    def alter(self) -> Generator[Connection, None, None]:
        """Give a connection for changing tables, alone and all or nothing.

        On SQLite the foreign keys are off meanwhile: rebuilding a table with them on
        deletes what refers to it. They are checked before the commit.

        Raises:
            DatabaseError: when a row would refer to nothing afterwards; nothing is changed.
        """
        with (
            translated(),
            self._turn(),
            self.engine.connect().execution_options(writes=True) as connection,
            _without_foreign_keys(connection),
            connection.begin(),
        ):
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), _ALTERING)
            yield connection
            if self.is_sqlite:
                _require_foreign_keys(connection)

    def session(self) -> Connection:
        """Open a session of its own, for locks that last as long as it does.

        Each statement is a transaction. Invalidate it at the end, so that nothing of it
        goes back into the pool.
        """
        with translated():
            return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(url: str, turn: Turn = nullcontext) -> Database:
    """Open a database by URL (`sqlite:///path` or `postgresql://…`), without making it.

    Raises:
        DatabaseError: when the URL is none, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            return Database(create_engine(parsed, pool_size=16, pool_pre_ping=True), turn)
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
    except (ArgumentError, NoSuchModuleError) as problem:
        # Not the URL itself: a password may be in it.
        raise DatabaseError(f"`database` in config.toml is no URL: {problem}") from problem
    except ModuleNotFoundError as missing:
        raise DatabaseError(
            "PostgreSQL needs its driver: pip install 'permission-mailer[postgres]'"
        ) from missing
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return Database(engine, turn)


def _on_connect(connection: Any, record: object) -> None:
    del record
    # SQLAlchemy's "begin" event below writes BEGIN; the driver must not do so by itself.
    connection.isolation_level = None
    walfile.begin(connection)
    for pragma in (
        # A lost commit would mean a second letter or a lost "no".
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        f"cache_size=-{_CACHE_KIB}",
        *walfile.PRAGMAS,
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _meanwhile(
    connection: Connection, now: str, afterwards: str
) -> Generator[None, None, None]:
    """Set an SQLite pragma around a transaction: inside one it is refused or ignored."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute(f"PRAGMA {now}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA {afterwards}")


def _without_foreign_keys(connection: Connection) -> AbstractContextManager[None]:
    return _meanwhile(connection, "foreign_keys=OFF", "foreign_keys=ON")


def _unflushed(connection: Connection) -> AbstractContextManager[None]:
    return _meanwhile(connection, "synchronous=NORMAL", "synchronous=FULL")


def _require_foreign_keys(connection: Connection) -> None:
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if lost is not None:
        raise DatabaseError(
            f"row {lost[1]} of the table {lost[0]} would refer to nothing in {lost[2]}:"
            " nothing was changed; run `mailer db verify`"
        )


@contextmanager
def translated() -> Generator[None, None, None]:
    """Turn what the world does to a database into a DatabaseError; a bug stays one."""
    try:
        yield
    except NoConnectionLeft as problem:
        raise DatabaseError(
            "all connections to the database are busy: try again in a moment"
        ) from problem
    except OperationalError as problem:
        raise _said(problem.orig) from problem
    except sqlite3.OperationalError as problem:
        raise _said(problem) from problem
    except DBAPIError as problem:
        # Most of these are bugs (and their words quote rows); a few are the world's.
        if type(problem) in _PERHAPS_THE_WORLD and (advice := _advice(problem.orig)):
            raise DatabaseError(advice) from problem
        raise
    except sqlite3.DatabaseError as problem:
        if type(problem) is sqlite3.DatabaseError and (advice := _advice(problem)):
            raise DatabaseError(advice) from problem
        raise


@contextmanager
def spoken(database: Database) -> Generator[None, None, None]:
    """Do as `translated` does, for statements that are given to the driver itself."""
    driver: Any = database.engine.dialect.loaded_dbapi
    try:
        yield
    except driver.OperationalError as problem:
        raise _said(problem) from problem
    except driver.DatabaseError as problem:
        if advice := _advice(problem):
            raise DatabaseError(advice) from problem
        raise


def _said(problem: BaseException | None) -> DatabaseError:
    return DatabaseError(_advice(problem) or f"the database says: {problem}")


_PERHAPS_THE_WORLD = {InternalError, ProgrammingError, SQLAlchemyDatabaseError}
_ADVICE = {
    "disk is full": "make room on the disk; what was not committed was undone",
    "No space left": "make room on the disk; what was not committed was undone",
    "disk I/O error": "look at the disk and its room; what was not committed was undone",
    "no such table": "run `mailer db upgrade`",
    "no such column": "run `mailer db upgrade`",
    "relation .* does not exist": "run `mailer db upgrade`",
    "column .* does not exist": "run `mailer db upgrade`",
    "deadlock": "it was undone; try again",
    "locked": "another program holds the database file; close it and try again",
    "unable to open": "look at `database` in config.toml and at the folder's permissions",
    "readonly": "the database file may not be written by this user",
    "read-only": "the server takes nothing now: its disk is full, or it stands by another",
    "malformed": "the file is damaged: bring back a backup",
    "not a database": "the file is damaged, or `database` names another file",
    "permission denied": "the database's user may not do this",
    "onnection": "look whether the server runs, and at `database` in config.toml",
    "(database|role) .* does not exist": "look at `database` in config.toml",
}


def _advice(problem: BaseException | None) -> str:
    words = " ".join(str(problem).split())
    for phrase, todo in _ADVICE.items():
        if re.search(phrase, words):
            return f"the database says: {words}; {todo}"
    return ""


def now_sql(dialect: Dialect) -> ColumnElement[Any]:
    """Return the database's own clock as an expression of type `Instant`."""
    if dialect.name == "sqlite":
        return literal_column(
            "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)", Instant()
        )
    return literal_column(
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)", Instant()
    )
