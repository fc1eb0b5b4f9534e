"""The link to the page of what is known about a person, mailed to her own address.

What is answered is the same whoever the address belongs to: a letter goes out only to
somebody who is on record, and only so often.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from mailer.audience.joining import network_hash
from mailer.errors import MailerError, NotFoundError
from mailer.jobs.frozen import Frozen, keep_enclosures, put_down
from mailer.jobs.slices import forget
from mailer.jobs.world import World
from mailer.model.address import Address
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.event import Event, EventKind
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.model.signup import SignUpRules
from mailer.store.contacts import find_contact, get_contact
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection, Database
from mailer.store.erasing import is_being_erased
from mailer.store.events import note_event
from mailer.store.lists import see_list
from mailer.store.page_requests import (
    PageRequest,
    Purpose,
    asked_for,
    drop_requests,
    find_request,
    open_request,
    write_request,
)
from mailer.store.subscriptions import of_contacts
from mailer.workspace.example import example_folder
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.templates import read_template

OPEN_WITHIN = timedelta(minutes=15)
"""How long a link opens the page."""

SESSION = timedelta(minutes=30)
"""How long the page may be used once it is open."""

TEMPLATES = {
    Purpose.PAGE: "your-page",
    Purpose.ADDRESS: "new-address",
    Purpose.NOTE: "address-changed",
}
"""Their mail templates; where a workspace has none, the example's are used."""

_SLICE = 200

_KINDS = {
    Purpose.PAGE: Kind.CONFIRMATION,
    Purpose.ADDRESS: Kind.CONFIRMATION,
    Purpose.NOTE: Kind.TRANSACTIONAL,
}


def ask_by_address(
    world: World, rules: SignUpRules, address: Address, network_address: str | None
) -> bool:
    """Send the link to whoever is on record with an address.

    Args:
        network_address: Where the request came from (an IP address), or None.

    Returns:
        False when too much is asked for at once, whoever is asked about.

    Raises:
        MailerError: when there is no list to write in the name of.
    """
    with world.database.read() as connection:
        contact = find_contact(connection, address.match)
    return _ask(world, rules, contact, network_address)


def ask_by_link(
    world: World, rules: SignUpRules, contact_id: int, network_address: str | None
) -> bool:
    """Send the link to whom a letter's link was made for, as `ask_by_address` does."""
    with world.database.read() as connection:
        contact = get_contact(connection, contact_id)
    return _ask(world, rules, contact, network_address)


def open_page(world: World, number: int) -> bool:
    """Open the page by its link, once; say whether it is open."""
    now = world.clock()
    with world.database.write() as connection:
        if not open_request(connection, number, now, now + SESSION):
            return False
        found = find_request(connection, number)
        if found is not None and found.contact_id is not None:
            visit = Event(EventKind.VISITED, now)
            note_event(connection, found.contact_id, visit)
    return True


def forget_requests(database: Database, kept_for: timedelta, now: datetime) -> int:
    """Forget links that were asked for longer ago than this; return how many.

    They hold new addresses in clear; limits and letters look back a day at most.
    """
    before = now - kept_for
    return forget(database, lambda one, most: drop_requests(one, before, most), _SLICE)


def _ask(
    world: World, rules: SignUpRules, contact: Contact | None, network_address: str | None
) -> bool:
    now = world.clock()
    network = network_hash(world.logbook.ring, network_address)
    # Made ready for everybody, so that neither time nor trouble says who is on record.
    content = content_of(world, Purpose.PAGE, contact)
    keep_enclosures(world.database, content.source, now)
    with world.database.write() as connection:
        see_list(connection, content.mailing_list, now)
        here = None if contact is None else get_contact(connection, contact.id)
        asked = asked_for(connection, here.id if here else None, network, now)
        if asked.network >= rules.from_network_an_hour or asked.everyone >= rules.an_hour:
            return False
        request = PageRequest(
            None, Purpose.PAGE, now, now + OPEN_WITHIN, network_hash=network
        )
        if (
            here is None
            or asked.same_person >= rules.letters_a_day
            or is_being_erased(connection, here.id)
        ):
            write_request(connection, request)
            return True
        queue(connection, world, request, content, here, here.address, here.hash)
    return True


def queue(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    connection: Connection,
    world: World,
    request: PageRequest,
    content: Frozen,
    contact: Contact,
    address: str,
    hash: bytes,
) -> int:
    """Write a request and its letter down, in the caller's transaction; return its number.

    Args:
        address: Where the letter goes.
        hash: That address's keyed hash.
    """
    kind = _KINDS[request.purpose]
    useful = request.open_by if kind is Kind.CONFIRMATION else None
    number = write_request(
        connection,
        PageRequest(
            contact.id,
            request.purpose,
            request.asked_at,
            request.open_by,
            request.address,
            request.network_hash,
            put_down(connection, content, request.asked_at),
        ),
    )
    queue_letter(
        connection,
        (CauseKind.REQUEST, number),
        kind,
        Recipient(
            contact.id, address, hash, rehearsal=world.rehearsing, of_use_until=useful
        ),
        request.asked_at,
        content.mailing_list.id,
    )
    return number


def content_of(world: World, purpose: Purpose, contact: Contact | None) -> Frozen:
    """Return what a letter holds, in the name of a list that the person is on.

    Raises:
        MailerError: when there is no list to write in the name of, or no such template.
    """
    name = TEMPLATES[purpose]
    try:
        source = read_template(world.folder, name)
    except NotFoundError:
        source = read_template(example_folder(), name)
    return Frozen(source, _list_for(world, contact), "", "", {}, ())


def _list_for(world: World, contact: Contact | None) -> MailingList:
    on: set[str] = set()
    if contact is not None:
        with world.database.read() as connection:
            on = {list_id for _, list_id in of_contacts(connection, [contact.id])}
    lists = readable_lists(world)
    if not lists:
        raise NotFoundError("there is no list, so a letter would have no sender")
    return next((one for one in lists if one.id in on), lists[0])


def readable_lists(world: World) -> Sequence[MailingList]:
    """Return the lists whose files parse: one that is broken stops nobody here."""
    found: list[MailingList] = []
    for name in list_names(world.folder):
        with suppress(MailerError):
            found.append(read_list(world.folder, name))
    return found
