"""The figures that monitoring asks for: those an index answers, and those that cost a scan.

None of them is about a person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select

from mailer.model.campaign import CampaignState
from mailer.model.consent import SuppressionReason
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import KINDS, Kind, Lane
from mailer.store.tables import (
    AlarmRow,
    CampaignRow,
    DeliveryRow,
    SuppressionRow,
    table,
)

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_suppression = table(SuppressionRow)
_alarm = table(AlarmRow)

# Partial indexes are only used when the statement says their condition literally.
_QUEUED: ColumnElement[bool] = literal_column("delivery.state = 'queued'")
_OF_A_CAMPAIGN: ColumnElement[bool] = literal_column("delivery.cause_kind = 'campaign'")
_OF_NO_CAMPAIGN: ColumnElement[bool] = literal_column("delivery.cause_kind <> 'campaign'")
_IN_DOUBT: ColumnElement[bool] = literal_column("delivery.state = 'in_doubt'")

_running = select(_campaign.c.id).where(_campaign.c.state == CampaignState.RUNNING.value)
_due_parts = (
    and_(_QUEUED, _OF_A_CAMPAIGN, _delivery.c.cause_id.in_(_running)),
    and_(_QUEUED, _OF_NO_CAMPAIGN, _delivery.c.lane.in_([lane.value for lane in Lane])),
)


@dataclass(frozen=True, slots=True)
class Present:
    """How things stand now; an index answers each of these.

    Args:
        due: Letters that could leave now, of running campaigns and of no campaign.
        oldest_due_at: Since when the first of them could; None when there is none.
        alarms: Those that nobody has acknowledged.
    """

    campaigns: dict[CampaignState, int]
    due: int
    oldest_due_at: datetime | None
    in_doubt: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open letters in one state: those of a campaign, or those in a lane of no campaign.

    Args:
        campaign_id: None for those of no campaign.
    """

    state: DeliveryState
    lane: Lane
    campaign_id: int | None
    letters: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of whole tables: about half a second for a million deliveries."""

    deliveries: dict[DeliveryState, int]
    suppressions: dict[SuppressionReason, int]


def answers(connection: Connection) -> bool:
    """Say that the database answers, by reading from the table that matters most.

    Raises:
        DatabaseError: when it does not.
    """
    connection.execute(select(_delivery.c.id).limit(1)).first()
    return True


def present(connection: Connection, now: datetime) -> Present:
    """Count what an index answers."""
    waiting = [
        connection.execute(
            select(func.count(), func.min(_delivery.c.due_at)).where(
                part, _delivery.c.due_at <= now
            )
        ).one()
        for part in _due_parts
    ]
    return Present(
        campaigns=_campaigns(connection),
        due=sum(count for count, _ in waiting),
        oldest_due_at=min((since for _, since in waiting if since), default=None),
        in_doubt=_count(connection, _delivery, _IN_DOUBT),
        alarms=_count(connection, _alarm, _alarm.c.acknowledged_at.is_(None)),
    )


_of_campaigns = (
    select(_delivery.c.cause_id, func.count().label("letters"))
    .where(_QUEUED, _OF_A_CAMPAIGN)
    .group_by(_delivery.c.cause_id)
    .subquery()
)
_queued_of_campaigns = (
    select(_delivery.c.cause_id, func.count().label("letters"))
    .where(_QUEUED, _OF_A_CAMPAIGN)
    .group_by(_delivery.c.cause_id)
    .subquery()
)
# A campaign's letters all have the lane of its kind, so its index is enough.
_by_campaign = select(
    _campaign.c.id, _campaign.c.kind, _queued_of_campaigns.c.letters
).join_from(
    _queued_of_campaigns, _campaign, _campaign.c.id == _queued_of_campaigns.c.cause_id
)
_by_lane = (
    select(_delivery.c.lane, func.count())
    .where(_QUEUED, _OF_NO_CAMPAIGN)
    .group_by(_delivery.c.lane)
)
_held_what = (
    _delivery.c.state,
    _delivery.c.lane,
    _delivery.c.cause_kind,
    _delivery.c.cause_id,
)
_held = (
    select(*_held_what, func.count())
    .where(_delivery.c.owner_id.is_not(None))
    .group_by(*_held_what)
)


def open_letters(connection: Connection) -> list[Waiting]:
    """Count the letters that are queued or that senders hold, by campaign or by lane."""
    queued = DeliveryState.QUEUED
    found = [
        Waiting(queued, KINDS[Kind(kind)].lane, id_, letters)
        for id_, kind, letters in connection.execute(_by_campaign)
    ]
    for lane, letters in connection.execute(_by_lane):
        found.append(Waiting(queued, Lane(lane), None, letters))
    for state, lane, cause, cause_id, letters in connection.execute(_held):
        of = cause_id if cause == CauseKind.CAMPAIGN else None
        found.append(Waiting(DeliveryState(state), Lane(lane), of, letters))
    return found


_doubts = (
    select(_delivery.c.cause_kind, _delivery.c.cause_id, func.count())
    .where(_IN_DOUBT)
    .group_by(_delivery.c.cause_kind, _delivery.c.cause_id)
)


def doubts(connection: Connection) -> tuple[dict[int, int], int]:
    """Count the letters in doubt of each campaign that has any, and those of none."""
    rows = connection.execute(_doubts).all()
    found = {id_: n for cause, id_, n in rows if cause == CauseKind.CAMPAIGN}
    return found, sum(n for _, _, n in rows) - sum(found.values())


def totals(connection: Connection, now: datetime) -> Totals:
    """Count whole tables: every state and reason is there, with 0 if need be."""
    deliveries = dict.fromkeys(DeliveryState, 0)
    found: Any = connection.execute(
        select(_delivery.c.state, func.count()).group_by(_delivery.c.state)
    )
    deliveries |= {DeliveryState(state): count for state, count in found}
    suppressions = dict.fromkeys(SuppressionReason, 0)
    found = connection.execute(
        select(_suppression.c.reason, func.count())
        .where(or_(_suppression.c.until_at.is_(None), _suppression.c.until_at > now))
        .group_by(_suppression.c.reason)
    )
    suppressions |= {SuppressionReason(reason): count for reason, count in found}
    if connection.dialect.name == "sqlite":
        # The scan has gone through this connection's page cache; nobody needs it there.
        connection.exec_driver_sql("PRAGMA shrink_memory")
    return Totals(deliveries, suppressions)


def _campaigns(connection: Connection) -> dict[CampaignState, int]:
    campaigns = dict.fromkeys(CampaignState, 0)
    found: Any = connection.execute(
        select(_campaign.c.state, func.count()).group_by(_campaign.c.state)
    )
    return campaigns | {CampaignState(state): count for state, count in found}


def _count(connection: Connection, rows: Any, where: Any) -> int:
    return int(
        connection.execute(select(func.count()).select_from(rows).where(where)).scalar_one()
    )
