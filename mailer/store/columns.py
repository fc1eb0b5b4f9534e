"""The kinds of columns that tables are made of, and how times are stored.

Times are microseconds since 1970 UTC (SQLite would drop a zone).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Dialect, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_instant(time: datetime) -> int:
    """Turn an aware time into microseconds since 1970 UTC; a naive one is a bug."""
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {time}")
    return (time - _EPOCH) // _MICROSECOND


@lru_cache(512)
def from_instant(instant: int) -> datetime:
    """Turn microseconds since 1970 into an aware UTC time."""
    return _EPOCH + timedelta(microseconds=instant)


class Instant(TypeDecorator[datetime]):
    """An aware time, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else to_instant(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else from_instant(value)


Values = JSON().with_variant(JSONB(), "postgresql")
"""JSON that can be asked: JSONB on PostgreSQL, text on SQLite."""

# SQLite only counts up a plain INTEGER PRIMARY KEY by itself.
Id = BigInteger().with_variant(Integer(), "sqlite")


def id_column() -> Any:
    """Return the number of a row, counted up by the database."""
    return Field(default=None, sa_column=Column(Id, primary_key=True, autoincrement=True))


def text_column(*, null: bool = False, default: str | None = None) -> Any:
    """Return a column of text."""
    column = Column(Text, nullable=null, server_default=default)
    return Field(default=default, sa_column=column)


def values_column() -> Any:
    """Return a column of JSON that may be empty."""
    return Field(default=None, sa_column=Column(Values, nullable=True))


def time_column(*, null: bool = False) -> Any:
    """Return a column of aware times."""
    return Field(default=None, sa_column=Column(Instant, nullable=null))


def number_column(*, null: bool = False) -> Any:
    """Return a column of whole numbers."""
    return Field(default=None, sa_column=Column(BigInteger, nullable=null))


def bytes_column(*, null: bool = False) -> Any:
    """Return a column of bytes."""
    return Field(default=None, sa_column=Column(LargeBinary, nullable=null))
