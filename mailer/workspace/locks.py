"""Locks of the operating system: they end with the process that holds them."""

import fcntl
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class FileTurn:
    """A turn at writing, for threads and processes alike: a queue instead of polling.

    Call it for a context manager that holds the turn.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._thread = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def __call__(self) -> Generator[None, None, None]:
        """Wait for the turn, hold it, pass it on."""
        with self._thread:
            if self._file is None:
                self._file = os.open(
                    self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
                )
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


class ProcessLock:
    """A lock that is held while this process lives, and free at once when it is killed."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._file: int | None = None

    def take(self, words: str = "") -> bool:
        """Take the lock and write words for others to read; False when it is held."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.write(file, words.encode())
        self._file = file
        return True

    def words(self) -> str:
        """Return what its holder wrote into it."""
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def free(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class SharedLock:
    """A lock that many hold together or one alone; free at once when they are killed."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._file: int | None = None

    def share(self) -> bool:
        """Hold it together with others; False while one holds it alone."""
        return self._take(fcntl.LOCK_SH)

    def take(self) -> bool:
        """Hold it alone; False while anyone holds it."""
        return self._take(fcntl.LOCK_EX)

    def free(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, how: int) -> bool:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True
