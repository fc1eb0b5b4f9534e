"""Verdicts on record: counted for a campaign, and taken back."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)

from mailer.model.delivery import CauseKind, DeliveryState
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


def letters(connection: Connection, by: str, since: datetime) -> dict[tuple[str, str], int]:
    """Count the letters that left, or were refused, since a moment.

    Args:
        by: `reason` for all of them together, `provider`, `campaign` or `relay`.

    Returns:
        Numbers by provider and domain, by kind and number of the cause, or by relay and "".
    """
    column, nothing = _delivery.c, literal("")
    sqlite = connection.dialect.name == "sqlite"
    place = (func.instr if sqlite else func.strpos)(column.address, "@")
    domain = func.lower(func.substr(column.address, place + 1))
    keys: dict[str, tuple[ColumnElement[str], ColumnElement[str]]] = {
        "provider": (column.provider, domain),
        "campaign": (column.cause_kind, cast(column.cause_id, Text)),
        "relay": (func.coalesce(column.relay, ""), nothing),
        "reason": (nothing, nothing),
    }
    first, second = keys[by]
    refused = and_(column.state == DeliveryState.REFUSED.value, column.ended_at >= since)
    rows = connection.execute(
        select(first.label("one"), second.label("other"), func.count().label("letters"))
        .where(or_(column.left_at >= since, refused), column.rehearsal.is_(False))
        .group_by("one", "other")
    )
    return {(row.one, row.other): int(row.letters) for row in rows}


def letters_of(connection: Connection, campaign_id: int) -> int:
    """Count the letters of a campaign that left."""
    found = connection.execute(
        select(func.count()).where(
            _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
            _delivery.c.cause_id == campaign_id,
            _delivery.c.left_at.is_not(None),
        )
    )
    return int(found.scalar_one())


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
