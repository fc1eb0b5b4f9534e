"""A ticket that somebody makes by hand: a person called, or stood in the shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import NotFoundError, did_you_mean
from mailer.jobs.tickets import open_ticket
from mailer.model.address import parse_address
from mailer.model.ticket import EntryKind, Envelope, Ticket, TicketState
from mailer.store import tickets as store
from mailer.store.contacts import find_contact
from mailer.store.database import Database
from mailer.triage.mailboxes import NOWHERE, Mailbox
from mailer.triage.tickets import SUBJECT_AT_MOST, TEXT_AT_MOST, clean, dues_of_new


@dataclass(frozen=True, slots=True)
class Call:
    """What a person said.

    Args:
        mailbox: The name of the mailbox whose hours hold; None for the first one.
    """

    address: str
    name: str
    subject: str
    text: str
    mailbox: str | None = None


def note_call(
    database: Database, mailboxes: Sequence[Mailbox], call: Call, by: str, now: datetime
) -> Ticket:
    """Make a ticket of what a person said; an answer is due as to a letter.

    Raises:
        AddressError: when the address is none.
        NotFoundError: when there is no such mailbox.
    """
    address = parse_address(call.address)
    mailbox = _mailbox(mailboxes, call.mailbox)
    dues = dues_of_new(mailbox, now)
    with database.write() as connection:
        known = find_contact(connection, address.match)
        number = store.create_ticket(
            connection,
            {
                "mailbox": mailbox.name,
                "subject": clean(call.subject, SUBJECT_AT_MOST),
                "contact_id": known.id if known else None,
                "match": address.match,
                "address": address.wire,
                "person": clean(call.name, SUBJECT_AT_MOST),
                "language": (known.language if known else None) or mailbox.language,
                "opened_at": now,
                "changed_at": now,
                "first_due_at": dues.first,
                "solve_due_at": dues.solution,
                "due_at": dues.soonest(TicketState.NEW),
            },
        )
        store.add_entry(
            connection,
            number,
            EntryKind.CAME,
            now,
            author=address.wire,
            subject=clean(call.subject, SUBJECT_AT_MOST),
            text=clean(call.text, TEXT_AT_MOST),
            envelope=Envelope(clean(call.name, SUBJECT_AT_MOST), address.wire),
        )
        store.add_entry(
            connection, number, EntryKind.EVENT, now, author=by, text="noted by hand"
        )
        return open_ticket(connection, number)


def _mailbox(mailboxes: Sequence[Mailbox], name: str | None) -> Mailbox:
    if name is None:
        return mailboxes[0] if mailboxes else NOWHERE
    for one in mailboxes:
        if one.name == name:
            return one
    near = did_you_mean(name, [one.name for one in mailboxes])
    raise NotFoundError(f"config.toml has no [mailboxes.{name}]{near}")
