"""Waiting for one's slot: the throttle of one relay, for one sender.

Slots are leased from the database in small chunks, so the limit holds over all senders and
over restarts; here each one is handed out at its own moment.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.pace.throttle import Rate, Slots
from mailer.store.database import Database
from mailer.store.throttle import forget_before, lease

_log = logging.getLogger(__name__)

_CHUNK_S = 0.25
_CHUNK_AT_MOST = 50
_LONG = timedelta(seconds=5)
_TRY_AGAIN_S = 1.0


def forget_old(database: Database, now: datetime) -> None:
    """Drop the counts of minutes that no limit asks for any more."""
    with database.write() as connection:
        forget_before(connection, now)


class Gate:
    """Lets letters through at a relay's rate."""

    def __init__(
        self, database: Database, key: str, rate: Rate, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._key = key
        self._rate = rate
        self._clock = clock
        self._chunk = max(1, min(_CHUNK_AT_MOST, int(rate.per_second * _CHUNK_S) or 1))
        if not rate.per_second:
            self._chunk = _CHUNK_AT_MOST
        self._left = 0
        self._next_at = clock()
        self._spacing = rate.spacing
        self._asking = asyncio.Lock()
        self.shut_until: datetime | None = None
        """An hour or a day has taken all that it may: nothing goes before this."""

    @property
    def shut(self) -> bool:
        """Say whether an hour or a day has taken all that it may."""
        return self.shut_until is not None and self._clock() < self.shut_until

    def pass_now(self) -> bool:
        """Take a slot if one is open this moment."""
        if not self._rate:
            return True
        if self._left and self._next_at <= self._clock():
            self._use()
            return True
        return False

    def _use(self) -> datetime:
        at = self._next_at
        self._left -= 1
        self._next_at += self._spacing
        return at

    async def wait(self) -> bool:
        """Take the next slot and wait for its moment; False while it is shut for long."""
        if not self._rate:
            return True
        async with self._asking:
            while not self._left:
                if self._shut_for_long():
                    return False
                await self._ask()
            at = self._use()
        await self._sleep_until(at)
        return True

    def _shut_for_long(self) -> bool:
        return self.shut_until is not None and self.shut_until - self._clock() > _LONG

    async def _ask(self) -> None:
        try:
            slots = await asyncio.to_thread(self._lease)
        except DatabaseError as problem:
            _log.error("nothing leaves until the limits can be read: %s", problem)
            await asyncio.sleep(_TRY_AGAIN_S)
            return
        self._left = slots.count
        self._next_at = slots.first_at
        self.shut_until = None if slots.count else slots.ask_again_at
        if not slots.count and not self._shut_for_long():
            await self._sleep_until(slots.ask_again_at)

    def _lease(self) -> Slots:
        with self._database.write() as connection:
            return lease(connection, self._key, self._rate, self._chunk, self._clock())

    async def _sleep_until(self, at: datetime) -> None:
        wait_s = (at - self._clock()).total_seconds()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
