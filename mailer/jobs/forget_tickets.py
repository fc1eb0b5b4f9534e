"""Tickets that are over and old go, with all that was said on them."""

from datetime import datetime, timedelta

from mailer.jobs.read_entries import purge
from mailer.model.key import KeyRing
from mailer.store import forgetting
from mailer.store.blocks import unblock
from mailer.store.database import Database
from mailer.store.suppressions import erased_hashes
from mailer.store.ticketqueue import over_before

_TOGETHER = 20


def forget_old_tickets(database: Database, keep: timedelta, now: datetime) -> int:
    """Delete tickets that were over long enough ago; return how many.

    It works in slices, may be ended at any moment, and goes on the next time.

    Args:
        keep: So long they stay; nothing for ever.
    """
    gone = 0
    while keep:
        with database.read() as connection:
            old = over_before(connection, now - keep, _TOGETHER)
        if not old:
            break
        with database.write() as connection:
            forgetting.forget_tickets(connection, old, now)
        gone += len(old)
    # Always: what was cut off before is made good.
    purge(database)
    return gone


def forget_erased_strangers(database: Database, ring: KeyRing, now: datetime) -> int:
    """Delete tickets that came back with a backup, of people who were erased since.

    They were no contacts, so only the hash of their address tells. What they wrote after
    they were erased stays.
    """
    with database.read() as connection:
        erased = erased_hashes(connection)
        if not erased:
            return 0
        theirs = forgetting.strangers(connection)
    hashes = {match: ring.suppression_hash(match) for _, match, _ in theirs}
    gone = [
        number
        for number, match, opened_at in theirs
        if (since := erased.get(hashes[match])) is not None and opened_at <= since
    ]
    for place in range(0, len(gone), _TOGETHER):
        with database.write() as connection:
            forgetting.forget_tickets(connection, gone[place : place + _TOGETHER], now)
    if gone:
        purge(database)
    return len(gone)


def forget_tickets_of(
    database: Database, contact_id: int | None, match: str, now: datetime
) -> tuple[int, int]:
    """Delete a person's tickets, in slices; return how many, and letters that waited."""
    gone = withheld = 0
    with database.write() as connection:
        unblock(connection, match)
    while True:
        with database.write() as connection:
            ids = forgetting.tickets_of(connection, contact_id, match, _TOGETHER)
            withheld += forgetting.forget_tickets(connection, ids, now)
        if not ids:
            break
        gone += len(ids)
    if gone:
        purge(database)
    return gone, withheld
