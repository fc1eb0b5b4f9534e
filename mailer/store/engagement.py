"""How long ago people did something of their own accord, as what orders a campaign.

Letters leave in the order of their due times. A microsecond for each hour since a person
did something puts the most engaged first, and needs no index and no sorting of its own.
"""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Dialect, func, literal_column, select

from mailer.store.audience import contact, subscription
from mailer.store.columns import to_instant
from mailer.store.eventtables import EventRow
from mailer.store.tables import table

_event = table(EventRow)

_AN_HOUR_US = timedelta(hours=1) // timedelta(microseconds=1)
LONGEST = timedelta(days=366)
"""Who did nothing for so long is as far back as who never did anything."""

_MOST = LONGEST // timedelta(hours=1)


def last_engaged(at: datetime, dialect: Dialect) -> ColumnElement[int]:
    """Return how many hours before a moment a contact last did something, up to a year.

    As in `engaged_within`: an event of hers, or that she joined the list.
    """
    # `max` and `min` of several values have other names on PostgreSQL.
    lite = dialect.name == "sqlite"
    most, least = (func.max, func.min) if lite else (func.greatest, func.least)
    none = literal_column("0", BigInteger())
    event = (
        select(func.max(_whole(_event.c.at)))
        .where(_event.c.contact_id == contact.c.id)
        .correlate(contact)
        .scalar_subquery()
    )
    joined = _whole(subscription.c.since_at)
    newest = most(func.coalesce(event, none), func.coalesce(joined, none))
    since = literal_column(str(to_instant(at)), BigInteger()) - newest
    most_us = literal_column(str(_MOST * _AN_HOUR_US), BigInteger())
    past = least(most(since, none), most_us)
    hours: ColumnElement[int] = past.op("/", return_type=BigInteger())(
        literal_column(str(_AN_HOUR_US), BigInteger())
    )
    return hours


def _whole(column: ColumnElement[datetime]) -> ColumnElement[int]:
    return literal_column(str(column), BigInteger())
