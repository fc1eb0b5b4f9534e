"""Files that go with answers: kept with the entry, for as long as it stands."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from mailer.model.attached import Attached, AttachedView
from mailer.store.tables import table
from mailer.store.tickettables import TicketFileRow

_file = table(TicketFileRow)
_shown = (_file.c.id, _file.c.entry_id, _file.c.name, _file.c.type, _file.c.size_bytes)


def keep_files(connection: Connection, entry_id: int, files: Sequence[Attached]) -> None:
    """Keep the files of an entry, in their order."""
    for one in files:
        connection.execute(
            insert(_file).values(
                entry_id=entry_id, name=one.name, type=one.type, content=one.content,
                size_bytes=len(one.content),
            )
        )  # fmt: skip


def files_of(connection: Connection, entry_id: int) -> tuple[Attached, ...]:
    """Return the files of an entry, in their order."""
    rows = connection.execute(
        select(_file).where(_file.c.entry_id == entry_id).order_by(_file.c.id)
    )
    return tuple(Attached(row.name, row.type, bytes(row.content)) for row in rows)


def listed(
    connection: Connection, entries: Sequence[int]
) -> dict[int, tuple[AttachedView, ...]]:
    """Return what files some entries have, without their bytes."""
    rows = connection.execute(
        select(*_shown).where(_file.c.entry_id.in_(list(entries))).order_by(_file.c.id)
    )
    found: dict[int, tuple[AttachedView, ...]] = {}
    for row in rows:
        view = AttachedView(row.id, row.name, row.type, row.size_bytes)
        found[row.entry_id] = (*found.get(row.entry_id, ()), view)
    return found


def get_file(
    connection: Connection, entries: Sequence[int], number: int
) -> Attached | None:
    """Return a file of one of some entries; None when they have no such one."""
    row = connection.execute(
        select(_file).where(_file.c.id == number, _file.c.entry_id.in_(list(entries)))
    ).one_or_none()
    return None if row is None else Attached(row.name, row.type, bytes(row.content))


def drop_files(connection: Connection, entry_id: int) -> None:
    """Drop the files of an entry: it never left."""
    connection.execute(delete(_file).where(_file.c.entry_id == entry_id))
