"""Sessions of the staff, and attempts to sign in that failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, func, insert, select, update

from mailer.model.staff import SignedIn
from mailer.store.lately import lately
from mailer.store.staff import staff_of
from mailer.store.stafftables import StaffRow, StaffSessionRow, StaffTryRow
from mailer.store.tables import table

_staff = table(StaffRow)
_session = table(StaffSessionRow)
_try = table(StaffTryRow)
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tries:
    """How many attempts failed of late.

    Args:
        here: Under the name, from the network.
        name: Under the name, from wherever.
        network: From the network, under whatever name.
    """

    here: int
    name: int
    network: int


def open_session(
    connection: Connection,
    digest: bytes,
    staff_id: int,
    now: datetime,
    ends_at: datetime,
    network: str,
) -> None:
    """Open a session, and forget those that ended by themselves."""
    connection.execute(delete(_session).where(_session.c.ends_at <= now))
    connection.execute(
        insert(_session).values(
            digest=digest, staff_id=staff_id, made_at=now, seen_at=now, ends_at=ends_at,
            network=network,
        )
    )  # fmt: skip


def session_of(
    connection: Connection, digest: bytes, idle: timedelta, now: datetime
) -> tuple[SignedIn, bool] | None:
    """Return whose session it is; None when there is none, or it has ended.

    Args:
        idle: Who does nothing for so long must sign in again.

    Returns:
        Also whether it should be written down that they were seen.
    """
    row = connection.execute(
        select(_staff, _session.c.seen_at, _session.c.ends_at)
        .join(_session, _session.c.staff_id == _staff.c.id)
        .where(
            _session.c.digest == digest,
            _session.c.ends_at > now,
            _session.c.seen_at > now - idle,
            _staff.c.left_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    return SignedIn(staff_of(row), digest, row.ends_at), abs(
        now - row.seen_at
    ) > _SEEN_EVERY


def see_session(connection: Connection, digest: bytes, now: datetime) -> None:
    """Write down that somebody was seen."""
    connection.execute(
        update(_session).where(_session.c.digest == digest).values(seen_at=now)
    )


def end_session(connection: Connection, digest: bytes) -> None:
    """End one session."""
    connection.execute(delete(_session).where(_session.c.digest == digest))


def count_tries(
    connection: Connection, name: str, network: str, since: datetime, now: datetime
) -> Tries:
    """Count the attempts that failed since a moment."""
    folded = name.casefold()
    named, there = _try.c.folded == folded, _try.c.network == network
    row = connection.execute(
        select(
            func.coalesce(func.sum(case((named & there, 1), else_=0)), 0),
            func.coalesce(func.sum(case((named, 1), else_=0)), 0),
            func.coalesce(func.sum(case((there, 1), else_=0)), 0),
        ).where(lately(_try.c.at, since, now))
    ).one()
    return Tries(int(row[0]), int(row[1]), int(row[2]))


def add_try(
    connection: Connection, name: str, network: str, since: datetime, now: datetime
) -> int:
    """Write an attempt down before it is looked at, so that none goes uncounted.

    Args:
        since: Attempts before it count no more, and are forgotten.
    """
    connection.execute(delete(_try).where(_try.c.at <= since))
    made = insert(_try).values(at=now, folded=name.casefold(), network=network)
    return int(connection.execute(made.returning(_try.c.id)).scalar_one())


def forget_try(connection: Connection, number: int) -> None:
    """Forget an attempt: it was theirs."""
    connection.execute(delete(_try).where(_try.c.id == number))
