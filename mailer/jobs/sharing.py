"""Sharing by consent: agreed to and withdrawn by the person, given to the partner."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.leaving import Leaving, leave
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import say_no
from mailer.jobs.world import World
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.contact import Contact
from mailer.model.kind import Kind
from mailer.model.partner import Partner
from mailer.model.suppression import list_scope, scopes_against
from mailer.store import ledger
from mailer.store.contacts import get_contact, get_contacts, read_contacts
from mailer.store.database import Connection
from mailer.store.lists import see_list
from mailer.store.sharings import begin_sharing, note_people
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force, suppressions_of
from mailer.workspace.partners import PARTNERS_FILE, read_partners


@dataclass(frozen=True, slots=True)
class Offer:
    """A partner, and whether the person agrees that it gets her data.

    Args:
        since: Since when she agrees; None when she does not.
    """

    partner: Partner
    since: datetime | None


def offers_to(world: World, contact: Contact) -> tuple[Offer, ...]:
    """Return all partners with what the person says to each."""
    partners = read_partners(world.folder, world.specs)
    now = world.clock()
    with world.database.read() as connection:
        agreed = {one.id: _agreeing(connection, one, [contact], now) for one in partners}
        stands = of_contacts(connection, [contact.id])
    return tuple(
        Offer(one, stands[contact.id, one.id].since_at if agreed[one.id] else None)
        for one in partners
    )


def agree(
    world: World,
    contact_id: int,
    partner: Partner,
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
        _see(connection, partner, now)
        ledger.lock(connection)
        contact = get_contact(connection, contact_id)
        if contact is None or _agreeing(connection, partner, [contact], now):
            return
        entry = NewEntry(
            contact_id=contact.id,
            who=contact.match,
            list_id=partner.id,
            wording=partner.wording.version,
            act=Act.CONFIRMED,
            at=now,
            how=How.PAGE,
            basis=Basis.EXPRESS,
            source="her own page",
            network_address=network_address,
            agent=agent,
        )
        ledger.append(connection, ring, [entry])
        held = tuple(
            one
            for one in suppressions_of(connection, contact.hash)
            if one.scope == list_scope(partner.id)
        )
        ending = End(held, How.PAGE, now)
        end(connection, ring, contact.hash, contact, ending)
    note_end(world.logbook, contact.hash, ending)


def withdraw(world: World, contact: Contact, partner: Partner) -> None:
    """Write down that a person does not agree any more; again changes nothing.

    Raises:
        WorkspaceError: when the logbook cannot be written; it is done all the same.
    """
    now = world.clock()
    leaving = Leaving(Act.WITHDRAWN, partner.id, How.PAGE, "her own page")
    no = leaving.no(contact.hash, now)
    with say_no(world.database, world.logbook, [no]) as connection:
        ledger.lock(connection)
        known = get_contact(connection, contact.id)
        if known is not None:
            leave(connection, world.logbook.ring, known, leaving, now)


def count_agreeing(world: World, partner: Partner) -> int:
    """Count whose data the partner would be given now; nothing is written."""
    now, people = world.clock(), 0
    for page in read_contacts(world.database, partner.id):
        with world.database.read() as connection:
            found = _agreeing(connection, partner, [one for one, _ in page], now)
        people += len(found)
    return people


def give(world: World, partner: Partner, by: str) -> Generator[list[Contact], None, None]:
    """Return whose data the partner gets, page by page, each when it is on record.

    Who withdrew before a page is not in it.

    Args:
        by: Who gives it.

    Raises:
        RefusedError: when nobody is named, or words were changed that people agreed to.
    """
    if not by.strip():
        raise RefusedError(
            f"{partner.title} would get people's data: say who gives it, with --by NAME"
        )
    now = world.clock()
    with world.database.write() as connection:
        _see(connection, partner, now)
        number = begin_sharing(connection, partner.name, by.strip(), now)
    return _pages(world, partner, number, now)


def _pages(
    world: World, partner: Partner, number: int, now: datetime
) -> Generator[list[Contact], None, None]:
    for page in read_contacts(world.database, partner.id):
        with world.database.write() as connection:
            # Nobody says no between the look and the record.
            ledger.lock(connection)
            known = get_contacts(connection, [one.id for one, _ in page])
            found = _agreeing(connection, partner, [*known.values()], now)
            note_people(connection, number, [one.id for one in found])
        yield found


def _agreeing(
    connection: Connection, partner: Partner, people: Sequence[Contact], now: datetime
) -> list[Contact]:
    """Return who of some people agrees now, to words in force, and said no to nothing."""
    places = of_contacts(connection, [one.id for one in people])
    stopped = in_force(
        connection,
        [one.hash for one in people],
        scopes_against(Kind.MARKETING, partner.id),
        now,
    )
    floor = partner.as_list.words_floor
    return [
        one
        for one in people
        if (place := places.get((one.id, partner.id))) is not None
        and place.stands(now)
        and place.wording >= floor
        and one.hash not in stopped
    ]


def _see(connection: Connection, partner: Partner, now: datetime) -> None:
    try:
        see_list(connection, partner.as_list, now)
    except RefusedError as problem:
        where = f"{PARTNERS_FILE}, [{partner.name}]"
        words = str(problem).replace(f"lists/{partner.id}.toml", where)
        raise RefusedError(words) from None
