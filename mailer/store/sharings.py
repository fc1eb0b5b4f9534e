"""What partners were given: when, by whom, and whose data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from mailer.store.choicetables import SharedPersonRow, SharingRow
from mailer.store.tables import table

_sharing = table(SharingRow)
_person = table(SharedPersonRow)


@dataclass(frozen=True, slots=True)
class Given:
    """One time that a partner was given somebody's data."""

    partner: str
    at: datetime


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


def forget_shared(connection: Connection, contact_id: int) -> None:
    """Delete that a person's data was given; that somebody's was stays counted."""
    connection.execute(delete(_person).where(_person.c.contact_id == contact_id))
