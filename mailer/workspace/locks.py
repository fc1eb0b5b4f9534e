"""Locks of the operating system: they end with the process that holds them."""

import ctypes
import fcntl
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

# Python's own lets other threads run meanwhile, and then waits for the interpreter: on a
# busy sender some tenths of a millisecond, for a call that takes one thousandth.
_flock: Callable[[int, int], int] = ctypes.PyDLL(None).flock


class _Gate:
    """One lock between the threads of this process, and between processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def take(self) -> None:
        self._threads.acquire()
        try:
            if self._file is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                self._file = os.open(self._path, flags, 0o600)
            if _flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def free(self) -> None:
        assert self._file is not None
        if _flock(self._file, fcntl.LOCK_UN):
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


class FileTurn:
    """A turn at writing, for threads and processes alike: a queue instead of polling.

    Who waits for the turn holds the door, and who gives the turn back must go through the
    door again: so one who writes slice after slice can't keep the others out.
    Call it for a context manager that holds the turn.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._door = _Gate(Path(path + ".door"))
        self._turn = _Gate(Path(path))

    def __reduce__(self) -> tuple[type["FileTurn"], tuple[str]]:
        """Let another process queue for the same turn."""
        return FileTurn, (self._path,)

    @contextmanager
    def __call__(self) -> Generator[None, None, None]:
        """Wait for the turn, hold it, pass it on."""
        self._door.take()
        try:
            self._turn.take()
        finally:
            self._door.free()
        try:
            yield
        finally:
            self._turn.free()


class ProcessLock:
    """A lock that is held while this process lives, and free at once when it is killed."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._file: int | None = None

    def take(self, words: str = "") -> bool:
        """Take the lock and write words for others to read; False when it is held.

        On a full disk the words are missing; the lock holds without them.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.write(file, words.encode())
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


class OwnerLocks:
    """The locks of senders by number, as files in one folder."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._held: dict[int, ProcessLock] = {}

    def take(self, owner_id: int) -> bool:
        """Take the lock of a number; False when a living sender holds it."""
        lock = ProcessLock(str(self._folder / str(owner_id)))
        if not lock.take(str(os.getpid())):
            return False
        self._held[owner_id] = lock
        return True

    def take_over(self, owner_id: int) -> bool:
        """Take the lock of another sender; False unless it is dead."""
        return self.take(owner_id)

    def keep(self, owner_id: int) -> bool:
        """Say whether a lock is held: it can't be lost while this process lives."""
        return owner_id in self._held

    def free(self, owner_id: int) -> None:
        """Let go of the lock of a number and take its file away."""
        lock = self._held.pop(owner_id)
        # Numbers are never used again, so nobody can be waiting for this file.
        lock.path.unlink(missing_ok=True)
        lock.free()

    def close(self) -> None:
        """Let go of everything."""
        for owner_id in list(self._held):
            self.free(owner_id)
