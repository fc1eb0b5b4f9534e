"""Where the demonstration takes place: its folder, and the programs that it runs."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

from mailer.cli.output import shown
from mailer.errors import MailerError, RefusedError
from mailer.jobs.demo_server import DemoServer
from mailer.wire.web import get_page
from mailer.workspace.files import inside, new_file, read_text

LOG_FILE = "serve.log"
DONE = 200
"""How a page answers when all is well."""

_AT_MOST_S = 165.0
"""It ends by then, whatever happens; three minutes are promised."""

_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demonstration takes place, and until when."""

    folder: str
    server: DemoServer
    web_port: int
    ends_at: float = field(default_factory=lambda: time.monotonic() + _AT_MOST_S)

    @property
    def pages(self) -> str:
        """Where the workspace's pages are."""
        return f"http://127.0.0.1:{self.web_port}"


@contextmanager
def serving(stage: Stage) -> Generator[Callable[[], None], None, None]:
    """Run `mailer serve`; give a look at it, which raises when it or the time has ended."""
    log = new_file(inside(stage.folder, LOG_FILE))
    command = _command(stage, "serve")
    click.secho("$ mailer serve", dim=True)
    process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - ourselves
    os.close(log)
    with process:

        def look() -> None:
            if process.poll() is not None:
                _ended_badly(stage, f"ended with status {process.returncode}")
            if time.monotonic() > stage.ends_at:
                _ended_badly(stage, f"has not come to an end within {_AT_MOST_S:.0f} s")

        try:
            until(lambda: _is_up(stage), look)
            yield look
        finally:
            process.terminate()
    if process.returncode:
        _ended_badly(stage, f"ended with status {process.returncode}")


def _ended_badly(stage: Stage, words: str) -> None:
    lines = read_text(inside(stage.folder, LOG_FILE), LOG_FILE).splitlines()
    tail = "\n".join(lines[-_TAIL_LINES:])
    raise RefusedError(f"mailer serve {words}; the end of its {LOG_FILE}:\n{tail}")


def _is_up(stage: Stage) -> bool:
    try:
        return get_page(f"{stage.pages}/health") == DONE
    except MailerError:
        return False


def until(holds: Callable[[], bool], look: Callable[[], None]) -> None:
    """Wait until something holds, and look after the program meanwhile."""
    while not holds():
        look()
        time.sleep(0.2)


def say(words: str) -> None:
    """Print what comes next."""
    click.secho(f"\n── {shown(words)}", bold=True)


def run_mailer(stage: Stage, *words: str, quiet: bool = False) -> None:
    """Run a command as a marketer would, and show it.

    Raises:
        RefusedError: when it fails.
    """
    click.secho(f"$ mailer {shlex.join(words)}", dim=True)
    command = _command(stage, *words)
    out = subprocess.DEVNULL if quiet else None
    ended = subprocess.run(  # noqa: S603 - ourselves
        command, cwd=stage.folder, stdout=out, check=False
    )
    if ended.returncode:
        raise RefusedError(f"mailer {words[0]} ended with status {ended.returncode}")


def _command(stage: Stage, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailer", "-w", stage.folder, *words]
