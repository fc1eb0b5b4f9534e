"""Core statements on the hottest paths: compiled once, run with the driver's own values.

SQLAlchemy looks a statement up, converts its parameters and wraps its result each time; at
some hundred group commits a second that costs more than the database's own work.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    UpdateBase,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import sqlite

Values = Mapping[str, Any]
"""Parameters by name, as the driver wants them: times as microseconds."""

Row = tuple[Any, ...]


class Compiled:
    """A statement that is compiled when each kind of database first runs it."""

    def __init__(self, statement: UpdateBase | Select[Any]) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def all(self, connection: Connection, values: Values) -> Sequence[Row]:
        """Run it once and return its rows."""
        text, constants = self._text(connection.dialect)
        result = connection.exec_driver_sql(text, {**constants, **values})
        return [tuple(row) for row in result]

    def many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it once for each row of parameters."""
        if rows:
            text, constants = self._text(connection.dialect)
            connection.exec_driver_sql(text, [{**constants, **row} for row in rows])

    def _text(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """Return the statement's text and the constants that it was built with."""
        if (ready := self._texts.get(dialect.name)) is not None:
            return ready
        on_sqlite = dialect.name == "sqlite"
        # With names for its parameters, as psycopg has them anyway.
        named = sqlite.dialect(paramstyle="named") if on_sqlite else dialect
        compiled = self._statement.compile(dialect=named)
        constants = {
            name: value
            for name, value in compiled.params.items()
            if not compiled.binds[name].required
        }
        self._texts[dialect.name] = compiled.string, constants
        return compiled.string, constants


def among(column: ColumnElement[int], name: str, dialect: Dialect) -> ColumnElement[bool]:
    """Say whether a number is in a list, bound as one parameter that `listed` makes."""
    if dialect.name == "sqlite":
        given = func.json_each(bindparam(name)).table_valued("value")
        return column.in_(select(given.c.value))
    return column == func.any(bindparam(name, type_=ARRAY(BigInteger)))


def listed(numbers: Sequence[int], dialect: Dialect) -> str | list[int]:
    """Return the parameter that `among` reads."""
    if dialect.name == "sqlite":
        return f"[{','.join(map(str, numbers))}]"
    return list(numbers)
