"""Keeping several senders at work: whoever ends is started again, up to a limit."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mailer.errors import DatabaseError, RefusedError
from mailer.pace.restart import ENDS_AT_MOST, WITHIN, pause_after
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.database import Database

_log = logging.getLogger(__name__)

_NOT_STARTED = 1
"""The status of a sender of which no process could be started."""


class Member(Protocol):
    """A sender in a process of its own."""

    async def ended(self) -> int:
        """Wait until it has ended; return its exit status."""
        ...

    def dismiss(self) -> None:
        """Have it end in peace."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def close(self) -> None:
        """Let go of what is left of it."""
        ...


class Crew:
    """So many senders, kept at work until told to stop."""

    def __init__(
        self,
        size: int,
        start: Callable[[int], Member],
        given_up: Callable[[int, int], None],
        clock: Callable[[], datetime],
        ended: Callable[[], None],
    ) -> None:
        """Build it.

        Args:
            start: Starts the sender of a place, 0 to `size` - 1; called off the loop.
            given_up: Called off the loop with a place and the last exit status of a sender
                that ended too often to be started again.
            ended: Called off the loop once all have ended.
        """
        self._size = size
        self._start = start
        self._given_up = given_up
        self._clock = clock
        self._ended = ended
        self._members: set[Member] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep them at work until told to stop, and let them end in peace.

        Raises:
            RefusedError: all of them ended too often.
        """
        ends = await asyncio.gather(
            *(self._keep(place, stop) for place in range(self._size)),
            return_exceptions=True,
        )
        await asyncio.to_thread(self._ended)
        refusals = [end for end in ends if isinstance(end, BaseException)]
        for end in refusals:
            if not isinstance(end, RefusedError):
                raise end
        if len(refusals) == self._size:
            raise refusals[0]

    def kill(self) -> None:
        """End them at once, as `kill -9` does."""
        for member in self._members:
            member.kill()

    async def _keep(self, place: int, stop: asyncio.Event) -> None:
        ends: list[datetime] = []
        while not stop.is_set():
            status = await self._once(place, stop)
            if status is None:
                return
            ends.append(self._clock())
            pause = pause_after(ends, self._clock())
            words = f"sender {place + 1} of {self._size} ended by itself (status {status})"
            if pause is None:
                await asyncio.to_thread(self._given_up, place, status)
                raise RefusedError(
                    f"{words}, {ENDS_AT_MOST} times within {WITHIN}: what it said before is"
                    " in the log; put that right and start `mailer serve` again"
                )
            _log.error("%s; it is started again", words)
            await _sleep(pause.total_seconds(), stop)

    async def _once(self, place: int, stop: asyncio.Event) -> int | None:
        """Keep one sender at work; return its status, None once it was told to end."""
        try:
            member = await asyncio.to_thread(self._start, place)
        except (OSError, DatabaseError) as problem:
            # No memory for one more process, say: as if it had ended at once.
            _log.error("sender %d cannot be started: %s", place + 1, problem)
            return _NOT_STARTED
        self._members.add(member)
        try:
            return await _until_either(member, stop)
        finally:
            self._members.discard(member)
            member.close()


async def _until_either(member: Member, stop: asyncio.Event) -> int | None:
    """Return the status of a member that ended by itself, None once it was told to."""
    ended = asyncio.create_task(member.ended())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            return ended.result()
        member.dismiss()
        await ended
        return None
    finally:
        stopping.cancel()
        ended.cancel()


async def _sleep(pause_s: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(pause_s):
            await stop.wait()
    except TimeoutError:
        pass


def note_given_up(
    database: Database, place: int, size: int, status: int, now: datetime
) -> None:
    """Raise the alarm about a sender that is not started again."""
    alarm = Alarm(
        kind="sender_ended",
        subject=f"sender {place + 1}",
        at=now,
        happened=(
            f"sender {place + 1} of {size} ended {ENDS_AT_MOST} times within {WITHIN}"
            f" (status {status}) and is not started again; nothing is lost"
        ),
        todo="look into the log of `mailer serve`, put that right and start it again",
    )
    with database.write() as connection:
        raise_alarm(connection, alarm)
