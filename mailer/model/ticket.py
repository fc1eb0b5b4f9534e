"""One conversation with support: its states, and what leads from one to the next.

The table below is the only place that knows the order of states; nothing else compares
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TicketState(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    SPAM = "spam"
    MERGED = "merged"


class Step(StrEnum):
    """What happens to a ticket."""

    WRITTEN = "written"
    """The person writes."""
    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    MERGED = "merged"
    SPAM = "spam"


class TicketKind(StrEnum):
    """What a person wants."""

    QUERY = "query"
    COMPLAINT = "complaint"
    COMPLIMENT = "compliment"
    DATA_REQUEST = "data_request"
    """To see, correct or erase what is known about them."""


class Priority(StrEnum):
    """How urgent a ticket is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class EntryKind(StrEnum):
    """What stands in a ticket's conversation."""

    CAME = "came"
    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    FORWARD = "forward"
    """A message of it went on to somebody else."""
    NOTE = "note"
    EVENT = "event"


FORWARDED = "---------- Forwarded message ----------"
"""Stands above a message that goes on to somebody else."""

_T = TicketState
_ACTIVE = (_T.NEW, _T.OPEN, _T.WAITING, _T.SNOOZED)

STEPS: dict[tuple[TicketState, Step], TicketState] = {
    (_T.NEW, Step.WRITTEN): _T.NEW,
    (_T.OPEN, Step.WRITTEN): _T.OPEN,
    (_T.WAITING, Step.WRITTEN): _T.OPEN,
    (_T.SNOOZED, Step.WRITTEN): _T.OPEN,
    (_T.CLOSED, Step.WRITTEN): _T.OPEN,
    (_T.SPAM, Step.WRITTEN): _T.SPAM,
    (_T.NEW, Step.TAKEN): _T.OPEN,
    (_T.OPEN, Step.TAKEN): _T.OPEN,
    (_T.WAITING, Step.TAKEN): _T.WAITING,
    (_T.SNOOZED, Step.TAKEN): _T.SNOOZED,
    **{(state, Step.ANSWERED): _T.WAITING for state in (*_ACTIVE, _T.CLOSED)},
    **{(state, Step.CLOSED): _T.CLOSED for state in _ACTIVE},
    **{(state, Step.REOPENED): _T.OPEN for state in (_T.CLOSED, _T.SPAM)},
    **{(state, Step.SNOOZED): _T.SNOOZED for state in _ACTIVE},
    (_T.SNOOZED, Step.WOKEN): _T.OPEN,
    **{(state, Step.MERGED): _T.MERGED for state in (*_ACTIVE, _T.CLOSED, _T.SPAM)},
    **{(state, Step.SPAM): _T.SPAM for state in (*_ACTIVE, _T.CLOSED)},
}
"""Which state follows; a pair that is missing cannot be."""

DUE_STATES = frozenset({_T.NEW, _T.OPEN})
"""In these somebody of ours owes an answer."""

OVER_STATES = frozenset({_T.CLOSED, _T.SPAM, _T.MERGED})
"""In these nobody owes anybody anything."""


def after(state: TicketState, step: Step) -> TicketState | None:
    """Return the state that follows; None where the step cannot be."""
    return STEPS.get((state, step))


def steps_of(state: TicketState) -> frozenset[Step]:
    """Return the steps that a state allows."""
    return frozenset(one for one in Step if (state, one) in STEPS)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One conversation with support.

    Args:
        mailbox: The name of the mailbox that was written to, "" for none of ours.
        contact_id: Who it is, where we know them.
        match: The match form of the person's address; "" when she was erased.
        address: The address that replies go to, its domain as A-label.
        person: The name that she wrote under, or "".
        assignee: Who of the staff has it, "" for nobody yet.
        due_at: By when the next answer, or the solution, is due; None for nothing due.
        answered_at: When a person first answered.
        follows: The closed ticket that it goes on from, long after.
        version: Counts every change, so that two people don't answer twice.
    """

    id: int
    mailbox: str
    state: TicketState
    kind: TicketKind
    priority: Priority
    subject: str
    contact_id: int | None
    match: str
    address: str
    person: str
    language: str
    assignee: str
    tags: tuple[str, ...]
    opened_at: datetime
    changed_at: datetime
    first_due_at: datetime | None
    next_due_at: datetime | None
    solve_due_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    snoozed_until: datetime | None
    merged_into: int | None
    follows: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the header of an answer of ours holds beside its subject and recipient.

    Args:
        from_name: The display name, "" for none.
        bounce_domain: Where it comes back to; "" for the sender's own address.
        to_name: The recipient's name, or "".
        reply_to: An address that names the ticket by a token; "" for none.
        in_reply_to: The message that it answers, without angle brackets; "" for none.
        references: The conversation so far, the oldest first (RFC 5322 §3.6.4).
        to: Whom it is to, on the copies that others get too; "" for whoever gets it.
        cc: Who gets a copy, as all of them see.
    """

    from_name: str
    from_address: str
    bounce_domain: str = ""
    to_name: str = ""
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    to: str = ""
    cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a ticket's conversation.

    Args:
        author: Who wrote it: the person's address, one of the staff, or "".
        incoming_id: The message as it came.
        delivery_id: The letter that it left as.
        message_id: By which the person's mail program calls it, without angle brackets.
        text: What it says, without what it quotes.
    """

    id: int
    ticket_id: int
    kind: EntryKind
    at: datetime
    author: str
    subject: str
    text: str
    incoming_id: int | None = None
    delivery_id: int | None = None
    message_id: str = ""
    envelope: Envelope | None = None


def told(entries: Sequence[Entry]) -> frozenset[str]:
    """Return to whom messages of a conversation went on: they are no part of it.

    What they write back is for us, and never shown to the person.
    """
    return frozenset(
        one.lower()
        for entry in entries
        if entry.kind is EntryKind.FORWARD and entry.envelope is not None
        for one in (entry.envelope.to, *entry.envelope.cc)
    )
