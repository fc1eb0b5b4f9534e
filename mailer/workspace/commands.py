"""Running a command of the operator's: its input from us, its output to nowhere or us."""

import os
import shlex
import signal
import subprocess
from contextlib import suppress

from mailer.errors import WorkspaceError

_READ_AT_MOST = 1_000_000


def run_command(command: str, content: bytes, timeout_s: float) -> None:
    """Run a command with content on its standard input, and wait for its end.

    Raises:
        WorkspaceError: when it cannot be run, fails, or takes too long; it is ended then,
            with all that it has started.
    """
    _run(command, content, timeout_s, subprocess.DEVNULL)


def secret_of_command(command: str, timeout_s: float) -> str:
    """Return the first line that a command writes; no message ever shows it.

    Raises:
        WorkspaceError: as `run_command`, and when it writes nothing.
    """
    lines = _run(command, b"", timeout_s, subprocess.PIPE)[:_READ_AT_MOST].splitlines()
    line = lines[0].strip() if lines else b""
    if not line or not line.isascii():
        raise WorkspaceError(f"{shlex.split(command)[0]} wrote no secret on its first line")
    return line.decode("ascii")


def _run(command: str, content: bytes, timeout_s: float, output: int) -> bytes:
    words = shlex.split(command)
    try:
        running = subprocess.Popen(  # noqa: S603 - the operator's own, from config.toml
            words,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as problem:
        raise WorkspaceError(f"{words[0]} cannot be run: {problem}") from problem
    try:
        written, _ = running.communicate(content, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise WorkspaceError(f"{words[0]} took longer than {timeout_s:g} s") from None
    finally:
        # Also whatever it left behind.
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if running.returncode:
        raise WorkspaceError(f"{words[0]} ended with status {running.returncode}")
    return written or b""
