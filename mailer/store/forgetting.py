"""Taking tickets away with all that was said on them: when a person is erased, or in time.

Letters stay counted, without the person; a message stays as its digest, so that it is not
taken in again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from mailer.store.erasing import erase_letters
from mailer.store.stafftables import TicketDraftRow
from mailer.store.tables import IncomingRow, table
from mailer.store.tickets import letters_caused
from mailer.store.tickettables import (
    AcknowledgementRow,
    TicketEntryRow,
    TicketFileRow,
    TicketRow,
)

_ticket = table(TicketRow)
_entry = table(TicketEntryRow)
_decided = table(AcknowledgementRow)
_incoming = table(IncomingRow)
_draft = table(TicketDraftRow)
_file = table(TicketFileRow)


def tickets_of(
    connection: Connection, contact_id: int | None, match: str, limit: int
) -> list[int]:
    """Return the numbers of a person's tickets, by who she is or by her address."""
    hers = or_(_ticket.c.match == match, _ticket.c.address == match)
    if contact_id is not None:
        hers = or_(hers, _ticket.c.contact_id == contact_id)
    rows = connection.execute(
        select(_ticket.c.id).where(hers).order_by(_ticket.c.id).limit(limit)
    )
    return list(rows.scalars())


def strangers(connection: Connection) -> list[tuple[int, str, datetime]]:
    """Return the tickets of people who are no contacts: number, match form, since when."""
    rows = connection.execute(
        select(_ticket.c.id, _ticket.c.match, _ticket.c.opened_at).where(
            _ticket.c.contact_id.is_(None), _ticket.c.match != ""
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def forget_tickets(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Delete tickets, empty what came and take the person out of the letters.

    Returns:
        How many letters had not left, and never will.
    """
    of_them = _entry.c.ticket_id.in_(list(ids))
    entries = select(_entry.c.id).where(of_them)
    letters = connection.execute(
        select(_entry.c.delivery_id).where(of_them, _entry.c.delivery_id.is_not(None))
    ).scalars()
    withheld = 0
    copies = letters_caused(connection, list(connection.execute(entries).scalars()))
    if numbers := sorted({*letters, *copies}):
        withheld = erase_letters(connection, numbers, now)
    came = select(_entry.c.incoming_id).where(of_them, _entry.c.incoming_id.is_not(None))
    connection.execute(
        update(_incoming).where(_incoming.c.id.in_(came)).values(raw=b"", because="")
    )
    connection.execute(delete(_decided).where(_decided.c.ticket_id.in_(list(ids))))
    connection.execute(delete(_file).where(_file.c.entry_id.in_(entries)))
    connection.execute(delete(_entry).where(of_them))
    connection.execute(delete(_draft).where(_draft.c.ticket_id.in_(list(ids))))
    connection.execute(delete(_ticket).where(_ticket.c.id.in_(list(ids))))
    return withheld


def unname(connection: Connection, contact_id: int) -> None:
    """Let tickets name no contact that is nobody's any more."""
    connection.execute(
        update(_ticket).where(_ticket.c.contact_id == contact_id).values(contact_id=None)
    )
