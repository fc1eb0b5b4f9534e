"""Files with messages as mail programs keep them: one a file, in folders, in an mbox."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mailer.errors import WorkspaceError

STANDARD_INPUT = "-"

LARGEST_BYTES = 64 << 20
"""What is larger is no message, but somebody's mistake."""

_NEXT = re.compile(
    rb"(?:\r?\n|\r){2}(?=From [^\r\n]{1,200}\d{4}[^\r\n]{0,20}(?:\r?\n|\r)[A-Za-z-]{1,60}:)"
)


def message_files(path: str) -> Iterator[str]:
    """Go through the files of a folder in their order, or give the one file.

    Hidden files and what a Maildir is still writing (`tmp`) are left out.
    """
    place = Path(path)
    if path == STANDARD_INPUT or not place.is_dir():
        yield path
        return
    for one in sorted(place.rglob("*")):
        parts = one.relative_to(place).parts
        if one.is_file() and not any(part.startswith(".") for part in parts):
            if "tmp" in parts[:-1] and (place / "cur").is_dir():
                continue
            yield str(one)


def read_messages(path: str) -> tuple[bytes, ...]:
    """Read a file's message, or several out of an mbox (RFC 4155 §2).

    Raises:
        WorkspaceError: when it can't be read, is empty or too large.
    """
    try:
        raw = _read(path)
    except FileNotFoundError:
        raise WorkspaceError(f"{path}: there is no such file") from None
    except OSError as problem:
        raise WorkspaceError(f"{path} cannot be read: {problem.strerror}") from problem
    if len(raw) > LARGEST_BYTES:
        raise WorkspaceError(f"{path} is larger than {LARGEST_BYTES >> 20} MiB: no message")
    if not raw.strip():
        raise WorkspaceError(f"{path} is empty")
    if raw.startswith(b"From "):
        return tuple(_NEXT.split(raw))
    return (raw,)


def _read(path: str) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(LARGEST_BYTES + 1)
    with Path(path).open("rb") as file:
        return file.read(LARGEST_BYTES + 1)
