"""The front desk: what a person writes becomes a ticket, and is acknowledged.

All of it is written in the commit that marks the message as acted on: a crash before it
has done nothing, and after it there is nothing left to do.
"""

from collections.abc import Sequence
from datetime import datetime

from mailer.jobs.acknowledge import Asked, FrontDesk, acknowledge
from mailer.jobs.own_answers import is_answer_of_ours, note_answer
from mailer.jobs.writers import Writer, candidates_of, writer_of
from mailer.model.blocked import names_of
from mailer.model.contact import Contact
from mailer.model.event import Event, EventKind
from mailer.model.key import KeyRing
from mailer.model.notice import Notice, Spam, Unsubscribe
from mailer.model.ticket import (
    EntryKind,
    Envelope,
    Step,
    Ticket,
    TicketKind,
    TicketState,
    after,
)
from mailer.model.token import TokenBox
from mailer.store import tickets as store
from mailer.store.blocks import blocked_by
from mailer.store.database import Connection
from mailer.store.events import note_event
from mailer.store.incoming import Unsorted
from mailer.store.subscriptions import of_contacts
from mailer.triage.answers import own_words
from mailer.triage.authentication import is_forged
from mailer.triage.deskrules import NOTHING, Acquaintance, Treatment, treatment_of
from mailer.triage.mailboxes import NOWHERE, Mailbox, mailbox_of
from mailer.triage.message import Message, open_message
from mailer.triage.tickets import (
    SUBJECT_AT_MOST,
    TEXT_AT_MOST,
    Ids,
    clean,
    dues_after_more,
    dues_of_new,
    form_language,
    goes_on,
    ids_of,
    priority_of,
    ticket_for,
)


def file_message(
    connection: Connection,
    front: FrontDesk,
    keys: tuple[KeyRing, TokenBox],
    one: Unsorted,
    notice: Notice,
    now: datetime,
) -> str:
    """Put a person's message on its ticket, and acknowledge it where that is due.

    Args:
        keys: The keys in force, and what makes tokens of them.

    Returns:
        What was made of it, in words.
    """
    _, tokens = keys
    store.hold(connection)
    message = open_message(one.raw)
    ids, who = ids_of(message), writer_of(connection, message)
    named = candidates_of(connection, tokens, message, ids)
    if is_answer_of_ours(front, message):
        return note_answer(connection, named, message, ids, one, now)
    found = ticket_for(named, who.match, who.answers_to.wire if who.answers_to else "")
    if found is not None:
        found = store.merged_to(connection, found)
    continues = found is not None and goes_on(found, now)
    block = _blocked(connection, who)
    if continues and found is not None:
        mailbox = front.mailbox(found.mailbox)
        treatment = block or _story(connection, front, message, mailbox, who.known, now)
        ticket_id = _goes_on(connection, found, mailbox, treatment, now)
    else:
        mailbox = mailbox_for(front, message, one.mailbox)
        treatment = block or treat(connection, front, message, mailbox, who.known, now)
        what = (message, notice, who, treatment)
        ticket_id = _new(connection, mailbox, what, found, now)
    _put_down(connection, ticket_id, message, ids, who, one)
    if who.known is not None and block is None and _is_a_reply(front, message, notice):
        note_event(connection, who.known.id, _replied(ticket_id, one))
    if treatment.rules and not continues:
        _say_rules(connection, ticket_id, treatment, now)
    if who.answers_to is not None and not isinstance(notice, Spam):
        asked = Asked(
            one.id, ticket_id, message, ids, who.answers_to, who.name, who.known, continues,
            treatment,
        )  # fmt: skip
        acknowledge(connection, front, keys, mailbox, asked, now)
    return f"a person will read it: ticket {ticket_id}"


def _say_rules(
    connection: Connection, ticket_id: int, treatment: Treatment, now: datetime
) -> None:
    names = ", ".join(f"“{name}”" for name in treatment.rules)
    words = f"by our rules {names}: {treatment.words()}"
    store.add_entry(connection, ticket_id, EntryKind.EVENT, now, text=words)


def _replied(ticket_id: int, one: Unsorted) -> Event:
    return Event(EventKind.REPLIED, one.received_at, f"ticket {ticket_id}")


def _is_a_reply(front: FrontDesk, message: Message, notice: Notice) -> bool:
    """Say whether a message shows that its sender cares to hear from us."""
    if isinstance(notice, (Spam, Unsubscribe)):
        return False
    return not is_forged(message, front.our_servers)


def _blocked(connection: Connection, who: Writer) -> Treatment | None:
    """Return what is done with the message of somebody who is blocked; None for others."""
    answers_to = who.answers_to.match if who.answers_to else ""
    names = [one for match in {who.match, answers_to} for one in names_of(match)]
    found = blocked_by(connection, names)
    if found is None:
        return None
    rules = (f"{found.value} is blocked",)
    return Treatment(tags=("blocked",), closes=True, silent=True, rules=rules)


def file_unread(connection: Connection, one: Unsorted, why: str, now: datetime) -> int:
    """Make a ticket of a message that nothing could be read of; return its number."""
    mailbox = NOWHERE
    ticket_id = store.create_ticket(
        connection,
        {
            "mailbox": mailbox.name, "subject": "", "contact_id": None, "match": "",
            "address": "", "person": "", "language": mailbox.language, "opened_at": now,
            "changed_at": now,
        },
    )  # fmt: skip
    store.add_entry(
        connection,
        ticket_id,
        EntryKind.CAME,
        one.received_at,
        text=f"({why})",
        incoming_id=one.id,
    )
    return ticket_id


def mailbox_for(front: FrontDesk, message: Message, read_from: str = "") -> Mailbox:
    """Return where a message was written to; what names no mailbox goes to the first.

    Args:
        read_from: The mailbox that it was read from, or "": of several that it names it is
            this one, and a message that names none (a Bcc) was written to it.
    """
    read = front.mailbox(read_from)
    if read.addresses and mailbox_of(message.addressed_to, (read,)) is not None:
        return read
    named = mailbox_of(message.addressed_to, front.mailboxes)
    if named is not None:
        return named
    first = front.mailboxes[0] if front.mailboxes else NOWHERE
    return read if read.addresses else first


def _new(
    connection: Connection,
    mailbox: Mailbox,
    what: tuple[Message, Notice, Writer, Treatment],
    follows: Ticket | None,
    now: datetime,
) -> int:
    message, notice, who, treatment = what
    dues = dues_of_new(mailbox, now)
    state = TicketState.NEW
    if treatment.closes:
        state = TicketState.CLOSED
    if treatment.spam or isinstance(notice, Spam):
        state = TicketState.SPAM
    tags = (*(("unsubscribe",) if isinstance(notice, Unsubscribe) else ()), *treatment.tags)
    language = (who.known.language if who.known else None) or form_language(message)
    return store.create_ticket(
        connection,
        {
            "mailbox": mailbox.name,
            "state": state.value,
            "kind": (treatment.kind or TicketKind.QUERY).value,
            "priority": (treatment.priority or priority_of(message)).value,
            "assignee": treatment.assignee or "",
            "subject": clean(message.subject, SUBJECT_AT_MOST),
            "contact_id": who.known.id if who.known else None,
            "match": who.match,
            "address": who.answers_to.wire if who.answers_to else "",
            "person": who.name,
            "language": language or mailbox.language,
            "tags": f" {' '.join(tags)} " if tags else "",
            "closed_at": None if state is TicketState.NEW else now,
            "opened_at": now,
            "changed_at": now,
            "first_due_at": dues.first,
            "solve_due_at": dues.solution,
            "due_at": dues.soonest(state),
            "follows": follows.id if follows else None,
        },
    )


def treat(
    connection: Connection,
    front: FrontDesk,
    message: Message,
    mailbox: Mailbox,
    known: Contact | None,
    now: datetime,
) -> Treatment:
    """Return what the workspace's own rules do with a person's first message."""
    if not front.rules:
        return NOTHING
    acquaintance = Acquaintance()
    if known is not None:
        places = of_contacts(connection, [known.id])
        lists = [list_id for (_, list_id), one in places.items() if one.stands(now)]
        names = frozenset(front.list_names.get(one, one) for one in lists)
        acquaintance = Acquaintance(names, known.attributes)
    return treatment_of(front.rules, message, mailbox.name, acquaintance)


def _story(
    connection: Connection,
    front: FrontDesk,
    message: Message,
    mailbox: Mailbox,
    known: Contact | None,
    now: datetime,
) -> Treatment:
    """Return what goes on with each message: a story, and nothing else."""
    if not any(one.does.series for one in front.rules):
        return NOTHING
    does = treat(connection, front, message, mailbox, known, now)
    if not does.series:
        return NOTHING
    return Treatment(closes=does.closes, series=does.series, rules=does.rules)


def _goes_on(
    connection: Connection, found: Ticket, mailbox: Mailbox, does: Treatment, now: datetime
) -> int:
    """Put a message on its ticket; what a story or a block closes owes nobody an answer."""
    return found.id if does.closes else _more(connection, found, mailbox, now)


def _more(connection: Connection, found: Ticket, mailbox: Mailbox, now: datetime) -> int:
    """Note that a person has written again, whatever is being done with it meanwhile."""
    found = store.locked(connection, found)
    state = after(found.state, Step.WRITTEN) or found.state
    dues = dues_after_more(found, mailbox, now)
    store.change_ticket(
        connection,
        found,
        {
            "state": state.value,
            "next_due_at": dues.next,
            "solve_due_at": dues.solution,
            "due_at": dues.soonest(state),
            "closed_at": None if state is TicketState.OPEN else found.closed_at,
            "snoozed_until": None,
        },
        now,
    )
    return found.id


def _put_down(
    connection: Connection,
    ticket_id: int,
    message: Message,
    ids: Ids,
    who: Writer,
    one: Unsorted,
) -> None:
    said = own_words(message) or message.said
    store.add_entry(
        connection,
        ticket_id,
        EntryKind.CAME,
        one.received_at,
        author=clean(message.sender, SUBJECT_AT_MOST),
        subject=clean(message.subject, SUBJECT_AT_MOST),
        text=clean(said, TEXT_AT_MOST),
        incoming_id=one.id,
        message_id=clean(ids.own, SUBJECT_AT_MOST),
        envelope=Envelope(
            who.name, clean(message.sender, SUBJECT_AT_MOST), references=_kept(ids)
        ),
    )


def _kept(ids: Ids) -> tuple[str, ...]:
    listed: Sequence[str] = (*ids.references[:1], *ids.references[1:][-20:])
    return tuple(clean(one, SUBJECT_AT_MOST) for one in listed)
