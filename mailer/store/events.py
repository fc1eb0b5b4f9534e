"""What contacts did: written down, told to themselves, and forgotten in time."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from mailer.model.event import Event, EventKind
from mailer.store.eventtables import EventRow
from mailer.store.tables import table

_event = table(EventRow)


def note_event(connection: Connection, contact_id: int, event: Event) -> None:
    """Write down what a contact did."""
    connection.execute(
        insert(_event).values(
            contact_id=contact_id,
            kind=event.kind.value,
            about=event.about,
            at=event.at,
        )
    )


def events_of(connection: Connection, contact_id: int, limit: int) -> list[Event]:
    """Return the latest that a contact did, the latest first."""
    rows = connection.execute(
        select(_event)
        .where(_event.c.contact_id == contact_id)
        .order_by(_event.c.at.desc(), _event.c.id.desc())
        .limit(limit)
    )
    return [Event(EventKind(row.kind), row.at, row.about) for row in rows]


def forget_events(connection: Connection, contact_id: int) -> None:
    """Delete what a contact did."""
    connection.execute(delete(_event).where(_event.c.contact_id == contact_id))


def drop_old_events(connection: Connection, before: datetime, most: int) -> int:
    """Delete some of what was done before a moment, and return how many."""
    old = select(_event.c.id).where(_event.c.at < before).limit(most)
    return connection.execute(delete(_event).where(_event.c.id.in_(old))).rowcount
