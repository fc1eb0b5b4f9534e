"""What partners were given: when, by whom, and whose data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from mailer.store.choicetables import SharedPersonRow, SharingRow
from mailer.store.tables import table

_sharing = table(SharingRow)
_person = table(SharedPersonRow)


@dataclass(frozen=True, slots=True)
class Given:
    """One time that a partner was given somebody's data."""

    partner: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sharing:
    """One time that a partner was given people's data.

    Args:
        people: How many people's.
        known: Of how many of them it is still known whose; the others were erased.
    """

    number: int
    partner: str
    at: datetime
    by: str
    people: int
    known: int


def begin_sharing(connection: Connection, partner: str, by: str, now: datetime) -> int:
    """Write down that a partner is being given data, and return its number."""
    return int(
        connection.execute(
            insert(_sharing)
            .values(partner=partner, at=now, by=by, people=0)
            .returning(_sharing.c.id)
        ).scalar_one()
    )


def note_people(
    connection: Connection, sharing_id: int, contact_ids: Sequence[int]
) -> None:
    """Write down whose data it is."""
    if not contact_ids:
        return
    rows = [{"sharing_id": sharing_id, "contact_id": one} for one in contact_ids]
    connection.execute(insert(_person), rows)
    connection.execute(
        update(_sharing)
        .where(_sharing.c.id == sharing_id)
        .values(people=_sharing.c.people + len(rows))
    )


def given_of(connection: Connection, contact_id: int) -> list[Given]:
    """Return which partners were given a person's data, the latest first."""
    rows = connection.execute(
        select(_sharing.c.partner, _sharing.c.at)
        .join(_person, _person.c.sharing_id == _sharing.c.id)
        .where(_person.c.contact_id == contact_id)
        .order_by(_sharing.c.id.desc())
    )
    return [Given(row.partner, row.at) for row in rows]


def all_given(connection: Connection, partner: str | None = None) -> list[Sharing]:
    """Return each time that partners, or one of them, were given data, the latest first."""
    known = (
        select(func.count())
        .select_from(_person)
        .where(_person.c.sharing_id == _sharing.c.id)
        .scalar_subquery()
    )
    asked = select(_sharing, known.label("known")).order_by(_sharing.c.id.desc())
    if partner is not None:
        asked = asked.where(_sharing.c.partner == partner)
    return [
        Sharing(row.id, row.partner, row.at, row.by, row.people, row.known)
        for row in connection.execute(asked)
    ]


def forget_shared(connection: Connection, contact_id: int) -> None:
    """Delete that a person's data was given; that somebody's was stays counted."""
    connection.execute(delete(_person).where(_person.c.contact_id == contact_id))
