"""Deliveries that are aged out: the sums of their campaigns are kept when the rows go.

The ledger is never touched. The row with the highest number always stays: on SQLite the
next one follows it, and no number may ever be given twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select

from mailer.model.campaign import CampaignState
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.store.columns import Instant
from mailer.store.inserting import inserting
from mailer.store.tables import AttemptRow, CampaignAgedRow, CampaignRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_attempt = table(AttemptRow)
_aged = table(CampaignAgedRow)

_ENDED = [
    state.value
    for state in (
        DeliveryState.ACCEPTED,
        DeliveryState.REFUSED,
        DeliveryState.EXPIRED,
        DeliveryState.WITHHELD,
    )
]
"""What is in doubt stays, until somebody has settled it."""

_SINGLE = [
    CauseKind.TEST.value,
    CauseKind.ALARM.value,
    CauseKind.SIGN_UP.value,
    CauseKind.JOURNEY.value,
    CauseKind.REQUEST.value,
    CauseKind.INCOMING.value,
    CauseKind.TICKET.value,
    CauseKind.TRANSACTION.value,
]
OVER = [CampaignState.FINISHED.value, CampaignState.CANCELLED.value]
"""Of such campaigns nothing more will be composed, unless letters are tried again."""

_before = bindparam("before", type_=Instant())
_over = exists().where(
    _campaign.c.id == _delivery.c.cause_id,
    _campaign.c.state.in_(OVER),
    _campaign.c.finished_at < _before,
)
_old = and_(
    _delivery.c.state.in_(_ENDED),
    _delivery.c.ended_at < _before,
    _delivery.c.id < select(func.max(_delivery.c.id)).scalar_subquery(),
    or_(
        and_(_delivery.c.cause_kind == CauseKind.CAMPAIGN.value, _over),
        _delivery.c.cause_kind.in_(_SINGLE),
    ),
)
_find = (
    select(_delivery.c.id)
    .where(_delivery.c.id > bindparam("after"), _old)
    .order_by(_delivery.c.id)
    .limit(bindparam("limit"))
)


def old_deliveries(
    connection: Connection, before: datetime, after: int, limit: int
) -> list[int]:
    """Return the numbers of deliveries that ended before a moment, and their campaigns too.

    They are in order, and after a number.
    """
    values = {"before": before, "after": after, "limit": limit}
    return list(connection.execute(_find, values).scalars())


def count_old(connection: Connection, before: datetime) -> int:
    """Count what would be aged out."""
    statement = select(func.count()).select_from(_delivery).where(_old)
    return int(connection.execute(statement, {"before": before}).scalar_one())


def age_out(connection: Connection, ids: Sequence[int], before: datetime) -> int:
    """Drop deliveries with their attempts, and keep what they add to their campaigns.

    Returns:
        How many; one that was queued again meanwhile stays.
    """
    gone = connection.execute(
        delete(_delivery)
        .where(_delivery.c.id.in_(ids), _old)
        .returning(
            _delivery.c.id,
            _delivery.c.cause_kind,
            _delivery.c.cause_id,
            _delivery.c.state,
            _delivery.c.reason,
        ),
        {"before": before},
    ).all()
    if not gone:
        return 0
    connection.execute(
        delete(_attempt).where(_attempt.c.delivery_id.in_([row.id for row in gone]))
    )
    sums = Counter(
        (row.cause_id, row.state, row.reason or "")
        for row in gone
        if row.cause_kind == CauseKind.CAMPAIGN
    )
    _add(connection, sums)
    return len(gone)


def _add(connection: Connection, sums: Counter[tuple[int, str, str]]) -> None:
    if not sums:
        return
    statement = inserting(connection, _aged)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "state", "reason"],
            set_={"letters": _aged.c.letters + statement.excluded.letters},
        ),
        [
            {"campaign_id": campaign, "state": state, "reason": reason, "letters": letters}
            for (campaign, state, reason), letters in sorted(sums.items())
        ],
    )


@dataclass(frozen=True, slots=True)
class Aged:
    """How many letters of a campaign in one state were aged out."""

    state: DeliveryState
    reason: str
    letters: int


def aged_of(connection: Connection, campaign_id: int) -> list[Aged]:
    """Return what was aged out of a campaign; nothing for most."""
    rows = connection.execute(select(_aged).where(_aged.c.campaign_id == campaign_id))
    return [Aged(DeliveryState(row.state), row.reason, row.letters) for row in rows]
