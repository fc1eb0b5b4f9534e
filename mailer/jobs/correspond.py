"""Letters of support are written on their ticket, and owed: one to each who gets a copy.

Each copy is a delivery of its own with the entry as its cause, so that what comes of it is
known for each; all of them show the same To and Cc.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mailer.compose.links import Site
from mailer.errors import AddressError, RefusedError
from mailer.jobs.acknowledge import reply_address
from mailer.model.address import Address, parse_address
from mailer.model.attached import Attached
from mailer.model.delivery import CauseKind
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.ticket import EntryKind, Envelope, Ticket
from mailer.model.token import TokenBox
from mailer.store import tickets as store
from mailer.store.contacts import find_contact
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection
from mailer.store.ticketfiles import keep_files
from mailer.triage.attaching import check_together
from mailer.triage.mailboxes import Mailbox, mailbox_of

COPIES_AT_MOST = 20


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
class Along:
    """What goes along with an answer.

    Args:
        cc: Who gets a copy, as all others see.
        files: What is attached.
    """

    cc: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()


NOTHING_ALONG = Along()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter of support that is about to be owed."""

    kind: EntryKind
    envelope: Envelope
    subject: str
    text: str
    to: str
    files: tuple[Attached, ...] = ()


def written(
    pen: Pen, kind: EntryKind, head: tuple[Envelope, str], text: str, to: str, along: Along
) -> Outgoing:
    """Return a letter with its copies and files.

    Args:
        head: The envelope without copies, and the subject.
        to: The address that it is to.

    Raises:
        RefusedError: when somebody cannot get it, or the files are too much.
    """
    check_together(along.files)
    first = _recipient(pen, to)
    copies = {one.match: one for one in (_recipient(pen, cc) for cc in along.cc)}
    copies.pop(first.match, None)
    if len(copies) > COPIES_AT_MOST:
        raise RefusedError(f"{len(copies)} copies are too many: {COPIES_AT_MOST} at most")
    envelope, subject = head
    if copies or kind is EntryKind.FORWARD:
        cc = tuple(one.wire for one in copies.values())
        envelope = replace(envelope, to=first.wire, cc=cc)
    return Outgoing(kind, envelope, subject, text, first.wire, along.files)


def owe(
    connection: Connection,
    pen: Pen,
    ticket: Ticket,
    one: Outgoing,
    by: str,
    when: tuple[datetime, datetime],
) -> int:
    """Write a letter on its ticket and owe it to all who get it; return the first.

    Args:
        when: The moment, and from when it may leave.
    """
    now, due_at = when
    entry_id = store.add_entry(
        connection, ticket.id, one.kind, now, author=by, subject=one.subject,
        text=one.text, envelope=one.envelope,
    )  # fmt: skip
    keep_files(connection, entry_id, one.files)
    letters = [
        _owed(connection, pen, entry_id, address, due_at)
        for address in (one.to, *one.envelope.cc)
    ]
    store.note_letter(connection, entry_id, letters[0])
    return letters[0]


def _owed(
    connection: Connection, pen: Pen, entry_id: int, address: str, due_at: datetime
) -> int:
    match = parse_address(address).match
    contact = find_contact(connection, match)
    recipient = Recipient(
        contact.id if contact else None,
        address,
        pen.ring.suppression_hash(match),
        rehearsal=pen.rehearsing,
    )
    cause = (CauseKind.TICKET, entry_id)
    return queue_letter(connection, cause, Kind.REPLY, recipient, due_at)


def _recipient(pen: Pen, text: str) -> Address:
    """Read an address; one of our own would have us write to ourselves.

    Raises:
        RefusedError: when it is none, or ours.
    """
    try:
        address = parse_address(text)
    except AddressError as problem:
        raise RefusedError(str(problem)) from None
    if mailbox_of((address.wire,), pen.mailboxes) is not None:
        raise RefusedError(
            f"{address.wire} is a mailbox of ours: it would come back as a message;"
            " use a note for those who read it"
        )
    return address


def sender_of(pen: Pen, ticket: Ticket, to_name: str = "") -> Envelope:
    """Return the envelope of a letter about a ticket, without what it answers.

    Raises:
        RefusedError: when the ticket came to no mailbox that could answer.
    """
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
        to_name,
        reply_to=reply_address(address, pen.tokens, ticket.id) if takes else "",
    )


def addresses_in(text: str) -> tuple[str, ...]:
    """Return the addresses of a field, with commas, semicolons or spaces between them."""
    return tuple(one for one in text.replace(",", " ").replace(";", " ").split() if one)
