"""Messages that hold somebody's marketing until a person has decided."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from mailer.store.tables import ContactRow, IncomingRow, table

_incoming = table(IncomingRow)
_contact = table(ContactRow)
_open = _incoming.c.decided_at.is_(None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a decision.

    Args:
        because: By what it was understood so.
    """

    incoming_id: int
    received_at: datetime
    address: str
    because: str


def note(connection: Connection, incoming_id: int, contact_id: int) -> None:
    """Note whose marketing a message holds."""
    connection.execute(
        update(_incoming).where(_incoming.c.id == incoming_id).values(holds_id=contact_id)
    )


def held_by(connection: Connection, incoming_id: int) -> int | None:
    """Return whose marketing a message holds; None when it holds nobody's (any more)."""
    held: int | None = connection.execute(
        select(_incoming.c.holds_id).where(_incoming.c.id == incoming_id, _open)
    ).scalar_one_or_none()
    return held


def waiting(connection: Connection) -> list[Waiting]:
    """Return the messages that wait for a decision, oldest first."""
    rows = connection.execute(
        select(
            _incoming.c.id, _incoming.c.received_at, _incoming.c.because, _contact.c.address
        )
        .join(_contact, _contact.c.id == _incoming.c.holds_id)
        # Sorted below: for the sake of the order SQLite would read all that ever came.
        .where(_incoming.c.holds_id.is_not(None), _open)
    )
    found = [
        Waiting(row.id, row.received_at, row.address, row.because or "") for row in rows
    ]
    return sorted(found, key=lambda one: one.incoming_id)


def decided(connection: Connection, incoming_id: int, now: datetime) -> None:
    """Note that a person has decided about a message."""
    connection.execute(
        update(_incoming).where(_incoming.c.id == incoming_id, _open).values(decided_at=now)
    )


def forget(connection: Connection, contact_id: int) -> None:
    """Empty the messages that hold an erased person's marketing."""
    connection.execute(
        update(_incoming)
        .where(_incoming.c.holds_id.is_not(None), _incoming.c.holds_id == contact_id)
        .values(raw=b"", because="", holds_id=None)
    )
