"""What is in doubt and must arrive: it goes out once more by itself."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, update

from mailer.model.kind import KINDS, WhenInDoubt
from mailer.store.tables import AttemptRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)

_SLICE = 500
_AGAIN = WhenInDoubt.SEND_AGAIN
_IN_DOUBT: ColumnElement[bool] = literal_column("state = 'in_doubt'")


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
