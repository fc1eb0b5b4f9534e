"""How far the logbook is in the database, and the noes that it had no room for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from mailer.model.no import No, read_no
from mailer.store.inserting import inserting, put
from mailer.store.tables import MarkRow, UnnotedRow, table

_mark = table(MarkRow)
_unnoted = table(UnnotedRow)


@dataclass(frozen=True, slots=True)
class Missing:
    """A no that is in the database and not in the logbook, as JSON values."""

    id: int
    facts: dict[str, Any]


def keep_missing(connection: Connection, noes: Sequence[dict[str, object]]) -> None:
    """Remember noes that could not be written into the logbook."""
    if noes:
        connection.execute(insert(_unnoted), [{"facts": facts} for facts in noes])


def missing(connection: Connection) -> list[Missing]:
    """Return the noes that the logbook lacks, oldest first."""
    rows = connection.execute(select(_unnoted).order_by(_unnoted.c.id))
    return [Missing(row.id, row.facts) for row in rows]


def missing_no(one: Missing) -> No:
    """Return the no itself."""
    return read_no(one.facts)


def drop_missing(connection: Connection, ids: Sequence[int]) -> None:
    """Forget those that the logbook has by now."""
    connection.execute(delete(_unnoted).where(_unnoted.c.id.in_(ids)))


def mark(connection: Connection, name: str) -> int | None:
    """Return a number by its name."""
    found: int | None = connection.execute(
        select(_mark.c.number).where(_mark.c.name == name)
    ).scalar_one_or_none()
    return found


def pass_mark(
    connection: Connection,
    name: str,
    number: int,
    at_least: int,
    at_most: int | None = None,
) -> bool:
    """Write a number down under its name if the one there is not larger than `at_least`.

    Of several who ask in one moment only one is told yes.

    Args:
        at_most: One that is larger is no good either, and written over.
    """
    passed = _mark.c.number <= at_least
    if at_most is not None:
        passed |= _mark.c.number > at_most
    written = connection.execute(
        inserting(connection, _mark)
        .values(name=name, number=number)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"number": number},
            where=passed,
        )
        .returning(_mark.c.name)
    )
    return written.first() is not None


def set_mark(connection: Connection, name: str, number: int) -> None:
    """Write a number down under its name."""
    put(connection, _mark, {"name": name}, {"number": number})
