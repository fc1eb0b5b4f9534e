"""SQLite's write-ahead log, folded back into the database's file while others write.

SQLite would do that by itself inside whichever commit makes the log long, and with it hold
everybody's turn at writing for a tenth of a second or more. So it is told not to, and
whoever finds the log long after a commit folds it without holding the turn; then once more
with the turn, when next to nothing is left: the log only begins anew when all is folded.

The file keeps its length when it begins anew: to write over what is there reaches the disk
in half the time of making a file longer. So its length says nothing; a frame belongs to the
log as it is now when it has the salts of the header (SQLite's file format, §4.1).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

_LONG_BYTES = 4 << 20
_KEPT_BYTES = 2 * _LONG_BYTES
PRAGMAS = ("wal_autocheckpoint=0", f"journal_size_limit={_KEPT_BYTES}")
"""What every connection is told: never by itself, and cut a log that became very long."""

_GIVE_UP_S = 30
_LOOK_AGAIN_S = 0.01
_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_FOLD = "PRAGMA wal_checkpoint(PASSIVE)"


def begin(connection: sqlite3.Connection) -> None:
    """Let the database have a write-ahead log; it keeps it, so only a new file is changed.

    Of two that open a new file in the same moment SQLite tells one at once that it is
    locked, whatever its busy timeout: each holds what the other waits for.

    Raises:
        sqlite3.OperationalError: when the file stays locked, or cannot be written.
    """
    give_up = time.monotonic() + _GIVE_UP_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as problem:
            if (
                problem.sqlite_errorcode != sqlite3.SQLITE_BUSY
                or time.monotonic() > give_up
            ):
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


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
        if not self._is_longer_than(_LONG_BYTES):
            self._fold_at = _LONG_BYTES
            return
        long_again = self._is_longer_than(self._fold_at)
        if not long_again or not self._folding.acquire(blocking=False):
            return
        try:
            self.fold()
        except (sqlite3.Error, SQLAlchemyError):
            # The commit stands. What is wrong with the disk shows at the next write.
            pass
        finally:
            # A reader may have been in the way: it is tried again after as much again.
            self._fold_at += _LONG_BYTES
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

    def _is_longer_than(self, size: int) -> bool:
        """Say whether so much was written since the log began anew."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            header = os.pread(file, _HEADER_BYTES, 0)
            if len(header) < _HEADER_BYTES:
                return False
            frame_bytes = _FRAME_HEADER_BYTES + int.from_bytes(header[8:12], "big")
            place = _HEADER_BYTES + size // frame_bytes * frame_bytes
            frame = os.pread(file, _FRAME_HEADER_BYTES, place)
            return frame[8:16] == header[16:24]
        finally:
            os.close(file)
