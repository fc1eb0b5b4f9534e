"""Files that only grow, a line at a time: on disk when an append returns.

Processes append in turn (an operating system's lock on the file). A line that a crash has
cut short is closed before the next one, so that it spoils no other.
"""

import fcntl
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.workspace.files import PRIVATE, sync_folder

_PAGE_BYTES = 1 << 20


def append_lines(path: str, lines: Iterable[bytes], first: bytes = b"") -> None:
    """Add lines, and return when they would outlast a power cut: all of them or none.

    Args:
        lines: Each with its end of line.
        first: What a new file begins with.

    Raises:
        WorkspaceError: when it cannot be written, as on a full disk.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, fcntl.LOCK_EX) as file:
            size = os.fstat(file).st_size
            closing = b"" if not size or os.pread(file, 1, size - 1) == b"\n" else b"\n"
            content = closing + b"".join(lines) if size else first + b"".join(lines)
            try:
                _write(file, content)
                os.fsync(file)
            except OSError:
                # Nobody else can have written behind it: the lock is ours.
                os.ftruncate(file, size)
                raise
        if not size:
            sync_folder(str(Path(path).parent))
    except OSError as problem:
        raise WorkspaceError(
            f"{path} cannot be written: {problem.strerror}; make room, or let this user"
            " write there"
        ) from problem


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


@contextmanager
def _locked(path: str, how: int) -> Generator[int, None, None]:
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    if how == fcntl.LOCK_EX:
        flags |= os.O_CREAT
    file = os.open(path, flags, PRIVATE)
    try:
        fcntl.flock(file, how)
        yield file
    finally:
        os.close(file)


def read_lines(path: str, start: int = 0) -> Generator[tuple[int, bytes], None, None]:
    """Give each line with the place in the file where it ends; nothing without a file.

    Lines that are added meanwhile are not among them. The last one may have been cut short.

    Raises:
        WorkspaceError: when the file cannot be read.
    """
    try:
        # Who appends has the lock: so what is there then is whole, but for crashes.
        with _locked(path, fcntl.LOCK_SH) as file:
            size = os.fstat(file).st_size
    except FileNotFoundError:
        return
    except OSError as problem:
        raise WorkspaceError(f"{path} cannot be read: {problem.strerror}") from problem
    with Path(path).open("rb", buffering=_PAGE_BYTES) as opened:
        # One that became shorter is another file than the caller knew.
        place = start if start <= size else 0
        opened.seek(place)
        while place < size and (line := opened.readline(size - place)):
            place += len(line)
            yield place, line.removesuffix(b"\n")
