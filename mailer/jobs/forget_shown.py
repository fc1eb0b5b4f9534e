"""What letters showed of their people is forgotten in time; the letters stay counted."""

from datetime import datetime, timedelta

from mailer.store import shown
from mailer.store.database import Database

_TOGETHER = 500


def forget_old_shown(database: Database, keep: timedelta, now: datetime) -> int:
    """Forget what letters that left long ago showed, in slices; return how many.

    Args:
        keep: So long it stays; nothing for as long as the letter is known.
    """
    gone = 0
    while keep:
        # Looked for without the write lock.
        with database.read() as connection:
            old = shown.shown_before(connection, now - keep, _TOGETHER)
        if not old:
            break
        with database.write() as connection:
            gone += shown.forget_shown(connection, old, now - keep)
    return gone
