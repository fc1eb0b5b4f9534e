"""Inserting what may be there already, said alike on SQLite and PostgreSQL.

Two programs, or two clicks, may look at the same moment, find nothing and both insert:
"look, then insert" is a failure of the second on PostgreSQL.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def inserting(connection: Connection, into: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that can say what to do where the row is there already."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(into)
    return postgresql.insert(into)


def put(
    connection: Connection,
    into: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    new: Mapping[str, Any] | None = None,
) -> None:
    """Write a row, or change the one that has the same key.

    Args:
        new: Values of a row that was not there only.
    """
    row = {**(new or {}), **key, **values}
    statement = inserting(connection, into).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=dict(values))
    )
