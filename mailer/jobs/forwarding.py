"""Passing a person's message on: somebody outside knows the answer, and tells it to us.

What they write back comes to the ticket, for the staff alone: the person never sees it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.errors import NotFoundError
from mailer.jobs.answering import TEXT_AT_MOST, Answer, last_of_person
from mailer.jobs.correspond import Along, Pen, owe, sender_of, written
from mailer.jobs.tickets import open_ticket
from mailer.model.attached import Attached
from mailer.model.ticket import FORWARDED, Entry, EntryKind, Ticket
from mailer.store import tickets as store
from mailer.store.database import Connection, Database
from mailer.triage.attaching import attached
from mailer.triage.enclosed import content_of, enclosed_of
from mailer.triage.mime import read
from mailer.triage.tickets import SUBJECT_AT_MOST, clean


@dataclass(frozen=True, slots=True)
class Passing:
    """What is passed on, and to whom.

    Args:
        text: What is said to them above the message.
        message: Which one; None for the person's last.
        files: Whether its attachments go along. What may run when opened never does.
    """

    to: str
    text: str = ""
    message: int | None = None
    files: bool = True
    cc: tuple[str, ...] = ()


def forward(  # noqa: PLR0913 - each is a thing of its own
    database: Database,
    pen: Pen,
    number: int,
    what: Passing,
    by: str,
    now: datetime,
    *,
    dry_run: bool = False,
    wait: timedelta = timedelta(0),
) -> Answer:
    """Owe somebody else a message of a ticket; what is due to the person stays due.

    Args:
        dry_run: Show it, and send nothing.
        wait: So long it can be taken back before it leaves.

    Raises:
        NotFoundError: when there is no such ticket or message.
        RefusedError: when it cannot go there, or is too much.
    """
    if dry_run:
        with database.read() as connection:
            return _passed(connection, pen, number, what)
    with database.write() as connection:
        found = _passed(connection, pen, number, what)
        when = (now, now + wait)
        letter = owe(connection, pen, found.ticket, found.letter, by, when)
        return Answer(found.ticket, found.letter, letter)


def _passed(connection: Connection, pen: Pen, number: int, what: Passing) -> Answer:
    ticket = open_ticket(connection, number)
    entry = _message(connection, ticket, what.message)
    raw = None
    if entry.incoming_id is not None:
        raw = store.raw_of(connection, entry.incoming_id)
    files, left_out = _files(raw if what.files else None)
    words = f"{what.text.strip()}\n\n" if what.text.strip() else ""
    text = clean(f"{words}{_quoted(ticket, entry, left_out)}", TEXT_AT_MOST)
    subject = clean(
        f"Fwd: {entry.subject or ticket.subject} [#{ticket.id}]", SUBJECT_AT_MOST
    )
    head, along = (sender_of(pen, ticket), subject), Along(what.cc, files)
    return Answer(ticket, written(pen, EntryKind.FORWARD, head, text, what.to, along))


def _message(connection: Connection, ticket: Ticket, number: int | None) -> Entry:
    entries = store.entries_of(connection, ticket.id)
    found = last_of_person(entries)
    if number is not None:
        came = (one for one in entries if one.kind is EntryKind.CAME)
        found = next((one for one in came if number == one.incoming_id), None)
    if found is None:
        wanted = "message" if number is None else f"message {number}"
        raise NotFoundError(
            f"ticket {ticket.id} has no {wanted} that could be passed on;"
            f" `mailer inbox show {ticket.id}` says their numbers"
        )
    return found


def _quoted(ticket: Ticket, entry: Entry, left_out: tuple[str, ...]) -> str:
    name = entry.envelope.from_name if entry.envelope else ""
    who = f"{name} <{entry.author}>" if name else entry.author
    lines = [
        FORWARDED,
        f"From: {who}",
        f"Date: {entry.at:%Y-%m-%d %H:%M} UTC",
        f"Subject: {entry.subject or ticket.subject}",
    ]
    if left_out:
        lines.append(f"Left out, because opening it may run it: {', '.join(left_out)}")
    return "\n".join([*lines, "", entry.text])


def _files(raw: bytes | None) -> tuple[tuple[Attached, ...], tuple[str, ...]]:
    """Return a message's attachments, and the names of those that are left out."""
    if raw is None:
        return (), ()
    part = read(raw)
    listed = enclosed_of(part)
    contents = (content_of(part, one.number) for one in listed if not one.runs)
    files = tuple(attached(*one) for one in contents if one is not None)
    return files, tuple(one.name for one in listed if one.runs)
