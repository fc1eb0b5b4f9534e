"""Working on tickets: look at them, take, note, assign, close, snooze, merge, spam."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailer.errors import NotFoundError, RefusedError
from mailer.model.attached import Attached, AttachedView
from mailer.model.delivery import DeliveryState
from mailer.model.ticket import (
    Entry,
    Step,
    Ticket,
    TicketState,
    after,
)
from mailer.store import acknowledging, ticketqueue
from mailer.store import tickets as store
from mailer.store.acknowledging import Decision
from mailer.store.database import Connection, Database
from mailer.store.deliveries import DeliveryView, find_letter
from mailer.store.ticketfiles import get_file, listed
from mailer.triage.tickets import Dues

_TEXT_AT_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Conversation:
    """A ticket with all that was said on it.

    Args:
        letters: Where each letter of ours stands, by its number.
        decisions: What was decided about acknowledging each message.
        files: What went with letters of ours, by the entry's number.
    """

    ticket: Ticket
    entries: tuple[Entry, ...]
    letters: Mapping[int, DeliveryView]
    decisions: tuple[Decision, ...]
    files: Mapping[int, tuple[AttachedView, ...]] = field(
        default_factory=dict[int, tuple[AttachedView, ...]]
    )

    @property
    def in_doubt(self) -> tuple[DeliveryView, ...]:
        """Letters of which nobody knows whether they arrived: a person decides."""
        return tuple(
            one for one in self.letters.values() if one.state is DeliveryState.IN_DOUBT
        )


def wake(database: Database, now: datetime) -> None:
    """Open what was snoozed until now."""
    with database.read() as connection:
        if not ticketqueue.sleepers(connection, now):
            return
    with database.write() as connection:
        ticketqueue.wake(connection, now)


def conversation(database: Database, number: int) -> Conversation:
    """Return a ticket with its conversation; a merged one is shown as what it went into.

    Raises:
        NotFoundError: when there is no such ticket.
    """
    with database.read() as connection:
        ticket = store.merged_to(connection, _found(connection, number))
        entries = tuple(store.entries_of(connection, ticket.id))
        copies = store.letters_caused(
            connection, [one.id for one in entries if one.envelope and one.envelope.cc]
        )
        owed = [one.delivery_id for one in entries if one.delivery_id is not None]
        letters = {
            one: letter
            for one in dict.fromkeys((*owed, *copies))
            if (letter := find_letter(connection, one)) is not None
        }
        own = sorted({ticket.id, *(one.ticket_id for one in entries)})
        decisions = tuple(
            decision
            for one in own
            for decision in acknowledging.decisions_of(connection, one)
        )
        files = listed(connection, [one.id for one in entries if one.envelope])
    return Conversation(ticket, entries, letters, decisions, files)


def message_as_it_came(database: Database, found: Conversation, number: int) -> bytes:
    """Return one of a conversation's messages as it came.

    Raises:
        NotFoundError: when it is none of them, or is not kept any more.
    """
    raw = None
    if number in {one.incoming_id for one in found.entries}:
        with database.read() as connection:
            raw = store.raw_of(connection, number)
    if raw is None:
        raise NotFoundError(f"ticket {found.ticket.id} has no message {number} (any more)")
    return raw


def file_as_sent(database: Database, found: Conversation, number: int) -> Attached:
    """Return a file that went with a letter of a conversation.

    Raises:
        NotFoundError: when it went with none of them.
    """
    with database.read() as connection:
        file = get_file(connection, [one.id for one in found.entries], number)
    if file is None:
        raise NotFoundError(f"ticket {found.ticket.id} has no file {number}")
    return file


def _found(connection: Connection, number: int) -> Ticket:
    ticket = store.get_ticket(connection, number)
    if ticket is None:
        raise NotFoundError(f"there is no ticket {number}; `mailer inbox list` shows them")
    return ticket


def open_ticket(connection: Connection, number: int) -> Ticket:
    """Return a ticket to work on, or what it was merged into.

    Raises:
        NotFoundError: when there is no such ticket.
    """
    return store.merged_to(connection, _found(connection, number))


def step(ticket: Ticket, what: Step) -> TicketState:
    """Return the state after a step.

    Raises:
        RefusedError: when the ticket's state does not allow it.
    """
    state = after(ticket.state, what)
    if state is None:
        raise RefusedError(
            f"ticket {ticket.id} is {ticket.state}, so it cannot be {what};"
            f" `mailer inbox show {ticket.id}` shows how it came there"
        )
    return state


def change(
    connection: Connection, ticket: Ticket, values: Mapping[str, Any], now: datetime
) -> None:
    """Change a ticket as it was read.

    Raises:
        RefusedError: when somebody else has changed it in the meantime.
    """
    if not store.change_ticket(connection, ticket, values, now):
        raise RefusedError(
            f"ticket {ticket.id} has changed in the meantime: somebody else worked on it,"
            f" or the person wrote again; look at it (`mailer inbox show {ticket.id}`) and"
            " do it again"
        )


def due_values(ticket: Ticket, state: TicketState) -> dict[str, Any]:
    """Return what is due next in a state."""
    first = ticket.first_due_at if ticket.answered_at is None else None
    dues = Dues(first, ticket.next_due_at, ticket.solve_due_at)
    return {"state": state.value, "due_at": dues.soonest(state)}
