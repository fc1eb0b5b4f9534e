"""The staff on record: who they are, what they sign in with, and who did what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from mailer.model.news import News
from mailer.model.quiet import hours_of
from mailer.model.staff import Deeds, Role, Staff
from mailer.store.stafftables import StaffDeedRow, StaffRow, StaffSessionRow
from mailer.store.tables import table

_staff = table(StaffRow)
_session = table(StaffSessionRow)
_deed = table(StaffDeedRow)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What somebody of the staff signs in with.

    Args:
        password: Its Argon2 hash, "" while none was chosen.
        secret: That of their codes, sealed; None while there is none.
        step: The time step of the last code that was used.
    """

    staff: Staff
    password: str
    secret: bytes | None
    step: int


def add_staff(connection: Connection, values: Mapping[str, Any]) -> int:
    """Put somebody on record and return their number; the name must be free."""
    new = {"email": "", "mailboxes": "", "signature": "", "password": "", "step": 0}
    new |= dict(values)
    new["folded"] = str(new["name"]).casefold()
    return int(
        connection.execute(insert(_staff).values(**new).returning(_staff.c.id)).scalar_one()
    )


def change_staff(connection: Connection, staff_id: int, values: Mapping[str, Any]) -> None:
    """Change somebody of the staff."""
    connection.execute(update(_staff).where(_staff.c.id == staff_id).values(**values))


def use_step(connection: Connection, staff_id: int, step: int) -> bool:
    """Use a time step's code; False when it, or a later one, was used (RFC 6238 §5.2)."""
    used = connection.execute(
        update(_staff)
        .where(_staff.c.id == staff_id, _staff.c.step < step)
        .values(step=step)
    )
    return used.rowcount == 1


def all_staff(connection: Connection) -> list[Staff]:
    """Return everybody, also who has left, by name."""
    rows = connection.execute(select(_staff).order_by(_staff.c.folded))
    return [staff_of(row) for row in rows]


def find_staff(connection: Connection, name: str) -> Secrets | None:
    """Return somebody by name, whatever its letters, with what they sign in with."""
    row = connection.execute(
        select(_staff).where(_staff.c.folded == name.casefold())
    ).first()
    return None if row is None else _secrets(row)


def get_staff(connection: Connection, staff_id: int) -> Secrets | None:
    """Return somebody by number, with what they sign in with."""
    row = connection.execute(select(_staff).where(_staff.c.id == staff_id)).first()
    return None if row is None else _secrets(row)


def find_invited(connection: Connection, digest: bytes, now: datetime) -> Secrets | None:
    """Return who was invited by a link, while it works."""
    row = connection.execute(
        select(_staff).where(
            _staff.c.invited == digest,
            _staff.c.invited_until > now,
            _staff.c.left_at.is_(None),
        )
    ).first()
    return None if row is None else _secrets(row)


def end_sessions(connection: Connection, staff_id: int) -> int:
    """End all sessions of somebody; return how many there were."""
    gone = connection.execute(delete(_session).where(_session.c.staff_id == staff_id))
    return gone.rowcount


def note_deed(
    connection: Connection,
    who: str,
    what: str,
    now: datetime,
    *,
    ticket_id: int | None = None,
    network: str = "",
) -> None:
    """Write down who did what."""
    connection.execute(
        insert(_deed).values(
            at=now, who=who, what=what, ticket_id=ticket_id, network=network
        )
    )


def deeds(
    connection: Connection, limit: int, *, who: str | None = None, ticket: int | None = None
) -> list[Deeds]:
    """Return who did what, the newest first."""
    asked = select(_deed)
    if who is not None:
        asked = asked.where(_deed.c.who == who)
    if ticket is not None:
        asked = asked.where(_deed.c.ticket_id == ticket)
    rows = connection.execute(asked.order_by(_deed.c.id.desc()).limit(limit))
    return [
        Deeds(row.id, row.at, row.who, row.what, row.ticket_id, row.network) for row in rows
    ]


def forget_deeds(connection: Connection, before: datetime, limit: int) -> int:
    """Forget what was done before a moment, in slices; return how many."""
    old = (
        select(_deed.c.id).where(_deed.c.at < before).order_by(_deed.c.id).limit(limit)
    ).scalar_subquery()
    return connection.execute(delete(_deed).where(_deed.c.id.in_(old))).rowcount


def staff_of(row: Any) -> Staff:
    """Return a row of the staff as what it stands for."""
    return Staff(
        row.id, row.name, Role(row.role), row.email, tuple(row.mailboxes.split()),
        row.signature, row.made_at, bool(row.password), row.left_at,
        frozenset(map(News, row.notify.split())), hours_of(row.quiet), row.notify_since,
    )  # fmt: skip


def _secrets(row: Any) -> Secrets:
    secret = None if row.secret is None else bytes(row.secret)
    return Secrets(staff_of(row), row.password, secret, row.step)
