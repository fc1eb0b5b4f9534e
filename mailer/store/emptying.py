"""Emptying what machines wrote, when it was understood long enough ago.

The digest stays, so that the same message is known when it comes again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from mailer.model.hook import CHANNEL
from mailer.store.tables import IncomingRow, table

_incoming = table(IncomingRow)
_OF_MACHINES = ("bounce", "report", "complaint", "auto_reply", "challenge", "own")


def old_reports(
    connection: Connection, before: datetime, after: int, limit: int
) -> list[int]:
    """Return the numbers of what machines wrote and was understood before a moment.

    They are in order, and after a number; what is empty already is not among them.
    """
    rows = connection.execute(
        select(_incoming.c.id)
        .where(
            _incoming.c.id > after,
            # Asked first: what comes after a long message in its row costs reading it.
            _incoming.c.received_at < before,
            _incoming.c.sorted_at < before,
            or_(
                _incoming.c.kind.in_(_OF_MACHINES),
                _incoming.c.channel.startswith(CHANNEL),
            ),
            func.length(_incoming.c.raw) > 0,
        )
        .order_by(_incoming.c.id)
        .limit(limit)
    )
    return list(rows.scalars())


def empty_reports(connection: Connection, ids: Sequence[int]) -> int:
    """Empty some messages, and return how many."""
    emptied = connection.execute(
        update(_incoming).where(_incoming.c.id.in_(list(ids))).values(raw=b"")
    )
    return emptied.rowcount
