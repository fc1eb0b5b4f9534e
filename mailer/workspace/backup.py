"""Copies of the database: written aside, and given their name only when they are whole."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mailer.errors import RefusedError
from mailer.workspace.files import PRIVATE, sync_folder


@contextmanager
def new_copy(path: str) -> Generator[str, None, None]:
    """Give a path to write a copy to; when it is whole it gets its name, for good.

    Raises:
        RefusedError: when there is something by that name already.
    """
    target = Path(path)
    if target.exists():
        raise RefusedError(f"{path} exists: name another file, or move that one away")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE))
    try:
        yield str(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        # A link fails where a rename would overwrite.
        os.link(part, target)
    except FileExistsError:
        raise RefusedError(f"{path} exists: name another file") from None
    finally:
        part.unlink(missing_ok=True)
    sync_folder(str(target.parent))


def upgrade_copy(database_file: str, version: str, now: datetime) -> str:
    """Return the path of the copy that is made before an upgrade from a version."""
    stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{database_file}.{version}-{stamp}.backup"
