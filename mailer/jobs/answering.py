"""Answering a person: a reply goes out by the engine, on its ticket's conversation."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.compose.acknowledging import HELPED, helped_text, language_for
from mailer.errors import RefusedError
from mailer.jobs.acknowledge import answer_subject
from mailer.jobs.correspond import (
    NOTHING_ALONG,
    Along,
    Outgoing,
    Pen,
    owe,
    sender_of,
    written,
)
from mailer.jobs.helping import ticket_page
from mailer.jobs.tickets import change, due_values, open_ticket, step
from mailer.model.ticket import Entry, EntryKind, Envelope, Step, Ticket, told
from mailer.model.token import TokenKind
from mailer.store import tickets as store
from mailer.store.database import Connection, Database
from mailer.store.drafts import drop_draft
from mailer.triage.tickets import Ids, clean, references_after

TEXT_AT_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, owed or shown.

    Args:
        letter: With who gets it and what is attached.
        delivery_id: The letter; 0 where it was only shown.
    """

    ticket: Ticket
    letter: Outgoing
    delivery_id: int = 0

    @property
    def envelope(self) -> Envelope:
        """What its header holds."""
        return self.letter.envelope

    @property
    def subject(self) -> str:
        """Its subject, with the ticket's number."""
        return self.letter.subject

    @property
    def text(self) -> str:
        """What it says."""
        return self.letter.text


def reply(  # noqa: PLR0913 - each is a thing of its own
    database: Database,
    pen: Pen,
    number: int,
    text: str,
    by: str,
    now: datetime,
    *,
    version: int | None = None,
    close: bool = False,
    dry_run: bool = False,
    wait: timedelta = timedelta(0),
    along: Along = NOTHING_ALONG,
    drafted_by: int | None = None,
) -> Answer:
    """Owe a person an answer; it leaves within moments, and its due time is met.

    Args:
        version: The ticket as the writer saw it; None for as it is now.
        close: Close the ticket with it.
        dry_run: Show it, and send nothing.
        wait: So long it can be taken back before it leaves (`jobs/taking_back.py`).
        along: Copies and files that go with it.
        drafted_by: Whose draft it was, by their number: it is one no more.

    Raises:
        NotFoundError: when there is no such ticket.
        RefusedError: when there is nothing in it, nobody to send it to, or somebody else
            has changed the ticket since.
    """
    if not text.strip():
        raise RefusedError("there is nothing in the answer, so nothing was sent")
    if close:
        text = f"{text.rstrip()}\n\n{were_you_helped(database, pen, number)}"
    if dry_run:
        with database.read() as connection:
            return _written(connection, pen, number, (text, along), version)
    with database.write() as connection:
        answer = _written(connection, pen, number, (text, along), version)
        if drafted_by is not None:
            drop_draft(connection, number, drafted_by)
        return _owed(connection, pen, answer, by, (now, now + wait), close=close)


def were_you_helped(database: Database, pen: Pen, number: int) -> str:
    """Return the words that ask whether a person was helped; "" where there are none.

    Raises:
        NotFoundError: when there is no such ticket.
        TemplateError: when the text cannot be filled in.
    """
    if not pen.texts:
        return ""
    with database.read() as connection:
        ticket = open_ticket(connection, number)
    language = language_for(pen.texts, HELPED, ticket.language, ticket.language)
    page = ticket_page(pen.site, pen.tokens, ticket.id)
    return helped_text(pen.texts, HELPED, language, page)


def _written(
    connection: Connection,
    pen: Pen,
    number: int,
    what: tuple[str, Along],
    version: int | None,
) -> Answer:
    text, along = what
    ticket = open_ticket(connection, number)
    step(ticket, Step.ANSWERED)
    if version is not None and version != ticket.version:
        raise RefusedError(
            f"ticket {ticket.id} has changed since you looked: somebody else worked on it,"
            f" or the person wrote again; look at it (`mailer inbox show {ticket.id}`),"
            " nothing was sent"
        )
    if not ticket.address:
        raise RefusedError(f"ticket {ticket.id} has no address that could be written to")
    entries = store.entries_of(connection, ticket.id)
    last = last_of_person(entries)
    subject = answer_subject(last.subject if last else ticket.subject, ticket.id)
    envelope = replace(
        sender_of(pen, ticket, ticket.person),
        in_reply_to=last.message_id if last else "",
        references=_references(pen, entries, last),
    )
    head, words = (envelope, subject), clean(text, TEXT_AT_MOST)
    letter = written(pen, EntryKind.REPLY, head, words, ticket.address, along)
    return Answer(ticket, letter)


def _owed(
    connection: Connection,
    pen: Pen,
    answer: Answer,
    by: str,
    when: tuple[datetime, datetime],
    *,
    close: bool,
) -> Answer:
    now, ticket = when[0], answer.ticket
    delivery_id = owe(connection, pen, ticket, answer.letter, by, when)
    state = step(ticket, Step.ANSWERED)
    values = due_values(ticket, state) | {
        "answered_at": ticket.answered_at or now,
        "next_due_at": None,
        "snoozed_until": None,
        "closed_at": None,
        "assignee": ticket.assignee or by,
    }
    change(connection, ticket, values, now)
    if close:
        answered = open_ticket(connection, ticket.id)
        closed = due_values(answered, step(answered, Step.CLOSED)) | {"closed_at": now}
        change(connection, answered, closed, now)
    return Answer(open_ticket(connection, ticket.id), answer.letter, delivery_id)


def last_of_person(entries: list[Entry]) -> Entry | None:
    """Return the last message of a conversation, without what others wrote only to us."""
    others = told(entries)
    came = [
        one
        for one in entries
        if one.kind is EntryKind.CAME and one.author.lower() not in others
    ]
    return came[-1] if came else None


def _references(pen: Pen, entries: list[Entry], last: Entry | None) -> tuple[str, ...]:
    """Return the conversation, as the person's last message has it, or our letters."""
    if last is not None:
        listed = last.envelope.references if last.envelope else ()
        return references_after(Ids(last.message_id, (), listed, None))
    ours = [
        f"{pen.tokens.for_delivery(TokenKind.MESSAGE, one.delivery_id)}"
        f"@{one.envelope.from_address.rpartition('@')[2].lower()}"
        for one in entries
        if one.delivery_id is not None
        and one.envelope is not None
        and one.kind is not EntryKind.FORWARD
    ]
    return tuple(ours[-20:])
