"""Blocking a sender: what they write is kept, closed at once, and never acknowledged.

What they have a right to works all the same: leaving a list is done before anybody looks
who is blocked.
"""

from collections.abc import Sequence
from datetime import datetime

from mailer.errors import AddressError, NotFoundError, RefusedError, did_you_mean
from mailer.model.address import parse_address
from mailer.model.blocked import Blocked
from mailer.store import blocks as store
from mailer.store.database import Database
from mailer.triage.mailboxes import Mailbox, mailbox_of
from mailer.triage.tickets import clean

_WHY_AT_MOST = 200


def blocked_value(text: str) -> str:
    """Return what an address or a domain is blocked under.

    Raises:
        AddressError: when it is neither.
    """
    text = text.strip()
    if "@" in text.lstrip("@"):
        return parse_address(text).match
    return parse_address(f"x@{text.lstrip('@')}").match.rpartition("@")[2]


def block(
    database: Database,
    mailboxes: Sequence[Mailbox],
    shared: frozenset[str],
    asked: tuple[str, str],
    by: str,
    now: datetime,
) -> Blocked:
    """Block an address or a domain.

    Args:
        shared: Domains that strangers share: nobody is blocked for another's mail.
        asked: The address or domain, and why.

    Raises:
        AddressError: when it is neither.
        RefusedError: when it is ours, shared by strangers, or blocked already.
    """
    value = blocked_value(asked[0])
    one = Blocked(value, clean(asked[1].strip(), _WHY_AT_MOST), by, now)
    if "@" not in value and value in shared:
        raise RefusedError(
            f"{value} is where many people have their mail: block the one address"
        )
    if _is_ours(value, mailboxes):
        raise RefusedError(f"{value} is ours: your own answers would be closed unread")
    with database.write() as connection:
        if not store.block(connection, one):
            raise RefusedError(f"{value} is blocked already")
    return one


def unblock(database: Database, text: str) -> str:
    """Take a block away; return what is free again.

    Raises:
        NotFoundError: when there is no such block.
    """
    try:
        value = blocked_value(text)
    except AddressError:
        value = text.strip()
    with database.write() as connection:
        if store.unblock(connection, value):
            return value
        known = [one.value for one in store.blocks(connection)]
    near = did_you_mean(value, known)
    raise NotFoundError(f"{value} is not blocked{near}; `mailer inbox blocks` lists who is")


def all_blocks(database: Database) -> list[Blocked]:
    """Return all blocks, the newest first."""
    with database.read() as connection:
        return store.blocks(connection)


def _is_ours(value: str, mailboxes: Sequence[Mailbox]) -> bool:
    if "@" in value:
        return mailbox_of((value,), mailboxes) is not None
    domains = {one.rpartition("@")[2] for box in mailboxes for one in box.addresses}
    return any(one == value or one.endswith(f".{value}") for one in domains)
