"""Many rows at once, past SQLAlchemy: the driver's quickest way on each database.

SQLite takes some rows a statement, prepared once; PostgreSQL takes a whole column as one
array, because a statement for each row would cost a round trip each.
Values are as the driver wants them: times as microseconds, JSON as text.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, Integer, LargeBinary, Table

from mailer.store.columns import Instant

Row = tuple[Any, ...]

_ROWS_A_STATEMENT = 100


def look_up(connection: Connection, select: str, values: Sequence[object]) -> list[Row]:
    """Read the rows whose column is among up to 30,000 values.

    Args:
        select: Our own SQL up to the column, as in `SELECT id FROM contact WHERE hash`.
    """
    if not values:
        return []
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(values))
        found = connection.exec_driver_sql(f"{select} IN ({marks})", tuple(values))
    else:
        found = connection.exec_driver_sql(f"{select} = ANY(%s)", (list(values),))
    return [tuple(row) for row in found]


def insert_rows(
    connection: Connection,
    rows_of: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    and_then: str = "",
) -> Sequence[Row]:
    """Insert rows; each is a tuple with a value for each column.

    Args:
        and_then: What follows the values, such as an ON CONFLICT clause.

    Returns:
        What a RETURNING clause gives, on PostgreSQL only; nothing otherwise.
    """
    if not rows:
        return []
    names = ", ".join(f'"{column}"' for column in columns)
    into = f"INSERT INTO {rows_of.name} ({names})"
    if connection.dialect.name == "sqlite":
        _insert_into_sqlite(connection, into, len(columns), rows, and_then)
        return []
    select = f"SELECT * FROM {_arrays(rows_of, columns)} AS given ({names})"
    result = connection.exec_driver_sql(
        f"{into} {select} {and_then}", tuple(map(list, zip(*rows, strict=True)))
    )
    return [tuple(row) for row in result] if result.returns_rows else []


def _insert_into_sqlite(
    connection: Connection, into: str, width: int, rows: Sequence[Row], and_then: str
) -> None:
    """Insert so many rows a statement; one a statement would take half as long again."""
    one = f"({', '.join('?' * width)})"
    many = len(rows) - len(rows) % _ROWS_A_STATEMENT
    if many:
        values = ", ".join([one] * _ROWS_A_STATEMENT)
        groups = [
            tuple(chain.from_iterable(rows[start : start + _ROWS_A_STATEMENT]))
            for start in range(0, many, _ROWS_A_STATEMENT)
        ]
        connection.exec_driver_sql(f"{into} VALUES {values} {and_then}", groups)
    if many < len(rows):
        rest = list(rows[many:])
        connection.exec_driver_sql(f"{into} VALUES {one} {and_then}", rest)


def update_rows(
    connection: Connection,
    rows_of: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: Sequence[Row],
) -> None:
    """Update rows by key; each is a tuple with a value for each column, then each key."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        changed = ", ".join(f'"{column}" = ?' for column in columns)
        where = " AND ".join(f'"{key}" = ?' for key in keys)
        connection.exec_driver_sql(
            f"UPDATE {rows_of.name} SET {changed} WHERE {where}", list(rows)
        )
        return
    every = [*columns, *keys]
    names = ", ".join(f'"{column}"' for column in every)
    changed = ", ".join(f'"{column}" = given."{column}"' for column in columns)
    where = " AND ".join(f'{rows_of.name}."{key}" = given."{key}"' for key in keys)
    connection.exec_driver_sql(
        f"UPDATE {rows_of.name} SET {changed}"
        f" FROM {_arrays(rows_of, every)} AS given ({names}) WHERE {where}",
        tuple(map(list, zip(*rows, strict=True))),
    )


def _arrays(rows_of: Table, columns: Sequence[str]) -> str:
    types = ", ".join(f"%s::{_type(rows_of, column)}[]" for column in columns)
    return f"unnest({types})"


def _type(rows_of: Table, column: str) -> str:
    declared = rows_of.c[column].type
    if isinstance(declared, (BigInteger, Integer, Instant)):
        return "bigint"
    if isinstance(declared, LargeBinary):
        return "bytea"
    return "jsonb" if isinstance(declared, JSON) else "text"
