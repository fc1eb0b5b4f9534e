"""What the staff did a long time ago is forgotten."""

from datetime import datetime, timedelta

from mailer.store import staff
from mailer.store.database import Database

_TOGETHER = 500


def forget_old_deeds(database: Database, keep: timedelta, now: datetime) -> int:
    """Forget who of the staff did what, in slices; return how many entries.

    Args:
        keep: So long they stay; nothing for ever.
    """
    gone = 0
    while keep:
        with database.write() as connection:
            some = staff.forget_deeds(connection, now - keep, _TOGETHER)
        gone += some
        if some < _TOGETHER:
            break
    return gone
