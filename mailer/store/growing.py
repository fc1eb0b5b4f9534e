"""How people came to a list: many at once where the ledger says one thing, else each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, func, literal_column, select, text

from mailer.model.subscription import Entry
from mailer.store.columns import from_instant
from mailer.store.evidence import read_step
from mailer.store.tables import LedgerRow, SubscriptionRow, table

_rows = table(LedgerRow)
_subscription = table(SubscriptionRow)

_QUARTER_US = 15 * 60 * 1_000_000
"""Every zone's days begin on a quarter of an hour (tz database, since 1970)."""

_of_list = _rows.c.list_id.is_(None) | (_rows.c.list_id == bindparam("list"))


@dataclass(frozen=True, slots=True)
class Alike:
    """People of whom the ledger says one thing only, and the same of all.

    Args:
        entry: What it says; its time is the quarter of an hour that it falls into.
    """

    entry: Entry
    count: int


_SAID = (_rows.c.act, _rows.c.how, _rows.c.basis, _rows.c.at)

_single = (
    select(
        *(func.min(column).label(column.name) for column in _SAID),
        _rows.c.contact_id,
    )
    .where(_of_list)
    .group_by(_rows.c.contact_id)
    .having(text("count(*) = 1"))
    .subquery()
)
_quarter = literal_column(f"at / {_QUARTER_US}", BigInteger()).label("quarter")
_alike = select(
    _single.c.act, _single.c.how, _single.c.basis, _quarter, func.count().label("many")
).group_by("act", "how", "basis", "quarter")

_several = (
    select(_rows.c.contact_id)
    .where(_of_list, _rows.c.contact_id > bindparam("last"))
    .group_by(_rows.c.contact_id)
    .having(text("count(*) > 1"))
    .order_by(_rows.c.contact_id)
    .limit(bindparam("limit"))
)


def alike(connection: Connection, list_id: str) -> list[Alike]:
    """Count those with one entry about a list (or all lists) by what it says and when."""
    found = connection.execute(_alike, {"list": list_id})
    return [
        Alike(_entry(row.act, row.how, row.basis, row.quarter), row.many) for row in found
    ]


def _entry(act: str, how: str, basis: str | None, quarter: int) -> Entry:
    at: datetime = from_instant(quarter * _QUARTER_US)
    return read_step((0, None, 0, act, at, how, basis, None, None, 0))


def with_several(connection: Connection, list_id: str, last: int, limit: int) -> list[int]:
    """Return the next contacts with several such entries, after one, in order."""
    values = {"list": list_id, "last": last, "limit": limit}
    return list(connection.execute(_several, values).scalars())


def ever_on(connection: Connection, list_id: str, contact_ids: list[int]) -> set[int]:
    """Return those of some contacts who ever were on a list and were not erased."""
    found = select(_subscription.c.contact_id).where(
        _subscription.c.list_id == list_id, _subscription.c.contact_id.in_(contact_ids)
    )
    return set(connection.execute(found).scalars())
