"""How SQLite and PostgreSQL read a typed value out of a contact's JSON.

What is read is NULL exactly where `mailer.model.attributes.read` says that there is no
value of the declared type. Texts compare by code point: SQLite compares UTF-8 bytes by
itself, PostgreSQL when told to (`COLLATE "C"`).
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Numeric,
    Text,
    and_,
    any_,
    case,
    cast,
    collate,
    exists,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mailer.model.attributes import NUMBER_LIMIT, AttributeType
from mailer.model.rule import Name
from mailer.store.tables import ContactRow, table

contact = table(ContactRow)

Expression = ColumnElement[Any]

ONE: Expression = literal_column("1")
"""What a subquery selects that is only asked whether it finds anything."""


def _limits() -> tuple[Expression, Expression]:
    return literal_column(str(-NUMBER_LIMIT)), literal_column(str(NUMBER_LIMIT))


def _word(word: str) -> Expression:
    """Return a word of our own as part of the statement."""
    return literal_column(f"'{word}'", Text())


class Stored(ABC):
    """The values of the contact table's rows, as one database reads them."""

    def value(self, name: Name) -> Expression:
        """Return the value of a name, or its default, or NULL."""
        if name.name in {"language", "time_zone"}:
            return self.text(contact.c[name.name])
        found = self._found(name)
        if name.default is None:
            return found
        return func.coalesce(found, self._default(name))

    def _default(self, name: Name) -> Expression:
        if isinstance(name.default, tuple):
            return self._texts(name.default)
        assert name.default is not None
        return self.constant(name.default)

    def constant(self, value: str | float) -> Expression:
        """Return a bound constant that compares with values of its type."""
        if isinstance(value, str):
            return self.text(literal(value))
        return literal(value) if isinstance(value, bool) else self._number(value)

    @abstractmethod
    def text(self, expression: Expression) -> Expression:
        """Return a text that compares by code point."""

    @abstractmethod
    def text_length(self, expression: Expression) -> Expression:
        """Return how many code points a text has."""

    @abstractmethod
    def elements(self, texts: Expression) -> Expression:
        """Return how many elements texts have, or NULL."""

    @abstractmethod
    def has_part(self, expression: Expression, part: Expression) -> ColumnElement[bool]:
        """Say whether a text has a part; NULL when one of them is."""

    @abstractmethod
    def has_element(self, name: Name, element: Expression) -> ColumnElement[bool]:
        """Say whether the texts of a name have an element; NULL or false without texts."""

    @abstractmethod
    def in_zone(self, zones: Sequence[str]) -> ColumnElement[bool]:
        """Say whether the contact's time zone is one of many; NULL or false without one."""

    @abstractmethod
    def _found(self, name: Name) -> Expression: ...

    @abstractmethod
    def _texts(self, texts: tuple[str, ...]) -> Expression: ...

    @abstractmethod
    def _number(self, value: float) -> Expression: ...


class _Sqlite(Stored):
    def text(self, expression: Expression) -> Expression:
        return expression

    def text_length(self, expression: Expression) -> Expression:
        return func.length(expression)

    def has_part(self, expression: Expression, part: Expression) -> ColumnElement[bool]:
        return func.instr(expression, part) > 0

    def has_element(self, name: Name, element: Expression) -> ColumnElement[bool]:
        each = func.json_each(self.value(name)).table_valued("type", "atom")
        return exists(
            select(ONE)
            .select_from(each)
            .where(each.c.type == _word("text"), each.c.atom == element)
            .correlate(contact)
        )

    def in_zone(self, zones: Sequence[str]) -> ColumnElement[bool]:
        each = func.json_each(literal(json.dumps(zones), Text)).table_valued("value")
        return contact.c.time_zone.in_(select(each.c.value))

    def _found(self, name: Name) -> Expression:
        path = literal(f'$."{name.name}"', Text)
        kind = func.json_type(contact.c.attributes, path)
        found = func.json_extract(contact.c.attributes, path)
        match name.type:
            case AttributeType.TEXT:
                fits = kind == _word("text")
            case AttributeType.NUMBER:
                numeric = kind.in_([_word("integer"), _word("real")])
                fits = and_(numeric, found.between(*_limits()))
            case AttributeType.BOOLEAN:
                fits = kind.in_([_word("true"), _word("false")])
            case AttributeType.DATE:
                shape = _word("-".join("[0-9]" * digits for digits in (4, 2, 2)))
                fits = and_(kind == _word("text"), found.bool_op("GLOB")(shape))
            case AttributeType.TEXTS:
                fits = kind == _word("array")
        return case((fits, found))

    def elements(self, texts: Expression) -> Expression:
        return func.json_array_length(texts)

    def _texts(self, texts: tuple[str, ...]) -> Expression:
        return literal(json.dumps(texts), Text)

    def _number(self, value: float) -> Expression:
        if isinstance(value, int):
            return literal(value)
        # By the way that stored ones go, so that equal digits give equal numbers.
        return func.json_extract(literal(repr(value), Text), _word("$"))


class _Postgres(Stored):
    def text(self, expression: Expression) -> Expression:
        return collate(expression, "C")

    def text_length(self, expression: Expression) -> Expression:
        return func.char_length(expression)

    def has_part(self, expression: Expression, part: Expression) -> ColumnElement[bool]:
        return func.strpos(expression, part) > 0

    def has_element(self, name: Name, element: Expression) -> ColumnElement[bool]:
        return self.value(name).bool_op("?")(element)

    def in_zone(self, zones: Sequence[str]) -> ColumnElement[bool]:
        return contact.c.time_zone == any_(literal(list(zones), ARRAY(Text)))

    def _found(self, name: Name) -> Expression:
        key = literal(name.name, Text)
        attributes = type_coerce(contact.c.attributes, JSONB)
        found = attributes.op("->", return_type=JSONB())(key)
        words = attributes.op("->>", return_type=Text())(key)
        kind = func.jsonb_typeof(found)
        text = self.text(case((kind == _word("string"), words)))
        match name.type:
            case AttributeType.TEXT:
                return text
            case AttributeType.NUMBER:
                number = case((kind == _word("number"), cast(words, Numeric)))
                return case((number.between(*_limits()), number))
            case AttributeType.BOOLEAN:
                return case((kind == _word("boolean"), words == _word("true")))
            case AttributeType.DATE:
                shape = _word("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
                return self.text(case((text.bool_op("~")(shape), text)))
            case AttributeType.TEXTS:
                return case((kind == _word("array"), found))

    def elements(self, texts: Expression) -> Expression:
        return func.jsonb_array_length(texts)

    def _texts(self, texts: tuple[str, ...]) -> Expression:
        return literal(list(texts), JSONB)

    def _number(self, value: float) -> Expression:
        return literal(Decimal(repr(value)), Numeric)


def stored(dialect: Dialect) -> Stored:
    """Return how this kind of database reads values."""
    return _Sqlite() if dialect.name == "sqlite" else _Postgres()
