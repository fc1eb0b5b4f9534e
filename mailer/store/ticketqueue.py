"""Which tickets there are: the queue by what is due, the counts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from mailer.model.ticket import (
    DUE_STATES,
    OVER_STATES,
    EntryKind,
    Priority,
    Ticket,
    TicketState,
)
from mailer.store.tables import IncomingRow, table
from mailer.store.tickets import ticket_of
from mailer.store.tickettables import TicketEntryRow, TicketRow

_ticket = table(TicketRow)
_entry = table(TicketEntryRow)
_incoming = table(IncomingRow)


def queue(
    connection: Connection,
    limit: int,
    *,
    offset: int = 0,
    mailboxes: Sequence[str] = (),
    **filters: str | frozenset[TicketState],
) -> list[Ticket]:
    """Return tickets by when they are due; what nothing is due of comes last.

    Args:
        offset: So many are passed over.
        mailboxes: Only what was written to one of these; none for all.
        filters: `states`, `mailbox`, `assignee`, `tag`, `match`: only such.
    """
    asked = select(_ticket)
    if mailboxes:
        asked = asked.where(_ticket.c.mailbox.in_(list(mailboxes)))
    for name, value in filters.items():
        match name, value:
            case "states", frozenset():
                words = sorted(one.value for one in value)
                asked = asked.where(_ticket.c.state.in_(words))
            case "tag", str():
                asked = asked.where(_ticket.c.tags.contains(f" {value} ", autoescape=True))
            case _, str():
                asked = asked.where(_ticket.c[name] == value)
            case _:
                raise ValueError(name)
    nothing_due = case((_ticket.c.due_at.is_(None), 1), else_=0)
    urgent = case((_ticket.c.priority == Priority.HIGH.value, 0), else_=1)
    rows = connection.execute(
        asked.order_by(nothing_due, urgent, _ticket.c.due_at, _ticket.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [ticket_of(row) for row in rows]


def wake(connection: Connection, now: datetime) -> int:
    """Open what was snoozed until now; return how many."""
    woken = connection.execute(
        update(_ticket)
        .where(_ticket.c.state == TicketState.SNOOZED.value, _ticket.c.snoozed_until <= now)
        .values(
            state=TicketState.OPEN.value,
            snoozed_until=None,
            due_at=_soonest(connection),
            changed_at=now,
            version=_ticket.c.version + 1,
        )
    )
    return woken.rowcount


def _soonest(connection: Connection) -> ColumnElement[datetime | None]:
    """Return what is due next, as `Dues.soonest`; where nothing is, the time of waking."""
    dues = (
        _ticket.c.next_due_at,
        case((_ticket.c.answered_at.is_(None), _ticket.c.first_due_at)),
        _ticket.c.solve_due_at,
    )
    # SQLite's answer is nothing where one of them is.
    there = [func.coalesce(one, *dues, _ticket.c.snoozed_until) for one in dues]
    least = func.min if connection.dialect.name == "sqlite" else func.least
    return least(*there)


def sleepers(connection: Connection, now: datetime) -> bool:
    """Say whether a snoozed ticket should be woken."""
    due = select(_ticket.c.id).where(
        _ticket.c.state == TicketState.SNOOZED.value, _ticket.c.snoozed_until <= now
    )
    return connection.execute(due.limit(1)).first() is not None


def counts(connection: Connection) -> dict[tuple[str, TicketState], int]:
    """Count tickets by mailbox and state."""
    rows = connection.execute(
        select(_ticket.c.mailbox, _ticket.c.state, func.count()).group_by(
            _ticket.c.mailbox, _ticket.c.state
        )
    )
    return {(row[0], TicketState(row[1])): int(row[2]) for row in rows}


def count_of(
    connection: Connection, assignee: str, now: datetime, mailboxes: Sequence[str] = ()
) -> dict[str, int]:
    """Count what is owed: all of it, what one of the staff has, nobody has, is late."""
    owed = select(
        func.count(),
        func.coalesce(func.sum(case((_ticket.c.assignee == assignee, 1), else_=0)), 0),
        func.coalesce(func.sum(case((_ticket.c.assignee == "", 1), else_=0)), 0),
        func.coalesce(func.sum(case((_ticket.c.due_at < now, 1), else_=0)), 0),
    ).where(_ticket.c.state.in_(sorted(state.value for state in DUE_STATES)))
    if mailboxes:
        owed = owed.where(_ticket.c.mailbox.in_(list(mailboxes)))
    row = connection.execute(owed).one()
    return dict(zip(("due", "mine", "unassigned", "late"), map(int, row), strict=True))


def count_owed(connection: Connection) -> dict[str, int]:
    """Count by mailbox the tickets that somebody of ours owes an answer to."""
    due = sorted(state.value for state in DUE_STATES)
    rows = connection.execute(
        select(_ticket.c.mailbox, func.count())
        .where(_ticket.c.state.in_(due))
        .group_by(_ticket.c.mailbox)
    )
    return {row[0]: int(row[1]) for row in rows}


def count_late(connection: Connection, now: datetime) -> dict[str, int]:
    """Count by mailbox the tickets whose answer is overdue."""
    due = sorted(state.value for state in DUE_STATES)
    rows = connection.execute(
        select(_ticket.c.mailbox, func.count())
        .where(_ticket.c.state.in_(due), _ticket.c.due_at < now)
        .group_by(_ticket.c.mailbox)
    )
    return {row[0]: int(row[1]) for row in rows}


def answered_since(
    connection: Connection, since: datetime
) -> list[tuple[str, datetime, datetime, datetime | None]]:
    """Return of tickets answered since a moment: mailbox, opened, answered, first due."""
    rows = connection.execute(
        select(
            _ticket.c.mailbox,
            _ticket.c.opened_at,
            _ticket.c.answered_at,
            _ticket.c.first_due_at,
        ).where(_ticket.c.answered_at >= since)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def over_before(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Return tickets that were over before a moment and have not changed since."""
    over = sorted(state.value for state in OVER_STATES)
    rows = connection.execute(
        select(_ticket.c.id)
        .where(_ticket.c.state.in_(over), _ticket.c.changed_at < before)
        .order_by(_ticket.c.id)
        .limit(limit)
    )
    return list(rows.scalars())


def messages_of_people(connection: Connection, limit: int) -> list[tuple[int, bytes]]:
    """Return what people wrote as it came, with its numbers, the newest first."""
    rows = connection.execute(
        select(_incoming.c.id, _incoming.c.raw)
        .join(_entry, _entry.c.incoming_id == _incoming.c.id)
        .where(_entry.c.kind == EntryKind.CAME.value, func.length(_incoming.c.raw) > 0)
        .order_by(_incoming.c.id.desc())
        .limit(limit)
    )
    return [(int(row.id), bytes(row.raw)) for row in rows]
