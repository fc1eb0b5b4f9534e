"""Who is blocked: addresses and domains, with who said so."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from mailer.model.blocked import Blocked
from mailer.store.desktables import BlockedRow
from mailer.store.tables import table

_blocked = table(BlockedRow)


def block(connection: Connection, one: Blocked) -> bool:
    """Block an address or a domain; False when it was blocked already."""
    if blocked_by(connection, [one.value]) is not None:
        return False
    values = {"value": one.value, "why": one.why, "who": one.who, "at": one.at}
    connection.execute(insert(_blocked).values(**values))
    return True


def unblock(connection: Connection, value: str) -> bool:
    """Take a block away; False when there was none."""
    gone = connection.execute(delete(_blocked).where(_blocked.c.value == value))
    return bool(gone.rowcount)


def blocks(connection: Connection) -> list[Blocked]:
    """Return all blocks, the newest first."""
    rows = connection.execute(
        select(_blocked).order_by(_blocked.c.at.desc(), _blocked.c.id)
    )
    return [_of(row.value, row.why, row.who, row.at) for row in rows]


def blocked_by(connection: Connection, values: Sequence[str]) -> Blocked | None:
    """Return the block of one of some values, None for none."""
    row = connection.execute(
        select(_blocked).where(_blocked.c.value.in_(list(values))).limit(1)
    ).first()
    return None if row is None else _of(row.value, row.why, row.who, row.at)


def _of(value: str, why: str, who: str, at: datetime) -> Blocked:
    return Blocked(value, why, who, at)
