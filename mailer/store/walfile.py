"""SQLite's write-ahead log, folded back into the database's file while others write.

SQLite would do that by itself inside whichever commit makes the log long, and with it hold
everybody's turn at writing for a tenth of a second or more. So it is told not to, and
whoever finds the log long after a commit folds it without holding the turn; then once more
with the turn, when next to nothing is left: the log only begins anew when all is folded.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

PRAGMAS = ("wal_autocheckpoint=0", "journal_size_limit=0")
"""What every connection is told: never by itself, and cut the log when it begins anew."""

_LONG_BYTES = 4 << 20
_FOLD = "PRAGMA wal_checkpoint(PASSIVE)"


class WalFile:
    """The log of one database's file; safe to use from threads."""

    def __init__(
        self, engine: Engine, turn: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._engine = engine
        self._turn = turn
        self._path = f"{engine.url.database}-wal"
        self._fold_at = _LONG_BYTES
        self._folding = threading.Lock()

    def fold_if_long(self) -> None:
        """Fold the log if it is long; call it after a commit, without the turn."""
        size = self._size()
        if size < _LONG_BYTES:
            self._fold_at = _LONG_BYTES
        if size < self._fold_at or not self._folding.acquire(blocking=False):
            return
        try:
            self.fold()
        except (sqlite3.Error, SQLAlchemyError):
            # The commit stands. What is wrong with the disk shows at the next write.
            pass
        finally:
            # A reader may have been in the way: it is tried again after as much again.
            self._fold_at = self._size() + _LONG_BYTES
            self._folding.release()

    def fold(self) -> None:
        """Fold what is in the log into the database's file."""
        pooled = self._engine.raw_connection()
        try:
            cursor = pooled.cursor()
            cursor.execute(_FOLD)
            with self._turn():
                cursor.execute(_FOLD)
            cursor.close()
        finally:
            pooled.close()

    def _size(self) -> int:
        try:
            return os.stat(self._path).st_size  # noqa: PTH116 - files are not opened here
        except FileNotFoundError:
            return 0
