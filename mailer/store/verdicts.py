"""Verdicts on record: counted for a campaign, and taken back."""

from datetime import datetime

from sqlalchemy import Connection, case, func, select, update

from mailer.model.delivery import CauseKind
from mailer.model.verdict import Effect
from mailer.store.incoming import Concern, whose
from mailer.store.tables import DeliveryRow, VerdictRow, table

_verdict = table(VerdictRow)
_delivery = table(DeliveryRow)


def came_back(connection: Connection, campaign_id: int) -> list[tuple[str, int, int]]:
    """Count what was reported about a campaign's letters, the most frequent reason first.

    Returns:
        Reason, reports, and how many of them were hard.
    """
    hard = func.sum(case((_verdict.c.hard, 1), else_=0))
    rows = connection.execute(
        select(_verdict.c.reason, func.count().label("reports"), hard.label("hard"))
        .join(_delivery, _delivery.c.id == _verdict.c.delivery_id)
        .where(
            _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
            _delivery.c.cause_id == campaign_id,
            # What was refused at once is counted as refused.
            _verdict.c.incoming_id.is_not(None),
            _verdict.c.undone_at.is_(None),
            _verdict.c.notice != "report",
        )
        .group_by(_verdict.c.reason)
        .order_by(func.count().desc(), _verdict.c.reason)
    )
    return [(row.reason, int(row.reports), int(row.hard or 0)) for row in rows]


def undo(connection: Connection, verdict_id: int, now: datetime) -> bool:
    """Note that a verdict does not hold; False when that is on record already."""
    changed = connection.execute(
        update(_verdict)
        .where(_verdict.c.id == verdict_id, _verdict.c.undone_at.is_(None))
        .values(undone_at=now)
    )
    return changed.rowcount == 1


def others_suppress(connection: Connection, about: Concern, verdict_id: int) -> bool:
    """Say whether another verdict that holds keeps letters from the same address."""
    found = connection.execute(
        select(_verdict.c.id)
        .join(_delivery, _delivery.c.id == _verdict.c.delivery_id)
        .where(
            whose(about),
            _verdict.c.id != verdict_id,
            _verdict.c.effect == Effect.SUPPRESSED.value,
            _verdict.c.undone_at.is_(None),
        )
        .limit(1)
    )
    return found.first() is not None
