"""What contacts did: written down, told to themselves, and forgotten in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from mailer.model.event import Event, EventKind
from mailer.store.eventtables import EventRow
from mailer.store.tables import table

_event = table(EventRow)


@dataclass(frozen=True, slots=True)
class Click:
    """A link of a list's letter that a contact followed, and where it led."""

    contact_id: int
    list_id: str
    url: str
    at: datetime


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


def note_clicks(connection: Connection, clicks: Sequence[Click]) -> None:
    """Write down which links some contacts followed."""
    rows = [
        {
            "contact_id": one.contact_id,
            "kind": EventKind.CLICKED.value,
            "about": one.url,
            "at": one.at,
            "list_id": one.list_id,
        }
        for one in clicks
    ]
    if rows:
        connection.execute(insert(_event), rows)


def events_of(
    connection: Connection, contact_id: int, limit: int, kind: EventKind | None = None
) -> list[Event]:
    """Return the latest that a contact did, the latest first.

    Args:
        kind: Only such; None for all.
    """
    hers = _event.c.contact_id == contact_id
    rows = connection.execute(
        select(_event)
        .where(hers if kind is None else hers & (_event.c.kind == kind.value))
        .order_by(_event.c.at.desc(), _event.c.id.desc())
        .limit(limit)
    )
    return [Event(EventKind(row.kind), row.at, row.about) for row in rows]


def forget_events(connection: Connection, contact_id: int) -> None:
    """Delete what a contact did."""
    connection.execute(delete(_event).where(_event.c.contact_id == contact_id))


def forget_events_of_list(connection: Connection, contact_id: int, list_id: str) -> None:
    """Delete which links of a list's letters a contact followed."""
    connection.execute(
        delete(_event).where(_event.c.contact_id == contact_id, _event.c.list_id == list_id)
    )


def drop_old_events(connection: Connection, before: datetime, most: int) -> int:
    """Delete some of what was done before a moment, and return how many."""
    old = select(_event.c.id).where(_event.c.at < before).limit(most)
    return connection.execute(delete(_event).where(_event.c.id.in_(old))).rowcount
