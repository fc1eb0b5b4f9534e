"""Mailing the ledger's head once a day to somebody outside, who can tell later."""

from datetime import datetime

from mailer.jobs.prove import Anchor, anchor
from mailer.jobs.tell import owe_words, words_content
from mailer.jobs.world import World
from mailer.model.key import KeyRing
from mailer.store.noes import mark, pass_mark

_MARK = "anchor mailed"


def mail_anchor(
    world: World, ring: KeyRing, checkpoints: str, address: str, now: datetime
) -> bool:
    """Write down the letter with the ledger's head, once a day (UTC) however often asked.

    Args:
        checkpoints: The file of checkpoints, which gets the same head.

    Returns:
        False when today's is written down already, or nobody gets one.

    Raises:
        AddressError: when the address is none.
        NotFoundError: when there is no list that could be its sender.
        WorkspaceError: when the file cannot be written; it is tried again then.
    """
    if not address:
        return False
    today = now.date().toordinal()
    with world.database.read() as connection:
        if (mark(connection, _MARK) or 0) >= today:
            return False
    taken = anchor(world.database, ring, checkpoints, now)
    subject = f"[mailer] the ledger of consents on {now:%Y-%m-%d}"
    made = words_content(world, subject, _words(taken))
    # Together: what is cut off before, or has no room, is done the next time.
    with world.database.write() as connection:
        if not pass_mark(connection, _MARK, today, today - 1):
            return False
        owe_words(connection, world, made, address, now)
    return True


def _words(taken: Anchor) -> str:
    head = taken.checkpoint
    return (
        f"This is the head of our ledger of consents at {head.at:%Y-%m-%d %H:%M:%S} UTC."
        " Keep this letter: with it you can tell later that nothing before it was changed,"
        " taken out or cut off.\n\n"
        f"entries: {head.number}\nhead: {head.mac.hex()}\n"
        f"public key: {taken.public_key.hex()}\n\n"
        "`mailer consent verify` holds the ledger against the heads that were kept."
    )
