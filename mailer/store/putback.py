"""Bringing forward what would wait for a clock that was put back to be as late again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, literal_column, select, update

from mailer.model.campaign import CampaignState
from mailer.model.webhook import HookState
from mailer.store.columns import to_instant
from mailer.store.doortables import WebhookRow
from mailer.store.due import DUE, QUEUED
from mailer.store.tables import CampaignRow, DeliveryRow, table

_campaign = table(CampaignRow)
_delivery = table(DeliveryRow)
_hook = table(WebhookRow)
_SLICE = 500
_OVER = [CampaignState.FINISHED.value, CampaignState.CANCELLED.value]


@dataclass(frozen=True, slots=True)
class Jump:
    """A clock that was put back.

    Args:
        was: What it would show by now.
        now: What it shows instead.
    """

    was: datetime
    now: datetime

    @property
    def by(self) -> timedelta:
        """How far it was put back."""
        return self.was - self.now


def bring_campaigns_forward(
    connection: Connection, jump: Jump, made_later: timedelta | None = None
) -> None:
    """Let campaigns that were due be due: letters that are planned yet go by that.

    Args:
        made_later: Only those that were started so long after now; None for all.
    """
    chosen = (
        _campaign.c.state.not_in(_OVER)
        & (_campaign.c.due_at > jump.now)
        & (_campaign.c.due_at <= jump.was)
    )
    if made_later is not None:
        chosen &= _campaign.c.created_at > jump.now + made_later
    connection.execute(update(_campaign).where(chosen).values(due_at=_earlier(jump)))


def bring_letters_forward(
    connection: Connection, jump: Jump, after: int, limit: int
) -> list[int]:
    """Bring forward some letters that were due, or wait to be tried again.

    What waits for a moment by the clock (the end of quiet hours, room under a cap) waits
    for that moment.

    Args:
        after: The last of those that were looked at before.

    Returns:
        Their ids, in order; nothing when there are no more.
    """
    tried = (DUE.c.attempt > 0) & DUE.c.reason.is_(None)
    chosen = (
        select(DUE.c.id)
        .where(
            QUEUED,
            DUE.c.id > after,
            DUE.c.due_at > jump.now,
            (DUE.c.due_at <= jump.was) | tried,
        )
        .order_by(DUE.c.id)
        .limit(limit)
        .with_for_update()
    )
    ids = list(connection.execute(chosen).scalars())
    if ids:
        theirs = _delivery.c.id.in_(ids)
        connection.execute(update(_delivery).where(theirs).values(due_at=_earlier(jump)))
    return ids


def bring_claims_forward(connection: Connection, jump: Jump) -> None:
    """Let what senders have in hand be due if it comes back: they may have ended."""
    due: ColumnElement[Any] = DUE.c.due_at
    chosen = (
        select(DUE.c.id)
        .where(DUE.c.owner_id.is_not(None), due > jump.now, due <= jump.was)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(chosen).scalars())
    for start in range(0, len(ids), _SLICE):
        theirs = _delivery.c.id.in_(ids[start : start + _SLICE])
        connection.execute(update(_delivery).where(theirs).values(due_at=_earlier(jump)))


def bring_hooks_forward(connection: Connection, jump: Jump) -> None:
    """Bring forward what endpoints are to be told: all of it waits for a while."""
    connection.execute(
        update(_hook)
        .where(_hook.c.state == HookState.WAITING.value, _hook.c.due_at > jump.now)
        .values(due_at=_earlier(jump))
    )


def _earlier(jump: Jump) -> ColumnElement[Any]:
    by_us = to_instant(jump.was) - to_instant(jump.now)
    due: ColumnElement[int] = literal_column("due_at", BigInteger())
    return due - by_us
