"""Sign-ups on pages: what was asked and when, until they are confirmed or forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    delete,
    func,
    insert,
    null,
    select,
    update,
)

from mailer.audience.joining import Asked
from mailer.model.delivery import CauseKind
from mailer.store.causes import any_letter
from mailer.store.lately import lately
from mailer.store.tables import DeliveryRow, SignUpRow, table

_rows = table(SignUpRow)
_delivery = table(DeliveryRow)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_REHEARSED = any_letter(
    _delivery.c.cause_kind == CauseKind.SIGN_UP.value,
    _delivery.c.cause_id == _rows.c.id,
    _delivery.c.rehearsal,
)
"""Its letter went where a rehearsal's letters go."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """One sign-up on a page.

    Args:
        wording: The version of the list's words that the page showed.
        answers: Attributes by name, as they were typed in; they are anyone's words until
            the person confirms.
        network_hash: The keyed hash of the network that it came from.
        frozen_hash: What the confirmation letter holds; None when none was due.
        confirm_by: Until when the letter's link works.
        confirmed_at: When it was confirmed, once; also when the list needs none.
        also: Separate purposes that were agreed to on the page, each with the version of
            the words that it showed.
        welcome_id: What the person is welcomed with after her first yes; None for nothing.
    """

    contact_id: int
    list_id: str
    wording: int
    answers: dict[str, Any]
    language: str | None
    network_hash: bytes | None
    frozen_hash: str | None
    asked_at: datetime
    confirm_by: datetime
    confirmed_at: datetime | None = None
    welcome_id: int | None = None
    also: Mapping[str, int] | None = None


def asked_lately(
    connection: Connection,
    contact_id: int,
    list_id: str,
    network_hash: bytes | None,
    now: datetime,
    *,
    rehearsing: bool,
) -> Asked:
    """Count what was asked lately; contact 0 stands for somebody who is not on record.

    Args:
        rehearsing: Letters of a rehearsal count, too.
    """
    letters = (
        select(func.count())
        .select_from(_rows)
        .where(
            _rows.c.contact_id == contact_id,
            lately(_rows.c.asked_at, now - _DAY, now),
            _rows.c.frozen_hash.is_not(None),
        )
    )
    if not rehearsing:
        letters = letters.where(~_REHEARSED)
    in_an_hour = lately(_rows.c.asked_at, now - _HOUR, now)
    recent = select(func.count()).select_from(_rows).where(in_an_hour)
    return Asked(
        same_list=connection.execute(
            letters.where(_rows.c.list_id == list_id)
        ).scalar_one(),
        same_address=connection.execute(letters).scalar_one(),
        network=0
        if network_hash is None
        else connection.execute(
            recent.where(_rows.c.network_hash == network_hash)
        ).scalar_one(),
        everyone=connection.execute(recent).scalar_one(),
    )


def only_rehearsed(connection: Connection, contact_id: int, list_id: str) -> bool:
    """Say whether somebody was asked to confirm in rehearsals, never by a real letter."""
    theirs = (
        (_rows.c.contact_id == contact_id)
        & (_rows.c.list_id == list_id)
        & _rows.c.frozen_hash.is_not(None)
    )
    found = connection.execute(select(_REHEARSED).where(theirs)).scalars().all()
    return bool(found) and all(found)


def write_sign_up(connection: Connection, new: SignUp) -> int:
    """Write a sign-up down and return its number."""
    values = {name: getattr(new, name) for name in SignUp.__slots__}
    return int(
        connection.execute(
            insert(_rows).values(**values).returning(_rows.c.id)
        ).scalar_one()
    )


def find_sign_up(connection: Connection, number: int) -> SignUp | None:
    """Return a sign-up, or None when there is none (any more)."""
    found = connection.execute(select(_rows).where(_rows.c.id == number)).mappings().first()
    return None if found is None else _read(found)


def old_sign_ups(connection: Connection, before: datetime, limit: int) -> dict[int, SignUp]:
    """Return sign-ups that were asked for before a moment, by number, the oldest first."""
    found = connection.execute(
        select(_rows)
        .where(_rows.c.asked_at < before)
        .order_by(_rows.c.asked_at, _rows.c.id)
        .limit(limit)
    )
    return {row["id"]: _read(row) for row in found.mappings()}


def latest_sign_up(connection: Connection, contact_id: int) -> datetime | None:
    """Return when somebody was signed up last; None for never."""
    found: datetime | None = connection.execute(
        select(func.max(_rows.c.asked_at)).where(_rows.c.contact_id == contact_id)
    ).scalar()
    return found


def drop_sign_ups(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete sign-ups; their links are too old from then on."""
    connection.execute(delete(_rows).where(_rows.c.id.in_(numbers)))


def mark_confirmed(connection: Connection, number: int, now: datetime) -> None:
    """Let a sign-up be confirmed; what was answered is the contact's from now on."""
    connection.execute(
        update(_rows)
        .where(_rows.c.id == number)
        .values(confirmed_at=now, answers={}, also=null())
    )


def _read(row: RowMapping) -> SignUp:
    return SignUp(**{name: row[name] for name in SignUp.__slots__})
