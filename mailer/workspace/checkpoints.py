"""The ledger's checkpoints: a file of JSON lines, outside the database on purpose.

Who can cut the end off the ledger would have to cut it off here too; keep copies of the
file elsewhere.
"""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from mailer.errors import WorkspaceError
from mailer.model.chain import Checkpoint
from mailer.workspace.files import replace, write_new

CHECKPOINTS = "ledger-checkpoints.jsonl"


def append_checkpoint(path: str, checkpoint: Checkpoint) -> None:
    """Add a line, and return when it would outlast a power cut.

    Raises:
        WorkspaceError: when it cannot be written, as on a full disk.
    """
    try:
        _append(path, _line(checkpoint))
    except OSError as problem:
        raise WorkspaceError(
            f"{path} cannot be written: {problem.strerror}; without it nobody could show"
            " that the ledger's end was cut off: make room, or let this user write there"
        ) from problem


def _line(checkpoint: Checkpoint) -> bytes:
    line = {
        "number": checkpoint.number,
        "mac": checkpoint.mac.hex(),
        "at": checkpoint.at.isoformat(),
    }
    return json.dumps(line).encode() + b"\n"


def _append(path: str, line: bytes) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    file = os.open(path, flags, 0o644)
    try:
        with os.fdopen(file, "r+b", closefd=False) as opened:
            # A line that a crash has cut short was never a checkpoint.
            whole = opened.read().rfind(b"\n") + 1
            opened.truncate(whole)
            opened.seek(whole)
            opened.write(line)
        os.fsync(file)
    finally:
        os.close(file)


def keep_checkpoints(path: str, kept: Iterable[Checkpoint], now: datetime) -> str:
    """Keep only some checkpoints, and all of them in a file beside; return its path.

    Raises:
        WorkspaceError: when it cannot be written.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    beside = f"{path}.replaced-{stamp}"
    try:
        write_new(beside, Path(path).read_bytes())
        replace(path, b"".join(_line(one) for one in kept))
    except OSError as problem:
        raise WorkspaceError(f"{path} cannot be written: {problem.strerror}") from problem
    return beside


def read_checkpoints(path: str) -> tuple[Checkpoint, ...]:
    """Read all checkpoints, oldest first; none when there is no file.

    Raises:
        WorkspaceError: names the line that does not parse. A last line that a crash has
            cut short does not count.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    whole = lines[:-1]
    return tuple(_parse(path, place, line) for place, line in enumerate(whole, 1) if line)


def _parse(path: str, place: int, line: bytes) -> Checkpoint:
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["at"]).astimezone(UTC)
        return Checkpoint(int(fields["number"]), bytes.fromhex(fields["mac"]), at)
    except (ValueError, KeyError, TypeError) as problem:
        raise WorkspaceError(
            f"{path}, line {place}: no checkpoint of the ledger ({problem}): bring the file"
            " back from a copy"
        ) from problem
