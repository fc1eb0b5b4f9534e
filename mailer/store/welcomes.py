"""What lists welcome people with: once for each letter and delay."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from mailer.store.inserting import inserting
from mailer.store.tables import WelcomeRow, table

_rows = table(WelcomeRow)
_SECOND = timedelta(seconds=1)


def keep_welcome(
    connection: Connection, frozen_hash: str, delay: timedelta, now: datetime
) -> int:
    """Keep what people are welcomed with, and return its number.

    Args:
        delay: In whole seconds.
    """
    delay_s = delay // _SECOND
    connection.execute(
        inserting(connection, _rows)
        .values(frozen_hash=frozen_hash, delay_s=delay_s, made_at=now)
        .on_conflict_do_nothing()
    )
    where = (_rows.c.frozen_hash == frozen_hash, _rows.c.delay_s == delay_s)
    return int(connection.execute(select(_rows.c.id).where(*where)).scalar_one())


def welcome_of(connection: Connection, number: int) -> tuple[timedelta, str]:
    """Return how long after the yes a welcome is due, and the hash of what it holds."""
    found = select(_rows.c.delay_s, _rows.c.frozen_hash).where(_rows.c.id == number)
    row = connection.execute(found).one()
    return row.delay_s * _SECOND, row.frozen_hash
