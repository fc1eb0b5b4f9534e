"""Working in slices: each a transaction of its own, so that others get their turns."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from mailer.pace.slicing import next_size
from mailer.store.database import Connection, Database

_SQLITE_TARGET_S = 0.012
_POSTGRES_TARGET_S = 0.100
_FIRST_SIZE = 200

_T = TypeVar("_T")


class Slicer:
    """Keeps the slices of one job as long as they should take, and no longer.

    On SQLite nobody else writes during a slice, so it should take about 12 ms; on
    PostgreSQL only this campaign's row is held.
    """

    def __init__(
        self,
        database: Database,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._database = database
        self._timer = timer
        self._target_s = _SQLITE_TARGET_S if database.is_sqlite else _POSTGRES_TARGET_S
        self.size = _FIRST_SIZE
        """How many rows the next slice should take."""
        self.longest_s = 0.0
        """How long the longest slice held its turn."""

    @contextmanager
    def turn(self) -> Generator[Connection, None, None]:
        """Give a connection for one slice, and learn from how long it took."""
        with self._database.write() as connection:
            began = self._timer()
            yield connection
        took_s = self._timer() - began
        self.longest_s = max(self.longest_s, took_s)
        self.size = next_size(self.size, took_s, self._target_s)

    def slices(self, found: Sequence[_T]) -> Generator[Sequence[_T], None, None]:
        """Cut what was found, each slice as large as the one before it has taught."""
        place = 0
        while place < len(found):
            some = found[place : place + self.size]
            place += len(some)
            yield some


def forget(database: Database, drop: Callable[[Connection, int], int], most: int) -> int:
    """Delete what has grown old, so many rows a transaction; return how many.

    Args:
        drop: Deletes at most so many rows, and returns how many there were.
    """
    forgotten = 0
    while True:
        with database.write() as connection:
            some = drop(connection, most)
        forgotten += some
        if some < most:
            return forgotten
