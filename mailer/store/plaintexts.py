"""Who wants letters as text alone; a table of its own, because few do."""

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, delete, insert, select

from mailer.store.choicetables import PlainTextRow
from mailer.store.tables import table

_plain = table(PlainTextRow)


def plain_since(connection: Connection, contact_id: int) -> datetime | None:
    """Return since when a person wants letters as text alone; None when she does not."""
    found = connection.execute(
        select(_plain.c.chosen_at).where(_plain.c.contact_id == contact_id)
    ).scalar()
    return cast("datetime | None", found)


def choose_plain(
    connection: Connection, contact_id: int, now: datetime, *, plain: bool
) -> None:
    """Write down whether a person wants letters as text alone."""
    if not plain:
        forget_plain(connection, contact_id)
    elif plain_since(connection, contact_id) is None:
        connection.execute(insert(_plain).values(contact_id=contact_id, chosen_at=now))


def forget_plain(connection: Connection, contact_id: int) -> None:
    """Delete that a person wants letters as text alone."""
    connection.execute(delete(_plain).where(_plain.c.contact_id == contact_id))
