"""What came back of a running campaign's letters, by provider: for the brakes."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
)

from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.notice import Reason
from mailer.model.verdict import Effect
from mailer.pace.brakes import LEAST_COMPLAINTS, LEAST_REFUSALS, Tried
from mailer.store.causes import PARTS
from mailer.store.tables import AlarmRow, DeliveryRow, VerdictRow, table

_verdict = table(VerdictRow)
_delivery = table(DeliveryRow)
_alarm = table(AlarmRow)
_LATELY = timedelta(minutes=10)
_OUR_LIST = (Reason.USER_UNKNOWN.value, Reason.HOST_UNKNOWN.value)


def last_braked(connection: Connection, kind: str, subject: str) -> datetime | None:
    """Return when a brake was last put on a campaign; None for never."""
    at: datetime | None = connection.execute(
        select(func.max(_alarm.c.at)).where(
            _alarm.c.kind == kind, _alarm.c.subject == subject
        )
    ).scalar()
    return at


def tried(connection: Connection, campaign_id: int, since: datetime) -> list[Tried]:
    """Count by provider what was tried of a campaign since a moment, and what came of it.

    A letter counts once, however often it is reported, and its troubles only where it was
    tried since then itself: those of earlier letters would be counted among too few.
    The letters themselves are counted only where there is enough trouble to ask.
    """
    complained = _letters_with(_verdict.c.effect == Effect.COMPLAINED.value)
    refused = _letters_with(_verdict.c.hard & _verdict.c.reason.in_(_OUR_LIST))
    blamed = _letters_with(_verdict.c.effect == Effect.OURS.value)
    troubles = connection.execute(
        select(
            _delivery.c.provider,
            complained.label("complained"),
            refused.label("refused"),
            blamed.label("blamed"),
            func.max(_verdict.c.at).label("last_at"),
        )
        .join(_verdict, _verdict.c.delivery_id == _delivery.c.id)
        .where(
            # SQLite would walk over the whole campaign, by the index that begins with it.
            _delivery.c.cause_kind.concat("") == CauseKind.CAMPAIGN.value,
            _delivery.c.cause_id == campaign_id,
            _tried_since(since),
            _verdict.c.at > since,
            _verdict.c.undone_at.is_(None),
        )
        .group_by(_delivery.c.provider)
    ).all()
    if not any(
        row.complained >= LEAST_COMPLAINTS or max(row.refused, row.blamed) >= LEAST_REFUSALS
        for row in troubles
    ):
        return []
    letters = _letters(connection, campaign_id, since)
    return [
        Tried(
            row.provider,
            max(
                letters[row.provider],
                int(row.complained + row.refused + row.blamed),
            ),
            int(row.refused),
            int(row.complained),
            int(row.blamed),
            row.last_at,
        )
        for row in troubles
    ]


def _letters_with(trouble: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(distinct(case((trouble, _delivery.c.id))))


def _tried_since(since: datetime) -> ColumnElement[bool]:
    """Say that a letter left since a moment, or was refused before its content did."""
    refused = _delivery.c.state == DeliveryState.REFUSED.value
    return or_(_delivery.c.left_at > since, and_(refused, _delivery.c.ended_at > since))


def _letters(connection: Connection, campaign_id: int, since: datetime) -> Counter[str]:
    letters: Counter[str] = Counter()
    for part in PARTS:
        counted = connection.execute(
            select(_delivery.c.provider, func.count())
            .where(_of(campaign_id), part, _tried_since(since))
            .group_by(_delivery.c.provider)
        )
        letters.update({provider: int(count) for provider, count in counted})
    return letters


def _of(campaign_id: int) -> ColumnElement[bool]:
    return and_(
        _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
        _delivery.c.cause_id == campaign_id,
    )


def lately(connection: Connection, campaign_id: int, provider: str, now: datetime) -> float:
    """Return how many of a campaign's letters to a provider leave a second; 0 for none."""
    rows = [
        connection.execute(
            select(
                func.count().label("letters"),
                func.min(_delivery.c.left_at).label("first"),
                func.max(_delivery.c.left_at).label("last"),
            ).where(
                _of(campaign_id),
                part,
                _delivery.c.provider == provider,
                _delivery.c.left_at > now - _LATELY,
            )
        ).one()
        for part in PARTS
    ]
    some = [row for row in rows if row.letters]
    if not some:
        return 0
    over = max(row.last for row in some) - min(row.first for row in some)
    return float(sum(row.letters for row in some) / max(1, over.total_seconds()))
