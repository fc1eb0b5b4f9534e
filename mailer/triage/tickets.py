"""What becomes of a person's message: which ticket it belongs to, and what is due then.

A message goes on a conversation by what only its people have: a token in the address that
it came to, a Message-ID that we signed, or, from the same person, the id of a message of
that ticket. A number in a subject is no proof: anybody can write one.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.ticket import DUE_STATES, Priority, Ticket, TicketState
from mailer.triage.answers import own_words
from mailer.triage.mailboxes import Mailbox
from mailer.triage.message import Message
from mailer.triage.workinghours import due

REOPENS_WITHIN = timedelta(days=30)
"""A ticket that has been closed for longer is not opened again: a new one follows it."""

SUBJECT_AT_MOST = 500
TEXT_AT_MOST = 50_000
REFERENCES_AT_MOST = 20
_NUMBER = re.compile(r"\[#(\d{1,12})\]")
_ID = re.compile(r"<([^<>\s\x00-\x1f\x7f-\x9f]{3,250})>")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Ids:
    """By what a message names itself and what came before it, without angle brackets.

    Args:
        own: "" where it has none.
        before: What it answers, nearest first.
        references: The conversation as it lists it, the oldest first.
        number: The ticket's number in its subject; None for none.
    """

    own: str
    before: tuple[str, ...]
    references: tuple[str, ...]
    number: int | None


def ids_of(message: Message) -> Ids:
    """Read by what a message names itself and what came before it (RFC 5322 §3.6.4)."""
    own = _ID.search(message.part.get("message-id"))
    answers = _ID.findall(message.part.get("in-reply-to"))[:REFERENCES_AT_MOST]
    listed = _ID.findall(message.part.get("references"))[-200:]
    number = _NUMBER.search(message.subject)
    return Ids(
        own[1] if own else "",
        tuple(dict.fromkeys([*answers, *reversed(listed)])),
        tuple(dict.fromkeys(listed or answers)),
        int(number[1]) if number else None,
    )


def references_after(ids: Ids) -> tuple[str, ...]:
    """Return the References of an answer: the first, and the last of the others."""
    listed = tuple(one for one in dict.fromkeys((*ids.references, ids.own)) if one)
    if len(listed) <= REFERENCES_AT_MOST:
        return listed
    return (listed[0], *listed[1 - REFERENCES_AT_MOST :])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tickets that a message may belong to, by what names them.

    Args:
        by_token: By the token in the address that it came to.
        by_signed_id: By Message-IDs that we signed, nearest first.
        by_id: By the ids of messages of it.
        by_number: By the number in the subject.
    """

    by_token: Ticket | None = None
    by_signed_id: Sequence[Ticket] = ()
    by_id: Sequence[Ticket] = ()
    by_number: Ticket | None = None


def ticket_for(candidates: Candidates, match: str, answers_to: str) -> Ticket | None:
    """Return the ticket that a message goes on; None for a new one.

    Args:
        match: The match form of who wrote it.
        answers_to: Where answers to it go: many write by one form of a web page.
    """
    if candidates.by_token is not None:
        return candidates.by_token
    if candidates.by_signed_id:
        return candidates.by_signed_id[0]
    for one in (*candidates.by_id, candidates.by_number):
        same = one is not None and match and one.match == match
        if same and one is not None and one.address.lower() == answers_to.lower():
            return one
    return None


def goes_on(ticket: Ticket, now: datetime) -> bool:
    """Say whether a ticket is still the place for what its person writes."""
    closed_at = ticket.closed_at
    long_ago = closed_at is not None and now - closed_at > REOPENS_WITHIN
    return not (ticket.state is TicketState.CLOSED and long_ago)


@dataclass(frozen=True, slots=True)
class Dues:
    """By when which answer is due; None where nothing is, or nobody promised it."""

    first: datetime | None
    next: datetime | None
    solution: datetime | None

    def soonest(self, state: TicketState) -> datetime | None:
        """Return what is due next, while somebody of ours owes an answer."""
        if state not in DUE_STATES:
            return None
        return min(
            (one for one in (self.first, self.next, self.solution) if one is not None),
            default=None,
        )


def dues_of_new(mailbox: Mailbox, now: datetime) -> Dues:
    """Return what is due after a person's first message."""
    hours = mailbox.hours
    if hours is None or not mailbox.promises:
        return Dues(None, None, None)
    targets = mailbox.targets
    return Dues(
        due(hours, now, targets.first_answer), None, due(hours, now, targets.solution)
    )


def dues_after_more(ticket: Ticket, mailbox: Mailbox, now: datetime) -> Dues:
    """Return what is due when a person writes again; what was due before stays due."""
    first, solution = ticket.first_due_at, ticket.solve_due_at
    hours = mailbox.hours
    if ticket.answered_at is None or hours is None or not mailbox.promises:
        return Dues(first, ticket.next_due_at, solution)
    again = ticket.next_due_at or due(hours, now, mailbox.targets.next_answer)
    if ticket.state is TicketState.CLOSED:
        solution = due(hours, now, mailbox.targets.solution)
    return Dues(None, again, solution)


def priority_of(message: Message) -> Priority:
    """Return how urgent a message is: what comes to abuse@ goes first (RFC 2142 §4)."""
    locals_ = {one.partition("@")[0].lower() for one in message.addressed_to}
    return Priority.HIGH if "abuse" in locals_ else Priority.NORMAL


def tag_of(text: str) -> str:
    """Return a tag as it is kept, in small letters.

    Raises:
        ValueError: when it cannot be one; says how to write it.
    """
    tag = clean(text.strip().lower(), 40)
    if not tag or not tag.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"{text[:40]!r} cannot be a tag: write letters, digits, - and _")
    return tag


def said_hash(message: Message) -> bytes:
    """Return a digest of what a message says, whatever its subject and layout."""
    said = " ".join((own_words(message) or message.said)[:TEXT_AT_MOST].split())
    return hashlib.sha256(said.casefold().encode("utf-8", "replace")).digest()


NAME_AT_MOST = 60
_MORE_THAN_A_NAME = re.compile(
    r"[/\\@:<>|%$€£=?#*!{}\[\]]|\d{3}|\.\w{2,}|www", re.IGNORECASE
)


def clean(text: str, longest: int) -> str:
    """Return a text without what a database or a header may not hold."""
    return _UNFIT.sub("", text[:longest])


def name_of(words: str) -> str:
    """Return the name that somebody wrote under, "" where it may be more than a name.

    Our acknowledgement greets by it, and From may be forged: nobody shall have us carry a
    link or an offer to somebody else.
    """
    name = " ".join(words.split()).strip(" \"'")
    return "" if len(name) > NAME_AT_MOST or _MORE_THAN_A_NAME.search(name) else name


_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


def form_language(message: Message) -> str | None:
    """Return the language of the page that a message was typed on; None for a mail."""
    found = message.part.get("x-form-language").strip()
    return found if _LANGUAGE.fullmatch(found) else None
