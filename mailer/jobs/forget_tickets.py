"""Tickets that are over and old go, with all that was said on them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mailer.jobs.read_entries import purge
from mailer.model.address import parse_address
from mailer.model.key import KeyRing
from mailer.store import forgetting, participants
from mailer.store import tickets as store
from mailer.store.blocks import unblock
from mailer.store.database import Database
from mailer.store.erasing import erase_letters
from mailer.store.suppressions import erased_hashes
from mailer.store.ticketqueue import over_before

_TOGETHER = 20
_COPIES = 1000


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
    changed = _take_out_erased(database, erased, now)
    if gone or changed:
        purge(database)
    return len(gone)


def _take_out_erased(
    database: Database, erased: Mapping[bytes, datetime], now: datetime
) -> int:
    """Take out of others' tickets who got letters of them, and was erased afterwards."""
    with database.read() as connection:
        found = participants.strange_copies(connection)
    changed = 0
    for hashed, address, at in found:
        since = erased.get(hashed)
        if since is None or at > since:
            continue
        changed += _take_out(database, None, parse_address(address).match, hashed)
        with database.write() as connection:
            ids = participants.copies_to_nobody(connection, hashed, _COPIES)
            erase_letters(connection, ids, now)
    return changed


def forget_tickets_of(
    database: Database,
    contact_id: int | None,
    who: tuple[str, bytes],
    now: datetime,
) -> tuple[int, int]:
    """Delete a person's tickets, in slices, and take her out of those of others.

    Args:
        who: The match form of her address, and its hash.

    Returns:
        How many were deleted, and how many letters waited.
    """
    match, hashed = who
    gone = withheld = 0
    with database.write() as connection:
        unblock(connection, match)
    while True:
        # Looked for without the write lock: all tickets are read for it.
        with database.read() as connection:
            ids = forgetting.tickets_of(connection, contact_id, match, _TOGETHER)
        if not ids:
            break
        with database.write() as connection:
            withheld += forgetting.forget_tickets(connection, ids, now)
        gone += len(ids)
    if _take_out(database, contact_id, match, hashed) or gone:
        purge(database)
    return gone, withheld


def _take_out(database: Database, contact_id: int | None, match: str, hashed: bytes) -> int:
    """Take somebody out of the tickets of others; return how many entries changed."""
    with database.read() as connection:
        others = participants.tickets_with(connection, contact_id, match, hashed)
    changed = 0
    for number in others:
        with database.write() as connection:
            store.hold(connection)
            changed += participants.take_out(connection, number, match)
    return changed
