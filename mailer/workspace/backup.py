"""Copies of the database: written aside, and given their name only when they are whole."""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from mailer.errors import RefusedError
from mailer.workspace.files import PRIVATE, sync_folder

_PART = re.compile(r"\..+\.[0-9]+\.part", re.DOTALL)
_HEADER = b"SQLite format 3\0"
_BEGUN = _HEADER, bytes(len(_HEADER))
"""What a copy begins with, also when its first page was not written yet."""


@contextmanager
def new_copy(path: str) -> Generator[str, None, None]:
    """Give a path to write a copy to; when it is whole it gets its name, for good.

    What was begun in that folder by one that was killed is taken away: people are in it,
    also those who were erased meanwhile.

    Raises:
        RefusedError: when there is something by that name already.
    """
    target = Path(path)
    if target.exists():
        raise RefusedError(f"{path} exists: name another file, or move that one away")
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear(target.parent)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield str(part)
        os.fsync(file)
        # A link fails where a rename would overwrite.
        os.link(part, target)
    except FileExistsError:
        raise RefusedError(f"{path} exists: name another file") from None
    finally:
        part.unlink(missing_ok=True)
        os.close(file)
    sync_folder(str(target.parent))


def _clear(folder: Path) -> None:
    """Take away copies that were begun and that nobody writes any more."""
    for part in folder.iterdir():
        if _PART.fullmatch(part.name):
            # Another user's, say, which is no hindrance to a backup.
            with suppress(OSError):
                _clear_dead(part)


def _clear_dead(part: Path) -> None:
    file = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        # Whoever writes it holds this, for as long as it lives.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.read(file, len(_HEADER)) in _BEGUN:
            _remove(part)
    finally:
        os.close(file)


@contextmanager
def beside(database_file: str) -> Generator[str, None, None]:
    """Give a path beside a database to prepare another one at; nothing stays there."""
    part = Path(f"{database_file}.restoring")
    _remove(part)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    try:
        yield str(part)
    finally:
        _remove(part)


def swap_in(prepared: str, database_file: str, now: datetime) -> str | None:
    """Put a prepared database in the place of another, and keep that one beside it.

    Both are whole at any moment. The old one's log goes with it: beside the new one it
    would be read as if it were its own.

    Returns:
        The path of the one that was replaced; None when there was none.
    """
    target, kept = Path(database_file), None
    with Path(prepared).open("rb") as opened:
        os.fsync(opened.fileno())
    if target.exists():
        stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
        kept = Path(_free(f"{database_file}.replaced-{stamp}"))
        os.link(target, kept)
        for ending in ("-wal", "-shm"):
            log = Path(f"{target}{ending}")
            if log.exists():
                log.replace(f"{kept}{ending}")
        sync_folder(str(target.parent))
    Path(prepared).chmod(PRIVATE)
    Path(prepared).replace(target)
    sync_folder(str(target.parent))
    return None if kept is None else str(kept)


def _free(path: str, ending: str = "") -> str:
    """Return a name that is free: one that was killed in this second may have left its."""
    found, number = f"{path}{ending}", 1
    while Path(found).exists():
        number += 1
        found = f"{path}-{number}{ending}"
    return found


def _remove(part: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{part}{ending}").unlink(missing_ok=True)


def upgrade_copy(database_file: str, version: str, now: datetime) -> str:
    """Return the path of the copy that is made before an upgrade from a version."""
    stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    return _free(f"{database_file}.{version}-{stamp}", ".backup")
