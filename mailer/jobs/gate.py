"""Waiting for one's slot: the throttle of one relay, for one sender.

Slots are leased from the database in small chunks, so the limit holds over all senders and
over restarts; here each one is handed out at its own moment.
"""

import asyncio
import collections
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.pace.throttle import Rate, Slots
from mailer.store.database import Database
from mailer.store.throttle import forget_before, lease

_log = logging.getLogger(__name__)

_CHUNK_S = 0.25
_CHUNK_AT_MOST = 50
_LATE_AT_MOST = timedelta(milliseconds=50)
"""What was not used until then is spread anew: a stall is not made up for in one go."""
_TOGETHER_S = 0.02
"""So much of the rate may leave at once after whatever held it up behind the gate."""
_CATCHES_UP = 1.01
"""So much faster than the rate is what was held up, until nothing waits at the door."""
_AT_THE_DOOR_AT_MOST_S = 30
"""A letter that is on record as leaving is not kept for longer, whatever came before it."""
_LONG = timedelta(seconds=5)
_TRY_AGAIN_S = 1.0


def forget_old(database: Database, now: datetime) -> None:
    """Drop the counts of minutes that no limit asks for any more."""
    with database.write() as connection:
        forget_before(connection, now)


class Gate:
    """Lets letters through at a relay's rate."""

    def __init__(
        self,
        database: Database,
        key: str,
        rate: Rate,
        clock: Callable[[], datetime],
        reserved: float = 0,
    ) -> None:
        """Build it.

        Args:
            reserved: The share of an hour and a day that no letter takes that can wait.
        """
        self._database = database
        self._key = key
        self._rate = rate
        self._of_patient = rate.without(reserved)
        self._clock = clock
        self._chunk = max(1, min(_CHUNK_AT_MOST, int(rate.per_second * _CHUNK_S) or 1))
        if not rate.per_second:
            self._chunk = _CHUNK_AT_MOST
        self._slots: collections.deque[datetime] = collections.deque()
        """The moments of those that are leased and not used."""
        self._asked_at = clock()
        self._asking = asyncio.Lock()
        self._low = asyncio.Event()
        self._closed = False
        self._door_free_s = 0.0
        """When, on the monotonic clock, all that left would have left one by one."""
        self.shut_until: datetime | None = None
        """An hour or a day has taken all that it may: nothing goes before this."""
        self.held_until: datetime | None = None
        """… all but what is reserved: what can wait does not go before this."""

    @property
    def shut(self) -> bool:
        """Say whether an hour or a day has taken all that it may."""
        return self._lasts(self.shut_until)

    @property
    def holds(self) -> bool:
        """Say whether an hour or a day has left only what is reserved."""
        return self._lasts(self.held_until)

    def _lasts(self, until: datetime | None) -> bool:
        """Say whether a moment is yet to come; not if the clock was put back meanwhile."""
        now = self._clock()
        return until is not None and self._asked_at <= now < until

    @property
    def full_until(self) -> datetime | None:
        """Return when campaigns' letters may go again; None while they do."""
        return self.shut_until if self.shut else self.held_until

    def pass_now(self) -> bool:
        """Take a slot if one is open this moment."""
        if not self._rate:
            return True
        if self._slots and self._slots[0] <= self._clock():
            self._use()
            return True
        return False

    def _has_slots(self) -> bool:
        """Say whether any are left by the clock as it is now."""
        self._forget_if_later_than(self._clock())
        return bool(self._slots)

    def _forget_if_later_than(self, now: datetime) -> None:
        """Drop what lies as far ahead as the clock was put back meanwhile."""
        if now < self._asked_at:
            self._slots.clear()
            self.shut_until = self.held_until = None

    def _use(self) -> datetime:
        slots = self._slots
        late = self._clock() - slots[0] - _LATE_AT_MOST
        if late > timedelta() and self._rate.per_second:
            slots = self._slots = collections.deque(at + late for at in slots)
        if len(slots) <= self._chunk // 2:
            self._low.set()
        return slots.popleft()

    async def wait(self, *, patient: bool = False) -> bool:
        """Take the next slot and wait for its moment; False while it is shut for long.

        Args:
            patient: For a letter that can wait: it takes nothing of what is reserved.
        """
        if not self._rate:
            return True
        async with self._asking:
            while not self._has_slots():
                if self._for_long(self.shut_until):
                    return False
                if patient and self._for_long(self.held_until):
                    return False
                await self._ask(patient=patient)
            at = self._use()
        await self._sleep_until(at)
        return True

    async def leave(self) -> None:
        """Wait, as the last step before a letter's content, behind what left before it.

        Between its slot and its content a letter waits for the relay's answers and for its
        commit. While a disk stands still the slots go on; what they let through would all
        leave in one moment afterwards, beside the letters of that moment.
        """
        if not self._rate.per_second or self._closed:
            return
        now_s = time.monotonic()
        turn_s = max(now_s, self._door_free_s)
        self._door_free_s = turn_s + 1 / (self._rate.per_second * _CATCHES_UP)
        wait_s = turn_s - _TOGETHER_S - now_s
        if wait_s > 0:
            await asyncio.sleep(min(wait_s, _AT_THE_DOOR_AT_MOST_S))

    async def ask_ahead(self) -> None:
        """Lease the next slots while some are left, until `close`.

        Letters that follow others on a line take what is open that moment (`pass_now`):
        with none left, the relay's rate would stand unused while the database is asked.
        """
        while not self._closed:
            await self._low.wait()
            self._low.clear()
            async with self._asking:
                few = 0 < len(self._slots) <= self._chunk // 2
                if few and self._rate.per_second and not self._closed:
                    await self._ask_for_more()

    def close(self) -> None:
        """Let `ask_ahead` end."""
        self._closed = True
        self._low.set()

    def _for_long(self, until: datetime | None) -> bool:
        return until is not None and until - self._clock() > _LONG

    async def _ask(self, *, patient: bool) -> None:
        try:
            now, slots, reserve = await asyncio.to_thread(self._lease, patient=patient)
        except DatabaseError as problem:
            _log.error("nothing leaves until the limits can be read: %s", problem)
            await asyncio.sleep(_TRY_AGAIN_S)
            return
        self._have(slots, now)
        again = None if slots.count else slots.ask_again_at
        if reserve is not None:
            self.held_until = reserve.ask_again_at
        elif slots.count:
            self.held_until = None
        if not patient or slots.count or self._rate == self._of_patient:
            self.shut_until = again
        if again is not None and not self._for_long(again):
            await self._sleep_until(again)

    async def _ask_for_more(self) -> None:
        """Ask ahead of time; whoever needs a slot hears why there is none."""
        try:
            now, slots, _ = await asyncio.to_thread(self._lease, patient=True)
        except DatabaseError:
            return
        self._have(slots, now)

    def _have(self, slots: Slots, now: datetime) -> None:
        """Keep what was leased at `now`; the clock may have been put back since."""
        self._forget_if_later_than(now)
        self._asked_at, first_at = now, slots.first_at
        if self._slots:
            # Those that were spread anew may reach beyond what they were leased for.
            first_at = max(first_at, self._slots[-1] + slots.spacing)
        self._slots.extend(first_at + nth * slots.spacing for nth in range(slots.count))

    def _lease(self, *, patient: bool) -> tuple[datetime, Slots, Slots | None]:
        """Take slots that anybody may use, or a single one of what is reserved.

        Returns:
            When it was, them, and what was said to letters that can wait when that was
            none.
        """
        with self._database.write() as connection:
            now, key = self._clock(), self._key
            slots = lease(connection, key, self._of_patient, self._chunk, now)
            if slots.count or self._rate == self._of_patient:
                return now, slots, None
            if patient:
                return now, slots, slots
            return now, lease(connection, key, self._rate, 1, now), slots

    async def _sleep_until(self, at: datetime) -> None:
        wait_s = (at - self._clock()).total_seconds()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
