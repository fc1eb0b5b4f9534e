"""How a database goes about what it is asked: which tables it reads through."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, text

from mailer.store.database import Database

_ASKED = ("SELECT", "WITH", "UPDATE", "DELETE")


@dataclass(slots=True)
class Asked:
    """Statements that were executed, with their values, and in which way.

    Args:
        waiting: For each, whether its transaction holds a writer's turn.
    """

    statements: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    waiting: list[bool] = field(default_factory=list[bool])


@contextmanager
def asked(database: Database) -> Generator[Asked]:
    """Note what a database is asked meanwhile."""
    noted = Asked()

    def note(
        connection: Connection,
        _cursor: Any,
        statement: str,
        values: Any,
        *others: Any,
    ) -> None:
        if statement.startswith(_ASKED):
            noted.statements.append((statement, values[0] if others[1] else values))
            noted.waiting.append(bool(connection.get_execution_options().get("writes")))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def read_through(
    database: Database, noted: Asked, *, writing_only: bool = False
) -> dict[str, set[str]]:
    """Return the tables that statements read from one end to the other, by statement.

    PostgreSQL is asked for a plan without such a reading wherever there is one: it knows
    that a test's tables are small.

    Args:
        writing_only: Only statements that others wait for.
    """
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    scan = r"^SCAN (\w+)" if database.is_sqlite else r"Seq Scan on (\w+)"
    found: dict[str, set[str]] = {}
    with database.read() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        for (statement, values), writes in zip(
            noted.statements, noted.waiting, strict=True
        ):
            if writing_only and not writes:
                continue
            plan = connection.exec_driver_sql(f"{explain} {statement}", values)
            for step in [str(row[-1]) for row in plan]:
                for table in re.findall(scan, step):
                    found.setdefault(table, set()).add(statement)
        connection.rollback()
    return found
