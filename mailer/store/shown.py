"""Forgetting what old letters showed of their people."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)
_KEPT = _delivery.c.shown.is_not(None)


def shown_before(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Return the letters that left before a moment and of which it is still kept."""
    rows = connection.execute(
        select(_delivery.c.id)
        .where(_KEPT, _delivery.c.left_at < before)
        .order_by(_delivery.c.left_at)
        .limit(limit)
    )
    return list(rows.scalars())


def forget_shown(connection: Connection, ids: list[int], before: datetime) -> int:
    """Forget what some letters showed, unless they left again meanwhile."""
    done = connection.execute(
        update(_delivery)
        .where(_delivery.c.id.in_(ids), _delivery.c.left_at < before)
        .values(shown=None)
    )
    return done.rowcount
