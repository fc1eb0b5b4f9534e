"""Retention: the details of old letters go, day by day and in slices; the sums stay.

What people did goes with the letters of its time.
"""

from datetime import datetime, timedelta

from mailer.jobs.frozen import enclosures_of, slimmed
from mailer.jobs.slices import Slicer, forget
from mailer.store import ageing as store
from mailer.store import enclosures, frozentemplates
from mailer.store.database import Database
from mailer.store.events import drop_old_events
from mailer.store.reasons import unname_old_reasons
from mailer.store.transactions import aged_letters, drop_aged

_FOUND_AT_A_TIME = 2_000
_EVENTS_AT_A_TIME = 500
KEYS_KEPT_FOR = timedelta(days=7)
"""So long the key of a letter that was asked for makes it the same letter."""


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
        for ids in slicer.slices(found):
            with slicer.turn() as connection:
                gone += store.age_out(connection, ids, before)
        after = found[-1]
    with database.write() as connection:
        unname_old_reasons(connection, before)
    forget(
        database, lambda one, most: drop_old_events(one, before, most), _EVENTS_AT_A_TIME
    )
    _age_requests(database, before, now, slicer)
    _age_templates(database, before)
    return gone


def _age_requests(
    database: Database, before: datetime, now: datetime, slicer: Slicer
) -> None:
    """Drop what letters were asked for with, when the letters are gone."""
    after, repeated = 0, min(before, now - KEYS_KEPT_FOR)
    while True:
        with database.read() as connection:
            found = aged_letters(connection, before, after, _FOUND_AT_A_TIME)
        if not found:
            return
        for ids in slicer.slices(found):
            with slicer.turn() as connection:
                drop_aged(connection, ids, repeated)
        after = found[-1]


def _age_templates(database: Database, before: datetime) -> None:
    """Drop texts, images and attachments that no letter is made of any more.

    What a campaign was for stays with it, so that its report does.
    """
    with database.write() as connection:
        frozentemplates.drop_test_letters(connection, before)
    with database.read() as connection:
        unused = frozentemplates.unused(connection, before)
    for one_hash in unused:
        with database.write() as connection:
            frozentemplates.drop(connection, one_hash, before)
    with database.read() as connection:
        aged = frozentemplates.of_aged(connection, before)
    for one in aged:
        body = slimmed(one.body)
        if body is not None:
            with database.write() as connection:
                frozentemplates.slim(connection, one.hash, body, before)
    _age_enclosures(database, before)


def _age_enclosures(database: Database, before: datetime) -> None:
    with database.read() as connection:
        old = enclosures.old(connection, before)
        named: set[str] = set()
        newest = before
        for one in frozentemplates.all_frozen(connection) if old else ():
            named |= enclosures_of(one.body)
            newest = max(newest, one.frozen_at)
    for one_hash in old:
        if one_hash in named:
            continue
        with database.write() as connection:
            since = frozentemplates.all_frozen(connection, newest)
            if not any(one_hash in enclosures_of(one.body) for one in since):
                enclosures.drop(connection, one_hash, before)


def would_age(database: Database, keep: timedelta, now: datetime) -> int:
    """Count what `age` would drop."""
    if not keep:
        return 0
    with database.read() as connection:
        return store.count_old(connection, now - keep)
