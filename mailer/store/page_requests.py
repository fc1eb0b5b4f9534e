"""Links to the page of what is known about a person: asked for, opened once, in use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from mailer.store.columns import Instant
from mailer.store.lately import lately
from mailer.store.tables import PageRequestRow, table

_rows = table(PageRequestRow)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TWICE = timedelta(seconds=10)
"""A button that is pressed twice opens the page both times."""


class Purpose(StrEnum):
    """What a link is for."""

    PAGE = "page"
    ADDRESS = "address"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One link that was asked for.

    Args:
        contact_id: None where nobody is known by the address that was typed.
        address: The new address that it is to confirm, as it was given; None without one.
        network_hash: The keyed hash of the network that it was asked from.
        frozen_hash: What its letter holds; None when none was due.
        open_by: Until when the link opens.
        opened_at: When it was opened, once.
        session_until: Until when the page that it opened may be used.
    """

    contact_id: int | None
    purpose: Purpose
    asked_at: datetime
    open_by: datetime
    address: str | None = None
    network_hash: bytes | None = None
    frozen_hash: str | None = None
    opened_at: datetime | None = None
    session_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskedFor:
    """How many links were asked for lately.

    Args:
        same_person: Letters to this person in 24 hours.
        network: From this network in an hour.
        everyone: In an hour.
    """

    same_person: int
    network: int
    everyone: int


def asked_for(
    connection: Connection,
    contact_id: int | None,
    network_hash: bytes | None,
    now: datetime,
) -> AskedFor:
    """Count the links that were asked for lately."""
    in_an_hour = lately(_rows.c.asked_at, now - _HOUR, now)
    asked = _rows.c.purpose != Purpose.NOTE.value
    in_a_day = lately(_rows.c.asked_at, now - _DAY, now)
    hers = (_rows.c.contact_id == contact_id) & in_a_day & asked
    here = (_rows.c.network_hash == network_hash) & in_an_hour
    return AskedFor(
        0 if contact_id is None else _count(connection, hers),
        0 if network_hash is None else _count(connection, here),
        _count(connection, in_an_hour & asked),
    )


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    counting = select(func.count()).select_from(_rows).where(where)
    return int(connection.execute(counting).scalar_one())


def write_request(connection: Connection, new: PageRequest) -> int:
    """Write a request down and return its number."""
    values = {name: getattr(new, name) for name in PageRequest.__slots__}
    values["purpose"] = new.purpose.value
    return int(
        connection.execute(
            insert(_rows).values(**values).returning(_rows.c.id)
        ).scalar_one()
    )


def find_request(connection: Connection, number: int) -> PageRequest | None:
    """Return a request, or None when there is none (any more)."""
    row = connection.execute(select(_rows).where(_rows.c.id == number)).mappings().first()
    if row is None:
        return None
    values: dict[str, Any] = {name: row[name] for name in PageRequest.__slots__}
    values["purpose"] = Purpose(row["purpose"])
    return PageRequest(**values)


def open_request(
    connection: Connection, number: int, now: datetime, session_until: datetime
) -> bool:
    """Let a link be opened, once and in time; say whether it was.

    Two who open it at once: one of both has it, and the other too within ten seconds.
    """
    opened = connection.execute(
        update(_rows)
        .where(
            _rows.c.id == number,
            _rows.c.open_by > now,
            _rows.c.contact_id.is_not(None),
            or_(_rows.c.opened_at.is_(None), lately(_rows.c.opened_at, now - _TWICE, now)),
        )
        .values(
            opened_at=func.coalesce(_rows.c.opened_at, literal(now, Instant())),
            session_until=session_until,
        )
        .returning(_rows.c.id)
    )
    return opened.first() is not None


def end_sessions(connection: Connection, contact_id: int) -> None:
    """End every page and link that a person has open, and what waits to be confirmed."""
    connection.execute(
        update(_rows)
        .where(_rows.c.contact_id == contact_id)
        .values(session_until=None, open_by=_rows.c.asked_at)
    )


def drop_requests(connection: Connection, before: datetime, limit: int) -> int:
    """Delete requests that were made before a moment; return how many."""
    old = select(_rows.c.id).where(_rows.c.asked_at < before).limit(limit)
    return connection.execute(delete(_rows).where(_rows.c.id.in_(old))).rowcount
