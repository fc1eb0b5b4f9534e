"""Separate purposes: agreed to and withdrawn by the person herself, each on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from mailer.errors import RefusedError
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import say_no
from mailer.jobs.page_links import readable_lists
from mailer.jobs.world import World
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.separate import ClickRecord, Separate, click_record_of
from mailer.model.suppression import list_scope
from mailer.store import agreeing as store
from mailer.store import ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Connection
from mailer.store.events import forget_events_of_list
from mailer.store.lists import see_list
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppressions_of

SeparateT = TypeVar("SeparateT", bound=Separate)


@dataclass(frozen=True, slots=True)
class Offer(Generic[SeparateT]):
    """A separate purpose, and whether the person agrees to it.

    Args:
        since: Since when she agrees; None when she does not.
    """

    separate: SeparateT
    since: datetime | None


def click_records(world: World) -> tuple[ClickRecord, ...]:
    """Return what the lists ask for about clicks, as their files are now."""
    asked = (click_record_of(one) for one in readable_lists(world))
    return tuple(one for one in asked if one is not None)


def lists_that_ask(world: World) -> frozenset[str]:
    """Return the ids of the lists that ask to know who follows which link."""
    return frozenset(one.name for one in click_records(world))


def offers(
    world: World, contact: Contact, separates: Sequence[SeparateT]
) -> tuple[Offer[SeparateT], ...]:
    """Return some separate purposes with what a person says to each."""
    now = world.clock()
    with world.database.read() as connection:
        agreed = {one.id: agreeing(connection, one, [contact], now) for one in separates}
        stands = of_contacts(connection, [contact.id])
    return tuple(
        Offer(one, stands[contact.id, one.id].since_at if agreed[one.id] else None)
        for one in separates
    )


def agree(
    world: World,
    contact_id: int,
    separate: Separate,
    network_address: str | None,
    agent: str | None,
) -> None:
    """Write down that a person agrees to the words in force; again changes nothing.

    Raises:
        RefusedError: when words that people agreed to were changed.
        WorkspaceError: when the logbook cannot be written; it is done all the same.
    """
    now, ring = world.clock(), world.logbook.ring
    with world.database.write() as connection:
        see_separate(connection, separate, now)
        ledger.lock(connection)
        contact = get_contact(connection, contact_id)
        if contact is None or agreeing(connection, separate, [contact], now):
            return
        entry = NewEntry(
            contact_id=contact.id,
            who=contact.match,
            list_id=separate.id,
            wording=separate.wording.version,
            act=Act.CONFIRMED,
            at=now,
            how=How.PAGE,
            basis=Basis.EXPRESS,
            source="her own page",
            network_address=network_address,
            agent=agent,
        )
        ending = write_yes(connection, ring, contact, entry)
    note_end(world.logbook, contact.hash, ending)


def write_yes(
    connection: Connection, ring: KeyRing, contact: Contact, entry: NewEntry
) -> End:
    """Append a person's yes to a separate purpose; her own earlier no to it ends.

    Call it after `ledger.lock`, and give what is returned to `note_end` afterwards.
    """
    assert entry.list_id is not None
    ledger.append(connection, ring, [entry])
    held = tuple(
        one
        for one in suppressions_of(connection, contact.hash)
        if one.scope == list_scope(entry.list_id)
    )
    ending = End(held, entry.how, entry.at)
    end(connection, ring, contact.hash, contact, ending)
    return ending


def withdraw(world: World, contact: Contact, separate: Separate) -> None:
    """Write down that a person does not agree any more; again changes nothing.

    What was written down of her clicks goes with it.

    Raises:
        WorkspaceError: when the logbook cannot be written; it is done all the same.
    """
    now = world.clock()
    leaving = Leaving(Act.WITHDRAWN, separate.id, How.PAGE, "her own page")
    no = leaving.no(contact.hash, now)
    with say_no(world.database, world.logbook, [no]) as connection:
        ledger.lock(connection)
        known = get_contact(connection, contact.id)
        if known is None:
            return
        leave(connection, world.logbook.ring, known, leaving, now)
        if isinstance(separate, ClickRecord):
            forget_events_of_list(connection, known.id, separate.name)


def agreeing(
    connection: Connection, separate: Separate, people: Sequence[Contact], now: datetime
) -> list[Contact]:
    """Return who of some people agrees now, to words in force, and said no to nothing."""
    floors = {separate.id: separate.as_list.words_floor}
    return store.agreeing(connection, floors, people, now)


def see_separate(connection: Connection, separate: Separate, now: datetime) -> None:
    """Put a separate purpose and its words on record.

    Raises:
        RefusedError: when words that people have agreed to were changed.
    """
    try:
        see_list(connection, separate.as_list, now)
    except RefusedError as problem:
        name = f"lists/{separate.as_list.name}.toml"
        raise RefusedError(str(problem).replace(name, separate.where)) from None
