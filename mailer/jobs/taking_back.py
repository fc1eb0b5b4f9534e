"""Taking an answer back in the moments before it leaves, and cutting a ticket in two."""

from datetime import datetime, timedelta

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.tickets import change, conversation, due_values, open_ticket
from mailer.model.ticket import EntryKind, Ticket, TicketState
from mailer.store import tickets as store
from mailer.store.database import Connection, Database
from mailer.store.settling import withhold_queued
from mailer.store.ticketfiles import drop_files

UNDO_WITHIN = timedelta(seconds=10)
"""So long an answer from the console waits."""

_LETTERS = frozenset({EntryKind.REPLY, EntryKind.FORWARD})


def take_back(
    database: Database, number: int, letter: int, by: str, now: datetime
) -> tuple[Ticket, str]:
    """Take an answer back that has not left; return the ticket and what was written.

    The answer is due again: at once, where an earlier one had been given.

    Raises:
        NotFoundError: when the ticket has no such answer.
        RefusedError: when it has left, or is leaving.
    """
    found = conversation(database, number)
    entry = next((one for one in found.entries if one.delivery_id == letter), None)
    if entry is None or entry.kind not in _LETTERS:
        raise NotFoundError(f"ticket {number} has no answer with letter {letter}")
    with database.write() as connection:
        for one in {letter, *store.letters_caused(connection, [entry.id])}:
            if not withhold_queued(connection, one, now):
                raise RefusedError(f"letter {one} has left already, or is leaving")
        ticket = open_ticket(connection, number)
        drop_files(connection, entry.id)
        store.drop_entry(connection, entry.id)
        if entry.kind is EntryKind.FORWARD:
            _note(connection, ticket.id, by, now)
            return ticket, ""
        first = ticket.answered_at is None or ticket.answered_at >= entry.at
        values = {
            "answered_at": None if first else ticket.answered_at,
            "next_due_at": ticket.next_due_at if first else now,
            "closed_at": None,
        }
        change(connection, ticket, values, now)
        again = open_ticket(connection, number)
        change(connection, again, due_values(again, TicketState.OPEN), now)
        _note(connection, ticket.id, by, now)
        return open_ticket(connection, number), entry.text


def _note(connection: Connection, ticket_id: int, by: str, now: datetime) -> None:
    words = "took a letter back before it left"
    store.add_entry(connection, ticket_id, EntryKind.EVENT, now, author=by, text=words)


def split(database: Database, number: int, entry_id: int, by: str, now: datetime) -> Ticket:
    """Make a ticket of its own of one message of a conversation, and return it.

    The message goes over with what was decided about it; what was promised the person on
    the first ticket holds for the second.

    Raises:
        NotFoundError: when the ticket has no such message.
        RefusedError: when nothing would be left of the first.
    """
    found = conversation(database, number)
    came = [one for one in found.entries if one.kind is EntryKind.CAME]
    entry = next((one for one in came if one.id == entry_id), None)
    if entry is None:
        raise NotFoundError(f"ticket {number} has no message with entry {entry_id}")
    if len(came) == 1:
        raise RefusedError(f"ticket {number} has one message: nothing would be left of it")
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        made = store.create_ticket(
            connection,
            {
                "mailbox": ticket.mailbox, "subject": entry.subject or ticket.subject,
                "contact_id": ticket.contact_id, "match": ticket.match,
                "address": ticket.address, "person": ticket.person,
                "language": ticket.language, "priority": ticket.priority.value,
                "opened_at": entry.at, "changed_at": now,
                "first_due_at": ticket.first_due_at, "solve_due_at": ticket.solve_due_at,
                "due_at": ticket.due_at or now,
            },
        )  # fmt: skip
        store.move_entry(connection, entry, made)
        change(connection, ticket, {}, now)
        for one, words in (
            (ticket.id, f"a message became ticket {made}"),
            (made, f"split off ticket {ticket.id}"),
        ):
            store.add_entry(connection, one, EntryKind.EVENT, now, author=by, text=words)
        return open_ticket(connection, made)
