"""What a person wishes of her letters: how often, about what, and how they look."""

from collections.abc import Iterable
from datetime import datetime

from mailer.model.event import Event, EventKind
from mailer.model.frequency import Frequency
from mailer.model.token import Reader
from mailer.store.contacts import get_contact
from mailer.store.database import Database
from mailer.store.events import note_event
from mailer.store.frequencies import choose_frequency
from mailer.store.plaintexts import choose_plain
from mailer.store.topics import choose_topics


def want(database: Database, reader: Reader, often: Frequency, now: datetime) -> bool:
    """Write down how often a person wants letters; say whether somebody is on record."""
    with database.write() as connection:
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return False
        choose_frequency(connection, contact.id, often, now)
        note_event(connection, contact.id, Event(EventKind.VISITED, now))
    return True


def look_like(database: Database, reader: Reader, now: datetime, *, plain: bool) -> bool:
    """Write down whether a person wants letters as text alone.

    Returns:
        Whether somebody is on record.
    """
    with database.write() as connection:
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return False
        choose_plain(connection, contact.id, now, plain=plain)
        note_event(connection, contact.id, Event(EventKind.VISITED, now))
    return True


def choose(
    database: Database,
    reader: Reader,
    list_id: str,
    topics: Iterable[str],
    now: datetime,
) -> bool:
    """Write down which topics of a list a person wants letters about.

    Args:
        topics: Those that the list has; none for all there are.

    Returns:
        Whether somebody is on record.
    """
    with database.write() as connection:
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return False
        choose_topics(connection, contact.id, list_id, [*topics], now)
        note_event(connection, contact.id, Event(EventKind.VISITED, now))
    return True
