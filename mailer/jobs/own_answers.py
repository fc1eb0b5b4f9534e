"""Answers that somebody of ours wrote in their own mail program, as copies show them.

A copy comes by Bcc, or from the folder of sent mail. It is no person's message: it stands
on the ticket as an answer, meets what was due, and is never acknowledged.
"""

from datetime import datetime

from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.tickets import change, due_values
from mailer.model.ticket import EntryKind, Step, TicketState, after
from mailer.store import tickets as store
from mailer.store.database import Connection
from mailer.store.incoming import Unsorted
from mailer.triage.addresses import mailboxes as addresses_in
from mailer.triage.answers import own_words
from mailer.triage.authentication import is_forged
from mailer.triage.message import Message
from mailer.triage.tickets import SUBJECT_AT_MOST, TEXT_AT_MOST, Candidates, Ids, clean


def is_answer_of_ours(front: FrontDesk, message: Message) -> bool:
    """Say whether a message is a copy of what one of our mailboxes wrote to somebody.

    A form on a web page writes in our name too, but to us, or with the person's Reply-To.
    """
    ours = frozenset(one for box in front.mailboxes for one in box.addresses)
    replies = addresses_in(message.part.words("reply-to"))
    named = [
        one
        for field in ("to", "cc")
        for value in message.part.all(field)[:20]
        for one in addresses_in(value)
    ]
    return (
        message.sender.lower() in ours
        and all(_bare(one) in ours for one in replies)
        and bool(named)
        and not any(_bare(one) in ours for one in named)
        and not is_forged(message, front.our_servers)
    )


def _bare(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def note_answer(
    connection: Connection,
    named: Candidates,
    message: Message,
    ids: Ids,
    one: Unsorted,
    now: datetime,
) -> str:
    """Put such a copy on the ticket of the message that it answers; say what was done."""
    found = next(iter((*named.by_signed_id, *named.by_id)), None)
    if found is None:
        return "one of ours wrote it, and it answers no ticket"
    ticket = store.locked(connection, store.merged_to(connection, found))
    store.add_entry(
        connection,
        ticket.id,
        EntryKind.REPLY,
        one.received_at,
        author=clean(message.part.words("from"), SUBJECT_AT_MOST),
        subject=clean(message.subject, SUBJECT_AT_MOST),
        text=clean(own_words(message) or message.said, TEXT_AT_MOST),
        incoming_id=one.id,
        message_id=clean(ids.own, SUBJECT_AT_MOST),
    )
    state = after(ticket.state, Step.ANSWERED)
    if state is not None and ticket.state is not TicketState.CLOSED:
        values = due_values(ticket, state) | {
            "answered_at": ticket.answered_at or one.received_at,
            "next_due_at": None,
            "snoozed_until": None,
        }
        change(connection, ticket, values, now)
    return f"one of ours answered ticket {ticket.id} with it"
