"""The subscriptions that follow from new entries, written in the entries' transaction."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from mailer.audience.standing import after
from mailer.model.consent import Act
from mailer.model.subscription import Entry, Subscription
from mailer.store.evidence import places_by, steps_of
from mailer.store.subscriptions import Place, drop, hold, of_contacts, put, stored


def project(connection: Connection, steps: Sequence[tuple[int, Entry]]) -> None:
    """Write where contacts stand after new entries about them."""
    known = of_contacts(connection, list({contact for contact, _ in steps}))
    places: dict[Place, Subscription | None] = {}
    now: dict[Place, Subscription | None] = dict(known)
    anew: set[int] = set()
    for contact_id, entry in steps:
        if entry.act is Act.UNDONE:
            anew.add(contact_id)
        lists = (
            [list_id for contact, list_id in now if contact == contact_id]
            if entry.list_id is None
            else [entry.list_id]
        )
        for list_id in lists:
            place = (contact_id, list_id)
            places[place] = now[place] = after(now.get(place), entry)
    if anew:
        # What an import is undone to only all entries of the contact can tell.
        for contact_id, entries in steps_of(connection, anew).items():
            places |= places_by(contact_id, entries)
    _write(
        connection,
        {place: places[place] for place in places if places[place] != known.get(place)},
    )


def project_alike(
    connection: Connection, entry: Entry, contacts: Sequence[int], numbers: Sequence[int]
) -> None:
    """Do as `project`, quickly for people who are on no list yet."""
    first = after(None, entry)
    known = {contact for contact, _ in of_contacts(connection, contacts)}
    if first is None or entry.list_id is None or entry.act is Act.UNDONE:
        known = set(contacts)
    elif len(known) < len(contacts):
        same = stored(first)
        put(
            connection,
            [
                (contact, entry.list_id, number, *same)
                for contact, number in zip(contacts, numbers, strict=True)
                if contact not in known
            ],
        )
    if known:
        project(
            connection,
            [
                (contact, replace(entry, number=number))
                for contact, number in zip(contacts, numbers, strict=True)
                if contact in known
            ],
        )


def _write(connection: Connection, places: dict[Place, Subscription | None]) -> None:
    # In the order in which senders lock them, so that none waits for another in a circle.
    hold(connection, [contact for contact, _ in places])
    put(
        connection,
        [
            (*place, one.ledger_number, *stored(one))
            for place, one in places.items()
            if one is not None
        ],
    )
    drop(connection, [place for place, one in places.items() if one is None])
