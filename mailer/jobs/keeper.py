"""Keeping what comes in, several messages in one commit, before anyone is told so.

The next group is whatever came in while the last one was being committed, so that a
hundred messages a second cost a few commits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.store import incoming as store
from mailer.store.database import Database
from mailer.store.emptying import empty_reports, old_reports

_TOGETHER = 100
_TOGETHER_BYTES = 1_000_000
"""On SQLite nobody else writes meanwhile."""

_EMPTIED_TOGETHER = 20
_FOUND_AT_A_TIME = 1_000


def empty_old(database: Database, keep: timedelta, now: datetime) -> int:
    """Empty reports that were understood long enough ago; return how many.

    It works in slices, may be ended at any moment, and goes on the next time.

    Args:
        keep: So long they stay as they came; nothing for ever.
    """
    emptied, after = 0, 0
    while keep:
        # Looked for without the write lock.
        with database.read() as connection:
            found = old_reports(connection, now - keep, after, _FOUND_AT_A_TIME)
        if not found:
            break
        for place in range(0, len(found), _EMPTIED_TOGETHER):
            with database.write() as connection:
                some = found[place : place + _EMPTIED_TOGETHER]
                emptied += empty_reports(connection, some)
        after = found[-1]
    return emptied


class Keeper:
    """Keeps messages for all who wait, in groups; lives in one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        came: Callable[[], None],
    ) -> None:
        """Make one.

        Args:
            came: Called after each group that brought something new.
        """
        self._database = database
        self._clock = clock
        self._came = came
        self._waiting: deque[tuple[bytes, str, asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def keep(self, raw: bytes, channel: str) -> None:
        """Keep a message; when this returns it is on disk.

        Raises:
            DatabaseError: it is not kept.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((raw, channel, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        while self._waiting:
            group = self._next_group()
            try:
                await asyncio.to_thread(self._write, group)
            except Exception as problem:  # noqa: BLE001 - those who wait get it
                for _, _, done in group:
                    if not done.done():
                        done.set_exception(problem)
                continue
            for _, _, done in group:
                # Who hung up meanwhile will come again, and it is known then.
                if not done.done():
                    done.set_result(None)
            self._came()

    def _next_group(self) -> list[tuple[bytes, str, asyncio.Future[None]]]:
        group = [self._waiting.popleft()]
        size = len(group[0][0])
        while self._waiting and len(group) < _TOGETHER:
            size += len(self._waiting[0][0])
            if size > _TOGETHER_BYTES:
                break
            group.append(self._waiting.popleft())
        return group

    def _write(self, group: list[tuple[bytes, str, asyncio.Future[None]]]) -> None:
        now = self._clock()
        with self._database.write() as connection:
            for raw, channel, _ in group:
                store.keep(connection, raw, channel, now)
