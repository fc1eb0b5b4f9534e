"""What the console shows: the queue, a ticket with its person, and who is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.errors import NotFoundError
from mailer.jobs.contacts import Membership, show_contact
from mailer.jobs.tickets import Conversation, conversation
from mailer.model.contact import Contact
from mailer.model.event import Event, EventKind
from mailer.model.key import KeyRing
from mailer.model.staff import Draft, Presence, Staff
from mailer.model.suppression import Suppression
from mailer.model.ticket import OVER_STATES, EntryKind, Ticket, TicketState
from mailer.store import drafts, ticketqueue, ticketsearch
from mailer.store import tickets as store
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.deliveries import DeliveryView, find_letter
from mailer.store.events import events_of
from mailer.store.known import OwnLetter, own_letters
from mailer.store.staff import all_staff
from mailer.triage.enclosed import Enclosed, content_of, enclosed_of, html_of
from mailer.triage.mime import SIZE_AT_MOST, read

PAGE = 50
SHOWN_AT_MOST = 50
"""Entries of a long conversation that are shown at first, the newest."""

_LETTERS = 15
_TICKETS = 15
_PURCHASES = 15
PRESENT_FOR = timedelta(minutes=2)

VIEWS: dict[str, frozenset[TicketState]] = {
    "due": frozenset({TicketState.NEW, TicketState.OPEN}),
    "mine": frozenset(TicketState) - OVER_STATES,
    "unassigned": frozenset({TicketState.NEW, TicketState.OPEN}),
    "waiting": frozenset({TicketState.WAITING}),
    "snoozed": frozenset({TicketState.SNOOZED}),
    "closed": frozenset({TicketState.CLOSED}),
    "spam": frozenset({TicketState.SPAM}),
}
"""What can be looked at in the queue, by the name in the address."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue.

    Args:
        more: There are further ones.
        counts: How many are due, mine, unassigned and late.
    """

    view: str
    tickets: tuple[Ticket, ...]
    more: bool
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Brought:
    """What a message brings along.

    Args:
        has_html: It can be shown as its writer laid it out.
        whole: False where it is so large that its end was not looked at.
    """

    enclosed: tuple[Enclosed, ...] = ()
    has_html: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """The person beside a ticket: who she is to us, and what there was before.

    Args:
        contact: None for somebody who is on no record.
        tickets: Her other tickets, the newest first.
        purchases: What she ordered, the latest first.
    """

    contact: Contact | None
    memberships: tuple[Membership, ...]
    suppressions: tuple[Suppression, ...]
    letters: tuple[OwnLetter, ...]
    tickets: tuple[Ticket, ...]
    purchases: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """One ticket as the console shows it.

    Args:
        earlier: How many entries stand before those that are shown.
        brought: What each message brings along, by its number.
        answered: The letters of ours that she answered.
    """

    found: Conversation
    earlier: int
    brought: dict[int, Brought]
    answered: tuple[DeliveryView, ...]
    person: Person
    present: tuple[Presence, ...]
    draft: Draft | None
    staff: tuple[str, ...]


def queue_for(database: Database, who: Staff, view: str, page: int, now: datetime) -> Queue:
    """Return a page of the queue: what is due first comes first.

    Args:
        view: One of `VIEWS`; anything else is what is due.
        page: From 0.
    """
    view = view if view in VIEWS else "due"
    owner = {"mine": {"assignee": who.name}, "unassigned": {"assignee": ""}}.get(view, {})
    with database.read() as connection:
        found = ticketqueue.queue(
            connection, PAGE + 1, offset=page * PAGE, mailboxes=who.mailboxes,
            states=VIEWS[view], **owner,
        )  # fmt: skip
        counts = ticketqueue.count_of(connection, who.name, now, who.mailboxes)
    return Queue(view, tuple(found[:PAGE]), len(found) > PAGE, counts)


def search_for(database: Database, who: Staff, words: Sequence[str]) -> tuple[Ticket, ...]:
    """Find tickets that somebody may see; a number finds the one that has it."""
    with database.read() as connection:
        found = ticketsearch.search(connection, words, PAGE, who.mailboxes)
    return tuple(found)


def seen_by(database: Database, who: Staff, number: int) -> Conversation:
    """Return a ticket's conversation.

    Raises:
        NotFoundError: when there is no such ticket, or not for them.
    """
    try:
        found = conversation(database, number)
    except NotFoundError:
        found = None
    if found is None or not who.sees(found.ticket.mailbox):
        raise NotFoundError(f"There is no ticket {number}.")
    return found


def desk_for(
    database: Database, ring: KeyRing, who: Staff, number: int, now: datetime,
    *, whole: bool = False,
) -> Desk:  # fmt: skip
    """Return a ticket with all that stands beside it.

    Args:
        whole: Show also what was said long ago.

    Raises:
        NotFoundError: when there is no such ticket, or not for them.
    """
    found = seen_by(database, who, number)
    entries = found.entries if whole else found.entries[-SHOWN_AT_MOST:]
    earlier = len(found.entries) - len(entries)
    came = [
        one.incoming_id
        for one in entries
        if one.kind is EntryKind.CAME and one.incoming_id is not None
    ]
    ticket = found.ticket
    with database.read() as connection:
        raws = store.raws_of(connection, came)
        letters = (
            find_letter(connection, one) for one in store.letters_answered(connection, came)
        )
        answered = tuple(one for one in letters if one is not None)
        present = tuple(
            one
            for one in drafts.present(connection, ticket.id, now - PRESENT_FOR)
            if one.staff_id != who.id
        )
        draft = drafts.draft_of(connection, ticket.id, who.id)
        names = tuple(one.name for one in all_staff(connection) if one.left_at is None)
        person = _person(connection, who, ticket)
    shown = replace(found, entries=entries)
    known = _known(database, ring, person)
    brought = {one: _brought(raw) for one, raw in raws.items()}
    return Desk(shown, earlier, brought, answered, known, present, draft, names)


def _person(connection: Connection, who: Staff, ticket: Ticket) -> Person:
    contact = None
    letters: list[OwnLetter] = []
    bought: list[Event] = []
    if ticket.contact_id is not None:
        contact = get_contact(connection, ticket.contact_id)
        letters = own_letters(connection, ticket.contact_id, _LETTERS)
        bought = events_of(connection, ticket.contact_id, _PURCHASES, EventKind.ORDERED)
    theirs = store.of_person(connection, ticket.contact_id, ticket.match)
    others = [
        one
        for one in reversed(theirs if ticket.match else [])
        if one.id != ticket.id and one.merged_into is None and who.sees(one.mailbox)
    ]
    return Person(contact, (), (), tuple(letters), tuple(others[:_TICKETS]), tuple(bought))


def _known(database: Database, ring: KeyRing, person: Person) -> Person:
    if person.contact is None:
        return person
    try:
        shown = show_contact(database, ring, person.contact.match)
    except NotFoundError:
        return person
    return replace(person, memberships=shown.memberships, suppressions=shown.suppressions)


def _brought(raw: bytes) -> Brought:
    part = read(raw)
    has_html = any(one.kind == "text/html" for one in part.walk())
    return Brought(enclosed_of(part), has_html, len(raw) <= SIZE_AT_MOST)


def require_letter(database: Database, who: Staff, number: int, letter: int) -> None:
    """Raise when a letter has nothing to do with a ticket's person.

    Raises:
        NotFoundError: when it was to somebody else, or the ticket is not for them.
    """
    found = seen_by(database, who, number)
    if letter in found.letters:
        return
    contact_id = found.ticket.contact_id
    with database.read() as connection:
        view = find_letter(connection, letter)
    if view is None or contact_id is None or view.contact_id != contact_id:
        raise NotFoundError(f"ticket {number} has no letter {letter}")


def message_html(raw: bytes) -> tuple[str, int] | None:
    """Return a message's harmless HTML, and how many images were left out."""
    return html_of(read(raw))


def attachment(raw: bytes, number: int) -> tuple[str, bytes]:
    """Return the name and bytes of a message's attachment.

    Raises:
        NotFoundError: when it has no such one.
    """
    found = content_of(read(raw), number)
    if found is None:
        raise NotFoundError(f"the message has no attachment {number}")
    return found


def be_here(
    database: Database,
    who: Staff,
    number: int,
    text: str | None,
    version: int,
    now: datetime,
) -> tuple[Presence, ...]:
    """Note that somebody is at a ticket, keep what they have written; say who else is.

    Args:
        text: What they have written so far; None while they only look.

    Raises:
        NotFoundError: when there is no such ticket, or not for them.
    """
    ticket = seen_by(database, who, number).ticket
    with database.write() as connection:
        drafts.keep_draft(
            connection, ticket.id, who.id, text, now, version=version,
            writing=text is not None and bool(text.strip()),
        )  # fmt: skip
        here = drafts.present(connection, ticket.id, now - PRESENT_FOR)
    return tuple(one for one in here if one.staff_id != who.id)
