"""Answering a person: a reply goes out by the engine, on its ticket's conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.compose.acknowledging import HELPED, helped_text, language_for
from mailer.compose.links import Site
from mailer.errors import AddressError, RefusedError
from mailer.jobs.acknowledge import answer_subject, reply_address
from mailer.jobs.helping import ticket_page
from mailer.jobs.tickets import change, due_values, open_ticket, step
from mailer.model.address import parse_address
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.ticket import Entry, EntryKind, Envelope, Step, Ticket
from mailer.model.token import TokenBox, TokenKind
from mailer.store import tickets as store
from mailer.store.contacts import find_contact
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection, Database
from mailer.triage.mailboxes import Mailbox, mailbox_of
from mailer.triage.tickets import Ids, clean, references_after

_TEXT_AT_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Pen:
    """What answers are written with.

    Args:
        site: Who writes where no mailbox does.
        rehearsing: Letters go where a rehearsal's go.
        texts: The texts of `templates/acknowledgements`; what closes asks by one of them
            whether the person was helped.
    """

    mailboxes: tuple[Mailbox, ...]
    site: Site
    ring: KeyRing
    tokens: TokenBox
    rehearsing: bool
    texts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, owed or shown.

    Args:
        delivery_id: The letter; 0 where it was only shown.
    """

    ticket: Ticket
    envelope: Envelope
    subject: str
    text: str
    delivery_id: int = 0


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
) -> Answer:
    """Owe a person an answer; it leaves within moments, and its due time is met.

    Args:
        version: The ticket as the writer saw it; None for as it is now.
        close: Close the ticket with it.
        dry_run: Show it, and send nothing.
        wait: So long it can be taken back before it leaves (`jobs/taking_back.py`).

    Raises:
        NotFoundError: when there is no such ticket.
        RefusedError: when there is nothing in it, nobody to send it to, or somebody else
            has changed the ticket since.
    """
    if not text.strip():
        raise RefusedError("there is nothing in the answer, so nothing was sent")
    if close:
        text = f"{text.rstrip()}\n\n{_were_you_helped(database, pen, number)}"
    if dry_run:
        with database.read() as connection:
            return _written(connection, pen, number, text, version)
    with database.write() as connection:
        answer = _written(connection, pen, number, text, version)
        return _owed(connection, pen, answer, by, (now, now + wait), close=close)


def _were_you_helped(database: Database, pen: Pen, number: int) -> str:
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
    connection: Connection, pen: Pen, number: int, text: str, version: int | None
) -> Answer:
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
    last = _last(connection, ticket)
    subject = answer_subject(last.subject if last else ticket.subject, ticket.id)
    envelope = _envelope(connection, pen, ticket, last)
    return Answer(ticket, envelope, subject, clean(text, _TEXT_AT_MOST))


def _owed(
    connection: Connection,
    pen: Pen,
    answer: Answer,
    by: str,
    when: tuple[datetime, datetime],
    *,
    close: bool,
) -> Answer:
    now, due_at = when
    ticket = answer.ticket
    entry_id = store.add_entry(
        connection,
        ticket.id,
        EntryKind.REPLY,
        now,
        author=by,
        subject=answer.subject,
        text=answer.text,
        envelope=answer.envelope,
    )
    try:
        match = parse_address(ticket.address).match
    except AddressError as problem:
        raise RefusedError(f"ticket {ticket.id}: {problem}") from None
    contact = find_contact(connection, match)
    recipient = Recipient(
        contact.id if contact else None,
        ticket.address,
        pen.ring.suppression_hash(match),
        rehearsal=pen.rehearsing,
    )
    delivery_id = queue_letter(
        connection, (CauseKind.TICKET, entry_id), Kind.REPLY, recipient, due_at
    )
    store.note_letter(connection, entry_id, delivery_id)
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
    return Answer(
        open_ticket(connection, ticket.id),
        answer.envelope,
        answer.subject,
        answer.text,
        delivery_id,
    )


def _last(connection: Connection, ticket: Ticket) -> Entry | None:
    """Return the last message of the person."""
    came = [
        one for one in store.entries_of(connection, ticket.id) if one.kind is EntryKind.CAME
    ]
    return came[-1] if came else None


def _envelope(
    connection: Connection, pen: Pen, ticket: Ticket, last: Entry | None
) -> Envelope:
    mailbox = next((one for one in pen.mailboxes if one.name == ticket.mailbox), None)
    if mailbox is None and not pen.site.sender_address:
        raise RefusedError(
            f"ticket {ticket.id} came to no mailbox of ours, so nobody could answer it:"
            " write [mailboxes.NAME] or site.sender into config.toml"
        )
    name = mailbox.sender_name if mailbox else pen.site.sender_name
    address = mailbox.address if mailbox else pen.site.sender_address
    takes = mailbox is not None and mailbox_of((address,), pen.mailboxes) is not None
    return Envelope(
        name,
        address,
        mailbox.bounce_domain if mailbox else "",
        ticket.person,
        reply_to=reply_address(address, pen.tokens, ticket.id) if takes else "",
        in_reply_to=last.message_id if last else "",
        references=_references(connection, pen, ticket, last),
    )


def _references(
    connection: Connection, pen: Pen, ticket: Ticket, last: Entry | None
) -> tuple[str, ...]:
    """Return the conversation, as the person's last message has it, or our letters."""
    if last is not None:
        listed = last.envelope.references if last.envelope else ()
        return references_after(Ids(last.message_id, (), listed, None))
    ours = [
        f"{pen.tokens.for_delivery(TokenKind.MESSAGE, one.delivery_id)}"
        f"@{one.envelope.from_address.rpartition('@')[2].lower()}"
        for one in store.entries_of(connection, ticket.id)
        if one.delivery_id is not None and one.envelope is not None
    ]
    return tuple(ours[-20:])
