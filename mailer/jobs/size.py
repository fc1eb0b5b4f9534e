"""How much room the database and a million letters take, and what would be freed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.jobs.ageing import would_age
from mailer.store import size as store
from mailer.store.database import Database
from mailer.store.size import TableSize

_OF_LETTERS = ("delivery", "attempt")
_DAYS = 30
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """The database in figures.

    Args:
        empty_bytes: Room in the file that is used again before it grows.
        per_million_bytes: What a million letters take; None while there are too few.
        a_day_bytes: By how much it grows a day, by the letters of the last 30 days.
        would_age: How many letters retention would age out now.
        freed_bytes: How much room that would make.
    """

    whole_bytes: int
    empty_bytes: int
    tables: tuple[TableSize, ...]
    per_million_bytes: int | None
    a_day_bytes: int | None
    would_age: int
    freed_bytes: int


_ENOUGH = 1_000


def measure(database: Database, keep: timedelta, now: datetime) -> Size:
    """Measure the database; all tables are counted, so it takes a moment.

    Args:
        keep: How long retention keeps letters; nothing for ever.
    """
    with database.read() as connection:
        whole, empty = store.whole_size(connection)
        tables = store.table_sizes(connection)
        daily = store.letters_a_day(connection, now - timedelta(days=_DAYS), _DAYS)
    old = would_age(database, keep, now)
    letters = next(one.rows for one in tables if one.name == "delivery")
    taken = sum(one.size_bytes for one in tables if one.name in _OF_LETTERS)
    each = taken / letters if letters >= _ENOUGH else None
    return Size(
        whole,
        empty,
        tuple(tables),
        None if each is None else round(each * _MILLION),
        None if each is None else round(each * daily),
        old,
        0 if each is None else round(each * old),
    )
