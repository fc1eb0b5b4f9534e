"""A sender's life: taking its number and lock, and taking back what dead senders held."""

import logging
import os
import platform
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from mailer.errors import DatabaseError, RefusedError
from mailer.store import doubts, owners
from mailer.store.database import Database
from mailer.store.owners import Recovered

_TURNS_OF_GRACE = 3
"""A living sender's turns in which it renews its lease."""
_LOCKED_AT_MOST_S = 5.0
_LOOK_EVERY_S = 0.05

_log = logging.getLogger(__name__)


class LockLostError(RefusedError):
    """Others took a sender for dead: it sends on only with another number."""


class OwnerLocks(Protocol):
    """Locks by number that end with the process, or the session, that holds them."""

    def take(self, owner_id: int) -> bool:
        """Take the lock of a number; False when a living sender holds it."""
        ...

    def take_over(self, owner_id: int) -> bool:
        """Take the lock of another sender; False unless it is dead."""
        ...

    def keep(self, owner_id: int) -> bool:
        """Make sure that a lock that was taken is held; False when it is lost for good."""
        ...

    def free(self, owner_id: int) -> None:
        """Let go of the lock of a number."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Overdue:
    """Which living senders stay past their lease, turn by turn: those hang.

    Where the database's clock is put forward, or the machine slept, all leases are over at
    once; whoever lives renews its own in its next turn.
    """

    def __init__(
        self, turn_s: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Build it.

        Args:
            turn_s: How often a sender renews its lease.
            clock_s: Seconds since any moment.
        """
        self._grace_s = _TURNS_OF_GRACE * turn_s
        self._clock_s = clock_s
        self._since: dict[int, float] = {}

    def lasting(self, owner_ids: Iterable[int]) -> list[int]:
        """Hear who is past their lease now; return those who were all the time."""
        now_s = self._clock_s()
        self._since = {one: self._since.get(one, now_s) for one in owner_ids}
        return [
            one for one, since_s in self._since.items() if now_s - since_s >= self._grace_s
        ]


def begin(database: Database, locks: OwnerLocks, now: datetime) -> int:
    """Register a sender and take its lock; return its number.

    Raises:
        RefusedError: when somebody else holds the lock of a number that was just made.
    """
    taken: int | None = None
    try:
        with database.write() as connection:
            owner_id = owners.register(connection, platform.node(), os.getpid(), now)
            # Before others see the number: who looks for dead senders takes their locks.
            if locks.take(owner_id):
                taken = owner_id
    except DatabaseError:
        if taken is not None:
            locks.free(taken)
        raise
    if taken is None:
        raise RefusedError(
            f"the lock of sender {owner_id} is held by another program:"
            " is this database a copy of one that is in use?"
        )
    return owner_id


def keep(database: Database, locks: OwnerLocks, owner_id: int) -> None:
    """Make sure that a sender holds its lock, and that nobody took over its letters.

    Raises:
        LockLostError: when somebody did: the sender must end.
    """
    if locks.keep(owner_id):
        with database.read() as connection:
            if owner_id in owners.not_ended(connection):
                return
    raise LockLostError(
        f"sender {owner_id} lost its lock, and another program took over its letters:"
        " none is lost, and under this number nothing more is sent"
    )


def recover(
    database: Database,
    locks: OwnerLocks,
    clock: Callable[[], datetime],
    overdue: Overdue,
    myself: int,
) -> Recovered:
    """Take back, in slices, what dead senders held and what hung ones hold too long.

    Args:
        overdue: What is remembered from turn to turn.
        myself: The number of the sender that looks.
    """
    found = Recovered()
    with database.read() as connection:
        others = [owner for owner in owners.not_ended(connection) if owner != myself]
    for owner_id in others:
        if not locks.take_over(owner_id):
            continue
        try:
            found += take_all(database, owner_id, clock)
            with database.write() as connection:
                owners.end(connection, owner_id, clock())
        finally:
            locks.free(owner_id)
    with database.read() as connection:
        late = owners.overdue(connection)
    hung = overdue.lasting(late)
    while hung:
        with database.write() as connection:
            taken = owners.take_back_overdue(connection, hung, clock())
        if not taken:
            break
        found += taken
    with database.write() as connection:
        doubts.settle_known(connection, clock())
        doubts.send_again(connection, clock())
    if found:
        _log.warning(
            "took back from senders that ended: %d queued again, %d in doubt",
            found.released,
            found.in_doubt,
        )
    return found


def take_all(database: Database, owner_id: int, clock: Callable[[], datetime]) -> Recovered:
    """Take back everything that a sender holds, in slices.

    What a killed process of its was writing is locked until the server has noticed.
    """
    found, give_up_s = Recovered(), time.monotonic() + _LOCKED_AT_MOST_S
    while True:
        with database.write() as connection:
            taken = owners.take_back(connection, owner_id, clock())
            held = not taken and owners.holds(connection, owner_id)
        if not taken and (not held or time.monotonic() > give_up_s):
            return found
        found += taken
        if held:
            time.sleep(_LOOK_EVERY_S)


def finish(database: Database, locks: OwnerLocks, owner_id: int, now: datetime) -> None:
    """Say good-bye: the sender holds nothing any more."""
    with database.write() as connection:
        owners.end(connection, owner_id, now)
    locks.free(owner_id)
