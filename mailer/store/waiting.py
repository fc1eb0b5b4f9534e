"""What waits to be claimed: in which campaigns and at which providers, or in which lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)

from mailer.model.kind import Lane
from mailer.store.columns import to_instant
from mailer.store.compiled import Compiled, Row
from mailer.store.due import DUE, OF_A_CAMPAIGN, OF_NO_CAMPAIGN, QUEUED
from mailer.store.permission import NOW
from mailer.store.shapingtables import CanaryLetterRow, CanaryRow
from mailer.store.tables import CampaignRow, table

_campaign = table(CampaignRow)
_canary = table(CanaryRow)
_of_canary = table(CanaryLetterRow)


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign with letters that are due.

    Args:
        pace: Its letters a second; None for no pace of its own.
        providers: Where letters of it are due, by name.
        sample: Only its canary may leave yet.
    """

    id: int
    pace: float | None
    providers: tuple[str, ...]
    sample: bool = False


def _waits_for_canary() -> ColumnElement[bool]:
    return exists(
        select(_canary.c.campaign_id).where(
            _canary.c.campaign_id == _campaign.c.id,
            literal_column("canary.passed_at IS NULL"),
        )
    )


def _running() -> Compiled:
    """Step from provider to provider in the index, instead of over all that waits."""

    def first(*after: ColumnElement[bool]) -> Any:
        return select(func.min(DUE.c.provider)).where(QUEUED, OF_A_CAMPAIGN, *after)

    seed = select(
        _campaign.c.id.label("id"),
        _campaign.c.pace_per_s.label("pace"),
        first(DUE.c.cause_id == _campaign.c.id).scalar_subquery().label("provider"),
    ).where(
        literal_column("campaign.state = 'running'"),
        _campaign.c.rehearsal == bindparam("rehearsing"),
        ~_waits_for_canary(),
    )
    steps = seed.cte("steps", recursive=True)
    after = first(DUE.c.cause_id == steps.c.id, DUE.c.provider > steps.c.provider)
    steps = steps.union_all(
        select(steps.c.id, steps.c.pace, after.scalar_subquery()).where(
            steps.c.provider.is_not(None)
        )
    )
    is_due = exists(
        select(DUE.c.id).where(
            QUEUED,
            OF_A_CAMPAIGN,
            DUE.c.cause_id == steps.c.id,
            DUE.c.provider == steps.c.provider,
            DUE.c.due_at <= NOW,
        )
    )
    cells: list[ColumnElement[Any]] = [steps.c.id, steps.c.pace, steps.c.provider]
    return Compiled(select(*cells).where(is_due).order_by(steps.c.id, steps.c.provider))


_RUNNING = _running()


def _sampled() -> Compiled:
    """Ask where letters of the canaries are due: there are few of them."""
    cells: list[ColumnElement[Any]] = [
        _campaign.c.id,
        _campaign.c.pace_per_s,
        DUE.c.provider,
    ]
    return Compiled(
        select(*cells)
        .select_from(_canary)
        .join(_campaign, _campaign.c.id == _canary.c.campaign_id)
        .join(_of_canary, _of_canary.c.campaign_id == _canary.c.campaign_id)
        .join(DUE, DUE.c.id == _of_canary.c.delivery_id)
        .where(
            literal_column("canary.passed_at IS NULL"),
            literal_column("campaign.state = 'running'"),
            _campaign.c.rehearsal == bindparam("rehearsing"),
            QUEUED,
            DUE.c.due_at <= NOW,
        )
        .distinct()
        .order_by(_campaign.c.id, DUE.c.provider)
    )


_SAMPLED = _sampled()


def due_campaigns(
    connection: Connection, now: datetime, *, rehearsing: bool = False
) -> list[Running]:
    """Return the running campaigns of which letters are due, and at which providers.

    Args:
        rehearsing: Those that are rehearsals, and no others.
    """
    values = {"now": to_instant(now), "rehearsing": rehearsing}
    whole = _grouped(_RUNNING.rows(connection, values), sample=False)
    return whole + _grouped(_SAMPLED.rows(connection, values), sample=True)


def _grouped(rows: Sequence[Row], *, sample: bool) -> list[Running]:
    found: dict[int, tuple[float | None, list[str]]] = {}
    for number, pace, provider in rows:
        found.setdefault(number, (pace, []))[1].append(provider)
    return [
        Running(number, pace, tuple(providers), sample)
        for number, (pace, providers) in found.items()
    ]


def providers_of(connection: Connection, campaign_id: int) -> list[str]:
    """Return the providers at which letters of a campaign are queued, by name."""
    asked = select(func.min(DUE.c.provider)).where(
        QUEUED, OF_A_CAMPAIGN, DUE.c.cause_id == campaign_id
    )
    found: list[str] = []
    while True:
        after = asked.where(DUE.c.provider > found[-1]) if found else asked
        name: str | None = connection.execute(after).scalar()
        if name is None:
            return found
        found.append(name)


def lane_is_due(connection: Connection, now: datetime, *, rehearsing: bool = False) -> bool:
    """Say whether a letter of no campaign may be claimed, without a turn at writing."""
    of_lane = select(DUE.c.id).where(
        QUEUED,
        OF_NO_CAMPAIGN,
        DUE.c.lane.in_([lane.value for lane in Lane]),
        DUE.c.due_at <= now,
        DUE.c.rehearsal.is_(rehearsing),
    )
    return connection.execute(of_lane.limit(1)).first() is not None


def waiting_by_provider(connection: Connection) -> dict[str, int]:
    """Count the letters of campaigns that are queued, by provider."""
    counted = (
        select(DUE.c.provider, func.count().label("letters"))
        .where(QUEUED, OF_A_CAMPAIGN)
        .group_by(DUE.c.provider)
    )
    return {row.provider: row.letters for row in connection.execute(counted)}
