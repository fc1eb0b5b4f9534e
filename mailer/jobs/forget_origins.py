"""Network addresses and browsers of old consents go; the consents stay, and verify."""

from datetime import datetime, timedelta

from mailer.store.database import Database
from mailer.store.evidence import forget_origins, old_origins

_TOGETHER = 500


def forget_old_origins(database: Database, keep: timedelta, now: datetime) -> int:
    """Erase from where old entries of the ledger came; return of how many.

    It works in slices, may be ended at any moment, and goes on the next time.

    Args:
        keep: So long they stay; nothing for as long as the person is on record.
    """
    gone, after = 0, 0
    while keep:
        with database.read() as connection:
            old = old_origins(connection, now - keep, after, _TOGETHER)
        if not old:
            break
        with database.write() as connection:
            gone += forget_origins(connection, old)
        after = old[-1]
    return gone
