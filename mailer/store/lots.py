"""Lots: who is drawn for a limited campaign, and when letters that spread become due.

A contact's lot is its number times the golden ratio's share of a power of two: numbers that
follow each other come to lie as far apart as can be, so any part of a list is spread as
evenly as the whole. The campaign's number shifts the lots, so that the same people are not
always first. The same person has the same lot of a campaign whenever it is asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    literal_column,
    select,
    update,
)

from mailer.store.audience import Audience, bounds, people, picked_first
from mailer.store.tables import CampaignRow, table

_campaign = table(CampaignRow)

_GOLDEN = 2_654_435_769
"""2^32 divided by the golden ratio: odd, so that no two of 2^31 contacts share a lot."""

_SHIFT = 1_640_531_527
_LOTS = 1 << 31
_PLACES = 1 << 20
_MICROSECOND = timedelta(microseconds=1)


def lot(campaign_id: int) -> ColumnElement[int]:
    """Return a contact's lot for a campaign: no two contacts have the same."""
    shift = campaign_id * _SHIFT % _LOTS
    return literal_column(
        f"(((contact.id % {_LOTS}) * {_GOLDEN} + {shift}) % {_LOTS})", BigInteger()
    )


def later_by(spread: timedelta, campaign_id: int) -> ColumnElement[int]:
    """Return how many microseconds into the spread a contact's letter becomes due."""
    place = lot(campaign_id) / literal_column(str(_LOTS // _PLACES), BigInteger())
    length = spread // _MICROSECOND
    return literal_column(f"(({_text(place)}) * {length} / {_PLACES})", BigInteger())


def _text(element: ColumnElement[Any]) -> str:
    return str(element.compile(compile_kwargs={"literal_binds": True}))


def draw(
    connection: Connection,
    audiences: Sequence[Audience],
    campaign_id: int,
    limit: int,
    now: datetime,
) -> int:
    """Return the highest lot that is among the first `limit` of a campaign's audience."""
    drawn: list[int] = []
    for audience in audiences:
        its = lot(campaign_id).label("lot")
        found = people(its).where(picked_first(audience, connection.dialect))
        found = found.order_by(its).limit(limit)
        drawn += connection.execute(found, bounds(connection, audience, now)).scalars()
    drawn.sort()
    return drawn[:limit][-1] if drawn else 0


def note_drawn(connection: Connection, campaign_id: int, drawn_up_to: int) -> int:
    """Write down up to which lot people are drawn, once; return what stands there."""
    connection.execute(
        update(_campaign)
        .where(_campaign.c.id == campaign_id, _campaign.c.drawn_up_to.is_(None))
        .values(drawn_up_to=drawn_up_to)
    )
    found = select(_campaign.c.drawn_up_to).where(_campaign.c.id == campaign_id)
    return int(connection.execute(found).scalar_one())
