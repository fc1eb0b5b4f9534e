"""Working on tickets: take, assign, note, close, snooze, merge, spam, settle a letter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.tickets import change, conversation, due_values, open_ticket, step
from mailer.model.delivery import DeliveryState
from mailer.model.ticket import EntryKind, Priority, Step, Ticket, TicketKind
from mailer.store import settling
from mailer.store import tickets as store
from mailer.store.database import Connection, Database
from mailer.store.settling import Again
from mailer.triage.tickets import clean, tag_of

_TEXT_AT_MOST = 100_000


def take(database: Database, number: int, by: str, now: datetime) -> Ticket:
    """Give a ticket to somebody of the staff.

    Raises:
        NotFoundError, RefusedError: as `change`.
    """
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        values = due_values(ticket, step(ticket, Step.TAKEN)) | {"assignee": by}
        change(connection, ticket, values, now)
        _event(connection, ticket, now, by, f"taken by {by}")
        return open_ticket(connection, number)


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a ticket is sorted; what is None stays as it is.

    Args:
        assignee: "" for nobody.
        tags: Added; `without` is taken away.
    """

    assignee: str | None = None
    kind: TicketKind | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def assign(database: Database, number: int, how: Sorting, by: str, now: datetime) -> Ticket:
    """Say who has a ticket, what it is, how urgent, and by which tags it is found.

    Raises:
        RefusedError: when a tag cannot be one, or as `change`.
    """
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        tags = [
            one for one in (*ticket.tags, *map(_tag, how.tags)) if one not in how.without
        ]
        values: dict[str, Any] = {"tags": _spelt(tags)}
        words: list[str] = []
        if how.assignee is not None:
            values["assignee"] = how.assignee
            words.append(f"given to {how.assignee or 'nobody'}")
        if how.kind is not None:
            values["kind"] = how.kind.value
            words.append(f"is a {how.kind.value}")
        if how.priority is not None:
            values["priority"] = how.priority.value
            words.append(f"priority {how.priority.value}")
        if how.tags or how.without:
            words.append(f"tags: {' '.join(dict.fromkeys(tags)) or 'none'}")
        if not words:
            raise RefusedError("say what is to change: --to, --kind, --priority or --tag")
        change(connection, ticket, values, now)
        _event(connection, ticket, now, by, "; ".join(words))
        return open_ticket(connection, number)


def _tag(text: str) -> str:
    try:
        return tag_of(text)
    except ValueError as problem:
        raise RefusedError(str(problem)) from None


def _spelt(tags: list[str]) -> str:
    return f" {' '.join(dict.fromkeys(tags))} " if tags else ""


def note(database: Database, number: int, text: str, by: str, now: datetime) -> Ticket:
    """Write something down for the others; it goes to nobody.

    It is about the person, so it is in what she downloads.

    Raises:
        RefusedError: when there is nothing in it.
    """
    if not text.strip():
        raise RefusedError("there is nothing in the note")
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        store.add_entry(
            connection,
            ticket.id,
            EntryKind.NOTE,
            now,
            author=by,
            text=clean(text, _TEXT_AT_MOST),
        )
        return ticket


def close(database: Database, number: int, by: str, now: datetime) -> Ticket:
    """Close a ticket: nobody owes anybody anything."""
    return _over(database, number, Step.CLOSED, by, now, "closed")


def reopen(database: Database, number: int, by: str, now: datetime) -> Ticket:
    """Open a ticket again that was closed, or was taken for spam."""
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        state = step(ticket, Step.REOPENED)
        values = due_values(ticket, state) | {"closed_at": None}
        change(connection, ticket, values, now)
        _event(connection, ticket, now, by, "opened again")
        return open_ticket(connection, number)


def spam(database: Database, number: int, by: str, now: datetime) -> Ticket:
    """Say that a ticket is spam; what its sender adds to it is spam too."""
    return _over(database, number, Step.SPAM, by, now, "called spam")


def _over(
    database: Database, number: int, what: Step, by: str, now: datetime, words: str
) -> Ticket:
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        values = due_values(ticket, step(ticket, what))
        closed = {"closed_at": now, "snoozed_until": None, "next_due_at": None}
        change(connection, ticket, values | closed, now)
        _event(connection, ticket, now, by, words)
        return open_ticket(connection, number)


def snooze(
    database: Database, number: int, until: datetime, by: str, now: datetime
) -> Ticket:
    """Let a ticket rest until a moment, or until the person writes again.

    Raises:
        RefusedError: when the moment is over, or as `change`.
    """
    if until <= now:
        raise RefusedError(f"{until:%Y-%m-%d %H:%M} UTC is over already")
    with database.write() as connection:
        ticket = open_ticket(connection, number)
        values = due_values(ticket, step(ticket, Step.SNOOZED)) | {"snoozed_until": until}
        change(connection, ticket, values, now)
        _event(connection, ticket, now, by, f"snoozed until {until:%Y-%m-%d %H:%M} UTC")
        return open_ticket(connection, number)


def merge(database: Database, number: int, into: int, by: str, now: datetime) -> Ticket:
    """Put a ticket into another; both numbers lead there from now on.

    Raises:
        RefusedError: when both are one, or different people's.
    """
    with database.write() as connection:
        ticket, other = open_ticket(connection, number), open_ticket(connection, into)
        if ticket.id == other.id:
            raise RefusedError(f"ticket {number} and ticket {into} are one already")
        if ticket.match != other.match:
            raise RefusedError(
                f"tickets {ticket.id} and {other.id} are different people's: what one wrote"
                " would be quoted to the other"
            )
        values = due_values(ticket, step(ticket, Step.MERGED))
        change(
            connection, ticket, values | {"merged_into": other.id, "closed_at": now}, now
        )
        store.move_merged(connection, ticket.id, other.id)
        _event(connection, other, now, by, f"ticket {ticket.id} was merged into it")
        return open_ticket(connection, into)


def settle_letter(  # noqa: PLR0913, PLR0917 - each is a thing of its own
    database: Database,
    number: int,
    letter: int,
    after_: DeliveryState,
    by: str,
    again: Again,
    now: datetime,
) -> None:
    """Decide about a letter in doubt: it arrived, it did not, or it is sent once more.

    Raises:
        NotFoundError: when the ticket has no such letter.
        RefusedError: when it is not in doubt.
    """
    found = conversation(database, number)
    if letter not in found.letters:
        raise NotFoundError(f"ticket {number} has no letter {letter}")
    with database.write() as connection:
        if not settling.resolve(connection, [letter], after_, again, now):
            raise RefusedError(f"letter {letter} is not in doubt")
        words = f"letter {letter} was in doubt: {after_.value}"
        _event(connection, found.ticket, now, by, words)


def _event(
    connection: Connection, ticket: Ticket, now: datetime, by: str, words: str
) -> None:
    store.add_entry(connection, ticket.id, EntryKind.EVENT, now, author=by, text=words)
