"""Taking a person out of other people's conversations: copies she got, and what she wrote.

The conversation is another's and stays. Of hers go her address, wherever it stands, and
her own messages with their source, their name, and what passed them on. What others wrote
of her in other words is theirs, and so are their messages as they came.
"""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.delivery import CauseKind
from mailer.model.ticket import FORWARDED, EntryKind
from mailer.store.tables import DeliveryRow, IncomingRow, table
from mailer.store.tickettables import (
    AcknowledgementRow,
    TicketEntryRow,
    TicketFileRow,
    TicketRow,
)
from mailer.triage.searching import indexed

ERASED = "(erased)"
"""Stands in place of what a person wrote on another's ticket."""

_EMPTIED = {
    "author": "", "subject": "", "text": ERASED, "folded": "", "words": "",
    "envelope": None, "message_id": "",
}  # fmt: skip

_decided = table(AcknowledgementRow)
_delivery = table(DeliveryRow)
_entry = table(TicketEntryRow)
_file = table(TicketFileRow)
_incoming = table(IncomingRow)
_ticket = table(TicketRow)


def copies_to_nobody(connection: Connection, hash: bytes, limit: int) -> list[int]:
    """Return letters of tickets to an address that was no contact's."""
    found = connection.execute(
        select(_delivery.c.id)
        .where(
            _delivery.c.cause_kind == CauseKind.TICKET.value,
            _delivery.c.contact_id.is_(None),
            _delivery.c.hash == hash,
            # What was erased has none any more.
            _delivery.c.address != "",
        )
        .limit(limit)
    )
    return list(found.scalars())


def strange_copies(connection: Connection) -> list[tuple[bytes, str, datetime]]:
    """Return who got letters of tickets and is no contact: hash, address, since when."""
    found = connection.execute(
        select(_delivery.c.hash, _delivery.c.address, func.min(_entry.c.at))
        .join(_entry, _entry.c.id == _delivery.c.cause_id)
        .where(
            _delivery.c.cause_kind == CauseKind.TICKET.value,
            _delivery.c.contact_id.is_(None),
            _delivery.c.address != "",
        )
        .group_by(_delivery.c.hash, _delivery.c.address)
    )
    return [(row[0], row[1], row[2]) for row in found]


def tickets_with(
    connection: Connection, contact_id: int | None, match: str, hash: bytes
) -> list[int]:
    """Return the tickets of others that a person got letters of, or wrote on."""
    hers = [
        select(_delivery.c.cause_id).where(
            _delivery.c.cause_kind == CauseKind.TICKET.value, one
        )
        for one in (
            _delivery.c.contact_id.is_(None) & (_delivery.c.hash == hash),
            _delivery.c.contact_id == contact_id,
        )[: 1 if contact_id is None else 2]
    ]
    found: set[int] = set()
    for causes in hers:
        got = select(_entry.c.ticket_id).where(_entry.c.id.in_(causes))
        found.update(connection.execute(got).scalars())
    wrote = select(_decided.c.ticket_id).where(_decided.c.match == match)
    found.update(connection.execute(wrote).scalars())
    if not found:
        return []
    others = select(_ticket.c.id).where(_ticket.c.id.in_(found), _ticket.c.match != match)
    return sorted(connection.execute(others).scalars())


def take_out(connection: Connection, ticket_id: int, match: str) -> int:
    """Take a person out of another's ticket; return how many entries were changed."""
    rows = connection.execute(select(_entry).where(_entry.c.ticket_id == ticket_id)).all()
    changed = 0
    for row in rows:
        hers = row.kind == EntryKind.CAME.value and _is(row.author, match)
        values = _EMPTIED if hers else _without(row, match)
        if not values:
            continue
        connection.execute(update(_entry).where(_entry.c.id == row.id).values(**values))
        if hers and row.incoming_id is not None:
            _empty(connection, row.incoming_id)
        if row.kind == EntryKind.FORWARD.value and str(values.get("text", "")).endswith(
            ERASED
        ):
            connection.execute(delete(_file).where(_file.c.entry_id == row.id))
        changed += 1
    connection.execute(
        delete(_decided).where(_decided.c.ticket_id == ticket_id, _decided.c.match == match)
    )
    return changed


def _without(row: Any, match: str) -> dict[str, Any]:
    """Return what changes where somebody else wrote, and her address stands in it."""
    values: dict[str, Any] = {}
    envelope: dict[str, Any] = row.envelope or {}
    copies, to = list(envelope.get("cc", ())), envelope.get("to", "")
    kept = [one for one in copies if not _is(one, match)]
    if kept != copies or _is(to, match):
        to = "" if _is(to, match) else to
        values["envelope"] = {**envelope, "cc": kept, "to": to}
    text = _struck(row.text, match)
    before, _, passed = row.text.partition(FORWARDED)
    wrote = passed.strip().partition("\n")[0]
    if row.kind == EntryKind.FORWARD.value and _struck(wrote, match) != wrote:
        # It passes on what she wrote.
        text = f"{_struck(before, match)}{ERASED}"
    if text != row.text:
        words = row.words and indexed(
            row.author, envelope.get("from_name", ""), row.subject, text
        )
        values |= {"text": text, "folded": "", "words": words}
    return values


def _struck(text: str, match: str) -> str:
    """Return a text without an address, and with those that only end or begin like it."""
    whole = rf"(?<![\w.+-]){re.escape(match)}(?![\w-])"
    return re.sub(whole, ERASED, text, flags=re.IGNORECASE)


def _is(address: str, match: str) -> bool:
    try:
        return bool(address) and parse_address(address).match == match
    except AddressError:
        return False


def _empty(connection: Connection, incoming_id: int) -> None:
    """Empty a message as it came; its digest stays, so that it is not taken in again."""
    connection.execute(
        update(_incoming).where(_incoming.c.id == incoming_id).values(raw=b"", because="")
    )
