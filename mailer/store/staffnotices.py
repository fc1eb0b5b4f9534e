"""What has happened to tickets that somebody of the staff was not told of yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from mailer.model.news import News, Notice
from mailer.model.staff import Staff
from mailer.model.ticket import DUE_STATES, OVER_STATES, EntryKind, TicketState
from mailer.store.columns import to_instant
from mailer.store.desktables import StaffNoticeRow
from mailer.store.stafftables import StaffRow
from mailer.store.tables import table
from mailer.store.tickettables import TicketEntryRow, TicketRow

_ticket = table(TicketRow)
_entry = table(TicketEntryRow)
_told = table(StaffNoticeRow)
_staff = table(StaffRow)
_OVER = sorted(one.value for one in OVER_STATES)
_DUE = sorted(one.value for one in DUE_STATES)


def lock(connection: Connection, staff_id: int) -> None:
    """Let nobody else tell somebody anything until this transaction ends."""
    connection.execute(select(_staff.c.id).where(_staff.c.id == staff_id).with_for_update())


def notices_for(
    connection: Connection, who: Staff, since: datetime, soon: datetime
) -> list[Notice]:
    """Return what happened since a moment, told or not.

    Args:
        soon: An answer that is due before this is due soon.
    """
    mine = _ticket.c.assignee == who.name
    free = _ticket.c.assignee == ""
    found: list[Notice] = []
    if News.NEW in who.notify:
        rows = select(_ticket.c.id).where(
            _seen(who), free, _ticket.c.state == TicketState.NEW.value,
            _ticket.c.opened_at > since,
        )  # fmt: skip
        found += [Notice(News.NEW, one, 0) for one in connection.execute(rows).scalars()]
    if News.ANSWER in who.notify:
        found += _entries(connection, who, News.ANSWER, since)
    if News.ASSIGNED in who.notify:
        found += _entries(connection, who, News.ASSIGNED, since)
    if News.DUE in who.notify:
        due = select(_ticket.c.id, _ticket.c.due_at).where(
            _seen(who), mine | free, _ticket.c.state.in_(_DUE), _ticket.c.due_at <= soon,
            _ticket.c.due_at > since,
        )  # fmt: skip
        found += [
            Notice(News.DUE, row.id, to_instant(row.due_at))
            for row in connection.execute(due)
        ]
    return found


def _entries(
    connection: Connection, who: Staff, news: News, since: datetime
) -> list[Notice]:
    """Return the newest entry of each of somebody's tickets that is such news."""
    asked = (
        select(_entry.c.ticket_id, func.max(_entry.c.id).label("newest"))
        .join(_ticket, _ticket.c.id == _entry.c.ticket_id)
        .where(_ticket.c.changed_at > since, _entry.c.at > since, _seen(who))
        .where(_ticket.c.assignee == who.name, _ticket.c.state.not_in(_OVER))
        .group_by(_entry.c.ticket_id)
    )
    if news is News.ANSWER:
        # The first message is not an answer.
        asked = asked.where(
            _entry.c.kind == EntryKind.CAME.value, _entry.c.at > _ticket.c.opened_at
        )
    else:
        given = _entry.c.text.contains(f"given to {who.name}", autoescape=True)
        asked = asked.where(
            _entry.c.kind == EntryKind.EVENT.value, _entry.c.author != who.name, given
        )
    return [Notice(news, row.ticket_id, row.newest) for row in connection.execute(asked)]


def _seen(who: Staff) -> ColumnElement[bool]:
    if not who.mailboxes:
        return _ticket.c.id.is_not(None)
    return _ticket.c.mailbox.in_(list(who.mailboxes))


def untold(
    connection: Connection, staff_id: int, notices: Sequence[Notice]
) -> list[Notice]:
    """Return those of some notices that somebody was not told of yet."""
    rows = connection.execute(
        select(_told.c.news, _told.c.ticket_id, _told.c.mark).where(
            _told.c.staff_id == staff_id
        )
    )
    told = {Notice(News(row.news), row.ticket_id, row.mark) for row in rows}
    return [one for one in notices if one not in told]


def note_told(
    connection: Connection, staff_id: int, notices: Sequence[Notice], now: datetime
) -> None:
    """Write down that somebody was told."""
    for one in notices:
        connection.execute(
            insert(_told).values(
                staff_id=staff_id, ticket_id=one.ticket_id, news=one.news.value,
                mark=one.mark, at=now,
            )
        )  # fmt: skip


def forget_told(connection: Connection, before: datetime) -> None:
    """Forget what was told before a moment: nothing so old is looked at."""
    connection.execute(delete(_told).where(_told.c.at < before))
