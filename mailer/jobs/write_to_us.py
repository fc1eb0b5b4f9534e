"""Writing to us on a page: what is typed is kept as a message, and treated as mail is.

Anyone may type anyone's address, as they may in a mail. So the limits are those of signing
up, whoever the address belongs to; and who is acknowledged, the quotas decide.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.audience.joining import network_hash
from mailer.compose.typed import Typed, typed_message
from mailer.jobs.acknowledge import reply_address
from mailer.model.delivery import DeliveryState
from mailer.model.key import KeyRing
from mailer.model.signup import SignUpRules
from mailer.model.ticket import Entry, EntryKind, Ticket, TicketState, told
from mailer.model.token import TokenBox
from mailer.store import form_messages as forms
from mailer.store import incoming
from mailer.store import tickets as store
from mailer.store.database import Database
from mailer.store.deliveries import find_letter

CHANNEL = "page"
"""By which way such a message came."""

_HELPED = {True: "the person was helped", False: "the person was not helped"}


def keep_typed(
    database: Database,
    ring: KeyRing,
    rules: SignUpRules,
    typed: Typed,
    network_address: str | None,
    now: datetime,
) -> bool:
    """Keep what was typed; when this returns it is on disk.

    Args:
        network_address: Where the request came from (an IP address), or None.

    Returns:
        False when too much is written at once, whoever writes.
    """
    network = network_hash(ring, network_address)
    with database.write() as connection:
        here, everyone = forms.written_lately(connection, network, now)
        if here >= rules.from_network_an_hour or everyone >= rules.an_hour:
            return False
        raw = typed_message(typed)
        _, is_new = incoming.keep(connection, raw, CHANNEL, now)
        if is_new:
            forms.note_written(connection, network, now)
    return True


@dataclass(frozen=True, slots=True)
class Followed:
    """A conversation as its person sees it: never with what staff note for each other.

    Args:
        helped: What she said when it was over: yes, no, or "".
    """

    ticket: Ticket
    entries: tuple[Entry, ...]
    helped: str


def follow_ticket(database: Database, number: int) -> Followed | None:
    """Return a conversation for its person; None when there is none (any more).

    A reply of ours is there once it has left; until then it can still be taken back.
    """
    with database.read() as connection:
        ticket = store.get_ticket(connection, number)
        if ticket is None:
            return None
        ticket = store.merged_to(connection, ticket)
        if not ticket.address:
            return None
        shown: list[Entry] = []
        entries = store.entries_of(connection, ticket.id)
        others = told(entries)
        for one in entries:
            if one.kind is EntryKind.CAME:
                # What others wrote to us about it is not for her.
                if one.author.lower() not in others:
                    shown.append(one)
            elif one.kind is EntryKind.REPLY and one.delivery_id is not None:
                letter = find_letter(connection, one.delivery_id)
                if letter is not None and letter.state is DeliveryState.ACCEPTED:
                    shown.append(one)
        return Followed(ticket, tuple(shown), forms.helped_of(connection, ticket.id))


def typed_on_ticket(
    ticket: Ticket, mailbox: str, tokens: TokenBox, text: str, once: str, at: datetime
) -> Typed:
    """Return what a person typed on the page of her conversation.

    Args:
        mailbox: The address of the mailbox that she wrote to.
    """
    return Typed(
        sender=ticket.address,
        name=ticket.person,
        to=reply_address(mailbox, tokens, ticket.id) or mailbox,
        subject=f"Re: {ticket.subject} [#{ticket.id}]",
        text=text,
        form="ticket",
        language=ticket.language,
        once=once,
        at=at,
    )


def say_helped(database: Database, number: int, *, helped: bool, now: datetime) -> None:
    """Note whether a person was helped; it stands on the ticket, and in the counts."""
    with database.write() as connection:
        ticket = store.get_ticket(connection, number)
        if ticket is None:
            return
        ticket = store.merged_to(connection, ticket)
        word = "yes" if helped else "no"
        # Pressed twice, it is said once.
        if ticket.state is not TicketState.CLOSED or word == forms.helped_of(
            connection, ticket.id
        ):
            return
        forms.note_helped(connection, ticket.id, helped=helped, now=now)
        store.add_entry(connection, ticket.id, EntryKind.EVENT, now, text=_HELPED[helped])
