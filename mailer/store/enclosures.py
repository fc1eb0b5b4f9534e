"""Images and attachments, kept under their content hash for as long as their letters."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mailer.model.enclosure import Enclosure
from mailer.store.inserting import inserting
from mailer.store.tables import EnclosureRow, table

_enclosure = table(EnclosureRow)


def keep(connection: Connection, one: Enclosure, content: bytes, now: datetime) -> None:
    """Keep an enclosure, once for each content."""
    if _holds(connection, one.hash, now):
        return
    connection.execute(
        inserting(connection, _enclosure)
        .values(hash=one.hash, type=one.type, content=content, kept_at=now)
        .on_conflict_do_nothing()
    )


def _holds(connection: Connection, hash: str, now: datetime) -> bool:
    """Say whether an enclosure is kept, and see to it that it stays so until the commit.

    On SQLite nobody else writes meanwhile. On PostgreSQL whoever drops old ones would not
    wait for us, unless we change the row; a big one is not written again for that.
    """
    if connection.dialect.name == "sqlite":
        return bool(known(connection, [hash]))
    touched = update(_enclosure).where(_enclosure.c.hash == hash).values(kept_at=now)
    return bool(connection.execute(touched).rowcount)


def old(connection: Connection, before: datetime) -> list[str]:
    """Return the hashes of enclosures that are kept since before a moment, in order."""
    where = _enclosure.c.kept_at < before
    found = select(_enclosure.c.hash).where(where).order_by(_enclosure.c.hash)
    return list(connection.execute(found).scalars())


def drop(connection: Connection, hash: str, before: datetime) -> bool:
    """Drop an enclosure, unless it was kept again meanwhile."""
    gone = connection.execute(
        delete(_enclosure).where(_enclosure.c.hash == hash, _enclosure.c.kept_at < before)
    )
    return bool(gone.rowcount)


def known(connection: Connection, hashes: Iterable[str]) -> frozenset[str]:
    """Return those of some hashes that are kept."""
    where = _enclosure.c.hash.in_(list(hashes))
    return frozenset(connection.execute(select(_enclosure.c.hash).where(where)).scalars())


def contents(connection: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes of enclosures by their hash, without those that are not kept."""
    where = _enclosure.c.hash.in_(list(hashes))
    rows = connection.execute(select(_enclosure.c.hash, _enclosure.c.content).where(where))
    return {row.hash: bytes(row.content) for row in rows}


def find(connection: Connection, hash: str) -> tuple[str, bytes] | None:
    """Return an enclosure's content type and bytes; None when there is none."""
    row = connection.execute(
        select(_enclosure.c.type, _enclosure.c.content).where(_enclosure.c.hash == hash)
    ).one_or_none()
    return None if row is None else (row.type, bytes(row.content))
