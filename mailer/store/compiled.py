"""Core statements on the hottest paths: compiled once, run with the driver's own values.

SQLAlchemy looks a statement up, converts its parameters and wraps its result each time; at
some hundred group commits a second that costs more than the database's own work. And a
driver lets go of the interpreter at each step, to wait for it behind the event loop: so
what concerns many rows is one statement, with all of them in one parameter.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Subquery,
    Text,
    UpdateBase,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

Values = Mapping[str, Any]
"""Parameters by name, as the driver wants them: times as microseconds."""

Row = tuple[Any, ...]

Number, Word = BigInteger, Text


_BOUND = re.compile(r":([a-z]\w*)")


class Compiled:
    """A statement that is compiled when each kind of database first runs it."""

    def __init__(self, statement: UpdateBase | Select[Any]) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def rows(self, connection: Connection, values: Values) -> list[Row]:
        """Run it and return its rows."""
        text, constants = self.spelt(connection.dialect)
        result = connection.exec_driver_sql(text, {**constants, **values})
        return [tuple(row) for row in result]

    def count(self, connection: Connection, values: Values) -> int:
        """Run it and return how many rows it changed."""
        text, constants = self.spelt(connection.dialect)
        return connection.exec_driver_sql(text, {**constants, **values}).rowcount

    def in_trigger(self, dialect: Dialect) -> str:
        """Spell it with what it binds taken from the row given to a trigger (SQLite)."""
        text, constants = self.spelt(dialect)

        def given(found: re.Match[str]) -> str:
            name = found[1]
            if name not in constants:
                return f"NEW.{name}"
            value = constants[name]
            if isinstance(value, int):
                return str(value)
            return "'" + str(value).replace("'", "''") + "'"

        return _BOUND.sub(given, text)

    def spelt(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """Return the statement's text, and the constants that it was built with."""
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


def rows_given(
    name: str, columns: Mapping[str, type[BigInteger | Text]], dialect_name: str
) -> Subquery:
    """Return the rows that are bound as one parameter; `as_parameter` makes its value."""
    cells: list[ColumnElement[Any]] = []
    if dialect_name == "sqlite":
        each = func.json_each(bindparam(name)).table_valued("value")
        for place in range(len(columns)):
            path: ColumnElement[str] = literal_column(f"'$[{place}]'")
            cells.append(func.json_extract(each.c.value, path))
    else:
        rows = func.jsonb_array_elements(cast(bindparam(name), JSONB))
        each = rows.table_valued("value")
        for place, kind in enumerate(columns.values()):
            cells.append(cast(each.c.value.op("->>")(literal_column(str(place))), kind))
    named = (cell.label(column) for cell, column in zip(cells, columns, strict=True))
    return select(*named).subquery("given")


def among(column: ColumnElement[int], name: str, dialect_name: str) -> ColumnElement[bool]:
    """Say that a column has one of the numbers that are bound as one parameter.

    PostgreSQL goes by an index on the column; of a list of rows it would not know how few
    they are, and look through the whole list for each row that it found by other means.
    """
    if dialect_name == "sqlite":
        each = func.json_each(bindparam(name)).table_valued("value")
        return column.in_(select(each.c.value))
    numbers = func.translate(cast(bindparam(name), Text), "[]", "{}")
    return column == any_(cast(numbers, ARRAY(BigInteger)))


def as_parameter(rows: Sequence[Row] | Sequence[int]) -> str:
    """Put rows of numbers, texts and None, or numbers alone, into one parameter."""
    return json.dumps(rows, separators=(",", ":"))
