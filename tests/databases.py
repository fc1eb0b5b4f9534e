"""A PostgreSQL server of the tests, and its databases, which are given out again and again.

To make a database costs 0.1 s and more, to empty one a hundredth of that. So a test gets
one that another test has given back: emptied until it is what a new one would be. Where
that is not certain (tables were altered, statistics gathered, much was written) it is
dropped, and the next test gets a new one.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from mailer.store.database import Database, open_database
from mailer.workspace.locks import FileTurn

MUCH_BYTES = 20_000_000
"""A database that has grown by more is dropped: emptying it would cost more."""

_SESSIONS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# Whatever can be altered, with its identity; what was renamed and named back is as it was.
_SHAPE = """
    SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
        SELECT concat_ws(' ', 'class', oid, relname, relkind, relowner, relpersistence,
            relrowsecurity, reloptions, reltuples) part
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, attname, atttypid,
            atttypmod, attnotnull, atthasdef, attidentity, attgenerated, attisdropped,
            attstattarget, attoptions)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'default', adrelid, adnum, adbin) FROM pg_attrdef
        UNION ALL SELECT concat_ws(' ', 'constraint', oid, conname, convalidated)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'index', indexrelid, indisvalid, indisready)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled, tgrelid, tgfoid)
        FROM pg_trigger
        UNION ALL SELECT concat_ws(' ', 'rule', oid, rulename, ev_enabled) FROM pg_rewrite
        UNION ALL SELECT concat_ws(' ', 'function', oid, proname, prosrc)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', 'schema', oid, nspname) FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%'
        UNION ALL SELECT concat_ws(' ', 'statistics', count(*)) FROM pg_statistic_ext
        UNION ALL SELECT concat_ws(' ', 'setting', setconfig) FROM pg_db_role_setting
    ) AS parts
"""

# A table that was never written to since it was made has not one byte.
_WRITTEN = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND pg_relation_size(oid) > 0
"""

_REWIND = """
    SELECT setval(pg_class.oid, seqstart, false)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
    WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""

_SIZE = "SELECT pg_database_size(current_database())"


class Server:
    """A PostgreSQL server.

    Args:
        url: The address of its database `postgres`.
        process: What started it, and can stop it and start it again.
    """

    def __init__(self, url: str, process: Any) -> None:
        self.url = url
        self._process = process
        self._made = 0

    @contextmanager
    def down(self) -> Generator[None]:
        """Stop the server, and start it again afterwards."""
        self._process.stop()
        try:
            yield
        finally:
            self._process.ensure_postgres_running()

    def address(self, name: str) -> str:
        """Return the address of a database."""
        head, _, tail = self.url.partition("/postgres?")
        return f"{head}/{name}?{tail}"

    @contextmanager
    def session(self, name: str = "postgres") -> Generator[psycopg.Connection[Any]]:
        """Open a session in which each statement is a transaction."""
        with psycopg.connect(self.address(name), autocommit=True) as opened:
            yield opened

    def create(self, like: str = "template1") -> str:
        """Make a database as another is, and return its name."""
        self._made += 1
        name = f"test_{self._made}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.session() as opened:
            opened.execute(made.format(sql.Identifier(name), sql.Identifier(like)))
        return name

    def drop(self, name: str) -> None:
        dropped = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        with self.session() as opened:
            opened.execute(dropped)


class Stock:
    """Databases like one that has our tables.

    Args:
        like: The database, by name; nobody may be connected to it any more.
    """

    def __init__(self, server: Server, like: str) -> None:
        self.server = server
        self.like = like
        self._free: list[str] = []
        with server.session(like) as opened:
            self._shape = _one(opened, _SHAPE)
            self._size = _one(opened, _SIZE)
            self._rows = {name: _rows(opened, name) for name in _written(opened)}

    def take(self) -> str:
        """Return the name of a database that is as new."""
        return self._free.pop() if self._free else self.server.create(self.like)

    def give_back(self, name: str) -> None:
        """Take a database back, whatever was done to it; who uses it is thrown out."""
        if self._emptied(name):
            self._free.append(name)
        else:
            self.server.drop(name)

    def _emptied(self, name: str) -> bool:
        with self.server.session(name) as opened:
            opened.execute(_SESSIONS)
            if (
                _one(opened, _SHAPE) != self._shape
                or _one(opened, _SIZE) > self._size + MUCH_BYTES
            ):
                return False
            with opened.transaction():
                # Neither foreign keys nor triggers have a say.
                opened.execute("SET LOCAL session_replication_role = replica")
                for table in _written(opened):
                    opened.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                for table, rows in self._rows.items():
                    known = sql.SQL(
                        "INSERT INTO {0} OVERRIDING SYSTEM VALUE"
                        " SELECT * FROM json_populate_recordset(NULL::{0}, %s::json)"
                    )
                    opened.execute(known.format(sql.Identifier(table)), [rows])
                opened.execute(_REWIND)
        return True


def _one(opened: psycopg.Connection[Any], question: str) -> Any:
    found = opened.execute(question.encode()).fetchone()
    assert found is not None
    return found[0]


def _written(opened: psycopg.Connection[Any]) -> list[str]:
    return [name for (name,) in opened.execute(_WRITTEN.encode())]


def _rows(opened: psycopg.Connection[Any], table: str) -> str:
    """Return what stands in a table, as JSON."""
    every = sql.SQL("SELECT coalesce(json_agg(one), '[]')::text FROM {} AS one")
    found = opened.execute(every.format(sql.Identifier(table))).fetchone()
    assert found is not None
    return found[0]


def opened_at(url: str, folder: Path) -> Database:
    """Open a database as the program does: only of one file writers queue."""
    if url.startswith("sqlite"):
        return open_database(url, FileTurn(str(folder / "mailer.db.turn")))
    return open_database(url)
