"""What the last day brought, from what can be told at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.store.alarms import open_alarms
from mailer.store.campaigns import campaigns_in
from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Summary:
    """One day in figures.

    Args:
        campaigns: Those that are not ended, in words.
    """

    accepted: int
    refused: int
    in_doubt: int
    campaigns: tuple[str, ...]
    alarms: int


def summary(connection: Connection, now: datetime) -> Summary:
    """Sum up the last 24 hours."""
    ended: Any = connection.execute(
        select(_delivery.c.state, func.count())
        .where(_delivery.c.ended_at > now - _A_DAY)
        .group_by(_delivery.c.state)
    )
    by_state: dict[str, int] = dict(tuple(row) for row in ended)
    in_doubt = connection.execute(
        select(func.count())
        .where(literal_column("delivery.state = 'in_doubt'"))
        .select_from(_delivery)
    ).scalar_one()
    states = (CampaignState.PLANNING, CampaignState.RUNNING, CampaignState.PAUSED)
    active = campaigns_in(connection, *states)
    return Summary(
        by_state.get(DeliveryState.ACCEPTED, 0),
        by_state.get(DeliveryState.REFUSED, 0),
        int(in_doubt),
        tuple(f"{one.name} ({one.id}, {one.state})" for one in active),
        len(open_alarms(connection)),
    )
