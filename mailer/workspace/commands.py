"""Running a command of the operator's: its input from us, its output to nowhere."""

import os
import shlex
import signal
import subprocess
from contextlib import suppress

from mailer.errors import WorkspaceError


def run_command(command: str, content: bytes, timeout_s: float) -> None:
    """Run a command with content on its standard input, and wait for its end.

    Raises:
        WorkspaceError: when it cannot be run, fails, or takes too long; it is ended then,
            with all that it has started.
    """
    words = shlex.split(command)
    try:
        running = subprocess.Popen(  # noqa: S603 - the operator's own, from config.toml
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as problem:
        raise WorkspaceError(f"{words[0]} cannot be run: {problem}") from problem
    try:
        running.communicate(content, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise WorkspaceError(f"{words[0]} took longer than {timeout_s:g} s") from None
    finally:
        # Also whatever it left behind.
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if running.returncode:
        raise WorkspaceError(f"{words[0]} ended with status {running.returncode}")
