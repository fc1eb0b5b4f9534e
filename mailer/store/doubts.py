"""What is in doubt: what came back settles it, and what must arrive goes out once more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from mailer.model.consent import Act
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import KINDS, WhenInDoubt
from mailer.store.reporting import LEFT_BY_CAMPAIGN
from mailer.store.settling import Again, resolve
from mailer.store.tables import (
    AttemptRow,
    DeliveryRow,
    IncomingRow,
    LedgerRow,
    VerdictRow,
    table,
)

_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)
_incoming = table(IncomingRow)
_ledger = table(LedgerRow)
_verdict = table(VerdictRow)

_SLICE = 500
_AGAIN = WhenInDoubt.SEND_AGAIN
_IN_DOUBT: ColumnElement[bool] = literal_column("state = 'in_doubt'")
_OF_CAMPAIGN = _delivery.c.cause_kind == CauseKind.CAMPAIGN.value

_CAME_BACK = or_(
    # What a server refused while we spoke to it is no message.
    exists().where(
        _verdict.c.delivery_id == _delivery.c.id, _verdict.c.incoming_id.is_not(None)
    ),
    exists().where(_incoming.c.answers_id == _delivery.c.id),
    # Who left by its link has it.
    exists().where(
        _OF_CAMPAIGN,
        _ledger.c.contact_id == _delivery.c.contact_id,
        _ledger.c.act == Act.WITHDRAWN.value,
        _ledger.c.source == literal(LEFT_BY_CAMPAIGN) + cast(_delivery.c.cause_id, Text),
    ),
)
_SETTLED = "in doubt, settled as accepted: it had come back before"
_USED = "in doubt, settled as accepted: its link was used to leave"


def settle_known(connection: Connection, now: datetime) -> int:
    """Settle as accepted what came back while nobody knew that it is in doubt.

    A sender that is killed leaves its letters on the line until another one looks after
    them, and a relay may hang over its answer; what comes back meanwhile is on record.

    Returns:
        How many were settled.
    """
    known = select(_delivery.c.id).where(_IN_DOUBT, _CAME_BACK).limit(_SLICE)
    ids = connection.execute(known).scalars().all()
    again = Again(now, now)
    accepted = DeliveryState.ACCEPTED
    return resolve(connection, ids, accepted, again, now, words=_SETTLED) if ids else 0


def doubted(connection: Connection, campaign_id: int, contact_id: int) -> list[int]:
    """Return a campaign's letter to somebody, if it is in doubt; else nothing."""
    found = select(_delivery.c.id).where(
        _OF_CAMPAIGN,
        _delivery.c.cause_id == campaign_id,
        _delivery.c.contact_id == contact_id,
        _IN_DOUBT,
    )
    return [*connection.execute(found).scalars()]


def settle_used(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Settle as accepted letters whose link somebody used to leave: they have arrived."""
    if not ids:
        return 0
    again = Again(now, now)
    return resolve(connection, ids, DeliveryState.ACCEPTED, again, now, words=_USED)


def send_again(connection: Connection, now: datetime) -> int:
    """Queue what must arrive and is in doubt for the first time; return how many.

    It goes out once more with the same Message-ID. Marketing, acknowledgements and replies
    are held for a person to decide.

    What another sender is about to settle is left to it. What is locked here is counted
    after that: a count that is as old as the statement that waits may miss a second doubt.
    """
    kinds = [kind.value for kind, rule in KINDS.items() if rule.in_doubt is _AGAIN]
    times = (
        # What came of one attempt is in the log twice when a commit's answer was lost.
        select(func.count(_attempt.c.attempt.distinct()))
        .where(_attempt.c.delivery_id == _delivery.c.id, _attempt.c.outcome == "in_doubt")
        .scalar_subquery()
    )
    doubted = (_IN_DOUBT, _delivery.c.kind.in_(kinds))
    first = select(_delivery.c.id).where(*doubted, times <= 1).limit(_SLICE)
    locking = first.with_for_update(skip_locked=True, of=_delivery)
    queued = 0
    while ids := connection.execute(locking).scalars().all():
        queued += connection.execute(
            update(_delivery)
            .where(_delivery.c.id.in_(ids), *doubted, times <= 1)
            .values(state="queued", due_at=now, ended_at=None)
        ).rowcount
        if len(ids) < _SLICE:
            break
    return queued
