"""Retention: the details of old letters go, day by day and in slices; the sums stay."""

from datetime import datetime, timedelta

from mailer.jobs.slices import Slicer
from mailer.store import ageing as store
from mailer.store.database import Database

_FOUND_AT_A_TIME = 2_000


def age(
    database: Database, keep: timedelta, now: datetime, slicer: Slicer | None = None
) -> int:
    """Age out the letters of campaigns that ended long enough ago; return how many.

    It may be ended at any moment, and goes on the next time.

    Args:
        keep: So long they stay; nothing for ever.
    """
    if not keep:
        return 0
    before, after, gone = now - keep, -1, 0
    slicer = slicer or Slicer(database)
    while True:
        # Looked for without the write lock.
        with database.read() as connection:
            found = store.old_deliveries(connection, before, after, _FOUND_AT_A_TIME)
        if not found:
            break
        place = 0
        while place < len(found):
            ids = found[place : place + slicer.size]
            place += len(ids)
            with slicer.turn() as connection:
                gone += store.age_out(connection, ids, before)
        after = found[-1]
    with database.write() as connection:
        store.drop_unused_templates(connection, before)
    return gone


def would_age(database: Database, keep: timedelta, now: datetime) -> int:
    """Count what `age` would drop."""
    if not keep:
        return 0
    with database.read() as connection:
        return store.count_old(connection, now - keep)
