"""Tickets and their conversations, as they are written and found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from mailer.model.delivery import CauseKind
from mailer.model.ticket import (
    Entry,
    EntryKind,
    Envelope,
    Priority,
    Ticket,
    TicketKind,
    TicketState,
)
from mailer.store.tables import DeliveryRow, IncomingRow, table
from mailer.store.tickettables import AcknowledgementRow, TicketEntryRow, TicketRow
from mailer.triage.searching import indexed

_ticket = table(TicketRow)
_entry = table(TicketEntryRow)
_decided = table(AcknowledgementRow)
_incoming = table(IncomingRow)
_delivery = table(DeliveryRow)
_HELD = text("SELECT pg_advisory_xact_lock(:tickets)")
_TICKETS = 0x7469636B
"""Ours alone among the numbers of this database's advisory locks."""

_MERGED_AT_MOST = 20


def create_ticket(connection: Connection, values: Mapping[str, Any]) -> int:
    """Make a ticket of a person's first message; return its number.

    Args:
        values: As `Ticket` names them, but for what every new one has.
    """
    new = {
        "state": TicketState.NEW.value,
        "kind": TicketKind.QUERY.value,
        "priority": Priority.NORMAL.value,
        "assignee": "",
        "tags": "",
        "version": 1,
    }
    made = insert(_ticket).values(**(new | dict(values))).returning(_ticket.c.id)
    return int(connection.execute(made).scalar_one())


def change_ticket(
    connection: Connection, ticket: Ticket, values: Mapping[str, Any], now: datetime
) -> bool:
    """Change a ticket; False when somebody else has changed it in the meantime."""
    changed = connection.execute(
        update(_ticket)
        .where(_ticket.c.id == ticket.id, _ticket.c.version == ticket.version)
        .values(**values, changed_at=now, version=ticket.version + 1)
    )
    return changed.rowcount == 1


def add_entry(  # noqa: PLR0913 - an entry's own facts
    connection: Connection,
    ticket_id: int,
    kind: EntryKind,
    at: datetime,
    *,
    author: str = "",
    subject: str = "",
    text: str = "",
    incoming_id: int | None = None,
    message_id: str = "",
    envelope: Envelope | None = None,
) -> int:
    """Write an entry into a conversation; return its number."""
    name = "" if envelope is None else envelope.from_name
    # Our own automatic words would be found with everything.
    automatic = kind is EntryKind.ACKNOWLEDGEMENT
    return int(
        connection.execute(
            insert(_entry)
            .values(
                ticket_id=ticket_id,
                kind=kind.value,
                at=at,
                author=author,
                subject=subject,
                text=text,
                folded="",
                words="" if automatic else indexed(author, name, subject, text),
                incoming_id=incoming_id,
                message_id=message_id,
                envelope=None if envelope is None else asdict(envelope),
            )
            .returning(_entry.c.id)
        ).scalar_one()
    )


def note_letter(connection: Connection, entry_id: int, delivery_id: int) -> None:
    """Note as which letter an entry leaves."""
    connection.execute(
        update(_entry).where(_entry.c.id == entry_id).values(delivery_id=delivery_id)
    )


def drop_entry(connection: Connection, entry_id: int) -> None:
    """Take an entry out of its conversation: what it said never left."""
    connection.execute(delete(_entry).where(_entry.c.id == entry_id))


def move_entry(connection: Connection, entry: Entry, ticket_id: int) -> None:
    """Put a message on another ticket, with its acknowledgement and what was decided."""
    here = _entry.c.id == entry.id
    if entry.incoming_id is not None:
        here |= (_entry.c.incoming_id == entry.incoming_id) & (
            _entry.c.ticket_id == entry.ticket_id
        )
        connection.execute(
            update(_decided)
            .where(_decided.c.incoming_id == entry.incoming_id)
            .values(ticket_id=ticket_id)
        )
    connection.execute(update(_entry).where(here).values(ticket_id=ticket_id))


def get_ticket(connection: Connection, number: int) -> Ticket | None:
    """Return a ticket; None when there is none."""
    row = connection.execute(select(_ticket).where(_ticket.c.id == number)).one_or_none()
    return None if row is None else ticket_of(row)


def hold(connection: Connection) -> None:
    """Let nobody else put messages on tickets until this transaction ends.

    On SQLite whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_HELD, {"tickets": _TICKETS})


def locked(connection: Connection, ticket: Ticket) -> Ticket:
    """Return a ticket as it is now, and let nobody else change it until the end."""
    row = connection.execute(
        select(_ticket).where(_ticket.c.id == ticket.id).with_for_update()
    ).one_or_none()
    return ticket if row is None else ticket_of(row)


def merged_to(connection: Connection, ticket: Ticket) -> Ticket:
    """Return the ticket that a merged one went into in the end, or itself."""
    for _ in range(_MERGED_AT_MOST):
        if ticket.merged_into is None:
            break
        into = get_ticket(connection, ticket.merged_into)
        if into is None:
            break
        ticket = into
    return ticket


def tickets_of_letters(connection: Connection, ids: Sequence[int]) -> list[Ticket]:
    """Return the tickets of some letters of ours, in the order of the letters.

    A copy for somebody else is a letter of its own, with the entry as its cause.
    """
    found: dict[int, Ticket] = {}
    copies = (_delivery.c.cause_kind == CauseKind.TICKET.value) & (
        _delivery.c.cause_id == _entry.c.id
    )
    for joined, number in (
        (_ticket.join(_entry, _entry.c.ticket_id == _ticket.c.id), _entry.c.delivery_id),
        (
            _ticket.join(_entry, _entry.c.ticket_id == _ticket.c.id).join(
                _delivery, copies
            ),
            _delivery.c.id,
        ),
    ):
        rows = connection.execute(
            select(_ticket, number.label("letter"))
            .select_from(joined)
            .where(number.in_(list(ids)))
        )
        found |= {row.letter: ticket_of(row) for row in rows}
    return [found[one] for one in ids if one in found]


def letters_caused(connection: Connection, entries: Sequence[int]) -> list[int]:
    """Return the letters of some entries, the first of each before its copies."""
    theirs = (
        select(_delivery.c.cause_id, _delivery.c.id)
        .where(_delivery.c.cause_kind == CauseKind.TICKET.value)
        .where(_delivery.c.cause_id.in_(list(entries)))
    )
    # Each of the two indexes by cause knows one half of the deliveries.
    known, others = _delivery.c.contact_id.is_not(None), _delivery.c.contact_id.is_(None)
    both = theirs.where(known).union_all(theirs.where(others)).subquery()
    rows = connection.execute(select(both.c.id).order_by(both.c.cause_id, both.c.id))
    return list(rows.scalars())


def tickets_of_message_ids(connection: Connection, ids: Sequence[str]) -> list[Ticket]:
    """Return the tickets that messages with some ids belong to, nearest first."""
    rows = connection.execute(
        select(_ticket, _entry.c.message_id)
        .join(_entry, _entry.c.ticket_id == _ticket.c.id)
        .where(_entry.c.message_id.in_(list(ids)), _entry.c.message_id != "")
        .order_by(_entry.c.id.desc())
        .limit(100)
    ).all()
    return [
        one
        for _, one in sorted(
            ((ids.index(row.message_id), ticket_of(row)) for row in rows),
            key=lambda pair: pair[0],
        )
    ]


def move_merged(connection: Connection, merged: int, into: int) -> None:
    """Let what was merged into a ticket lead to where that went."""
    connection.execute(
        update(_ticket).where(_ticket.c.merged_into == merged).values(merged_into=into)
    )


def entries_of(connection: Connection, ticket_id: int) -> list[Entry]:
    """Return a ticket's conversation, with those of tickets merged into it, in order."""
    own = select(_ticket.c.id).where(
        or_(_ticket.c.id == ticket_id, _ticket.c.merged_into == ticket_id)
    )
    rows = connection.execute(
        select(_entry).where(_entry.c.ticket_id.in_(own)).order_by(_entry.c.at, _entry.c.id)
    )
    return [_entry_of(row) for row in rows]


def letter_of_incoming(connection: Connection, incoming_id: int) -> Entry | None:
    """Return the acknowledgement of a message."""
    row = connection.execute(
        select(_entry).where(
            _entry.c.incoming_id == incoming_id,
            _entry.c.kind == EntryKind.ACKNOWLEDGEMENT.value,
        )
    ).one_or_none()
    return None if row is None else _entry_of(row)


def get_entry(connection: Connection, number: int) -> Entry | None:
    """Return one entry; None when there is none."""
    row = connection.execute(select(_entry).where(_entry.c.id == number)).one_or_none()
    return None if row is None else _entry_of(row)


def raw_of(connection: Connection, incoming_id: int) -> bytes | None:
    """Return a message as it came; None when it is not kept any more."""
    found = connection.execute(
        select(_incoming.c.raw).where(_incoming.c.id == incoming_id)
    ).scalar_one_or_none()
    return bytes(found) if found else None


def raws_of(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Return messages as they came, by number; what is not kept any more is left out."""
    rows = connection.execute(
        select(_incoming.c.id, _incoming.c.raw).where(_incoming.c.id.in_(list(ids)))
    )
    return {row.id: bytes(row.raw) for row in rows if row.raw}


def letters_answered(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Return the letters of ours that some messages answer, each once, in order."""
    rows = connection.execute(
        select(_incoming.c.answers_id)
        .where(_incoming.c.id.in_(list(ids)), _incoming.c.answers_id.is_not(None))
        .order_by(_incoming.c.id)
    )
    return list(dict.fromkeys(rows.scalars()))


def of_person(connection: Connection, contact_id: int | None, match: str) -> list[Ticket]:
    """Return a person's tickets, oldest first, by who she is or by her address."""
    hers = or_(_ticket.c.match == match, _ticket.c.address == match)
    if contact_id is not None:
        hers = or_(hers, _ticket.c.contact_id == contact_id)
    rows = connection.execute(select(_ticket).where(hers).order_by(_ticket.c.id))
    return [ticket_of(row) for row in rows]


def ticket_of(row: Any) -> Ticket:
    """Return a row of tickets as what it stands for."""
    return Ticket(
        row.id, row.mailbox, TicketState(row.state), TicketKind(row.kind),
        Priority(row.priority), row.subject, row.contact_id, row.match, row.address,
        row.person, row.language, row.assignee, tuple(row.tags.split()), row.opened_at,
        row.changed_at, row.first_due_at, row.next_due_at, row.solve_due_at, row.due_at,
        row.answered_at, row.closed_at, row.snoozed_until, row.merged_into, row.follows,
        row.version,
    )  # fmt: skip


def _entry_of(row: Any) -> Entry:
    kept: dict[str, Any] | None = row.envelope
    envelope = None
    if kept is not None:
        references, cc = tuple(kept["references"]), tuple(kept.get("cc", ()))
        envelope = replace(Envelope(**kept), references=references, cc=cc)
    return Entry(
        row.id, row.ticket_id, EntryKind(row.kind), row.at, row.author, row.subject,
        row.text, row.incoming_id, row.delivery_id, row.message_id, envelope,
    )  # fmt: skip
