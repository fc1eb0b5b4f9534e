"""Images and attachments, kept under their content hash for as long as their letters."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from mailer.model.enclosure import Enclosure
from mailer.store.tables import EnclosureRow, table

_enclosure = table(EnclosureRow)


def keep(connection: Connection, one: Enclosure, content: bytes, now: datetime) -> None:
    """Keep an enclosure, once for each content."""
    if known(connection, [one.hash]):
        return
    dialect = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        dialect(_enclosure)
        .values(hash=one.hash, type=one.type, content=content, kept_at=now)
        .on_conflict_do_nothing()
    )


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
