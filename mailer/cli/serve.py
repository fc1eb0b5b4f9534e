"""`mailer serve`: schedules, sender and pages in one program, until stopped."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

import click

from mailer.cli.process import log_to_stderr, loop_factory, settle_down
from mailer.cli.senders import crew_of
from mailer.errors import ConfigError, RefusedError
from mailer.jobs import replay
from mailer.jobs.crew import Crew
from mailer.jobs.putback import look_at_start
from mailer.senders import signers_of
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.folder import CONFIG
from mailer.workspace.locks import ProcessLock

_log = logging.getLogger(__name__)

PARTS = ("schedules", "send", "web", "inbox")

Part = Callable[[Workspace, asyncio.Event], Coroutine[Any, Any, object]]


_RUN = {
    "schedules": "mailer.timers:run_schedules",
    "send": "mailer.daemon:run_sender",
    "web": "mailer.web.serving:run_pages",
    "inbox": "mailer.receiving:run_inbox",
}
"""What runs each part. Only what runs is loaded: a sender holds no pages in memory."""


def _loaded(parts: tuple[str, ...]) -> dict[str, Part]:
    run: dict[str, Part] = {}
    for part in parts:
        module, _, name = _RUN[part].partition(":")
        run[part] = getattr(import_module(module), name)
    return run


@click.command
@click.option(
    "--only",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    help="Run only this part; may be given more than once.",
)
@click.option(
    "--senders",
    type=click.IntRange(1, 64),
    help="How many senders, each in a process of its own when there are several;"
    " they share the relay's connections.  [default: `senders` under [sending]]",
)
@click.option("--quiet", is_flag=True, help="Log only what needs attention.")
@click.pass_obj
def serve(folder: str, parts: tuple[str, ...], senders: int | None, *, quiet: bool) -> None:
    """Run schedules, senders, pages and what comes back until stopped.

    Ctrl-C (or SIGTERM) ends it in peace: letters on the line are finished, the rest waits.
    A second Ctrl-C ends it at once, which is safe: what cannot be known is in doubt.

    \b
    Example: mailer serve
             mailer serve --senders 2     on PostgreSQL, a processor's worth more
             mailer serve --only send     a second sender beside the first
             mailer serve --only inbox    takes in mail, understands it and acts
    """  # noqa: D301 - click's own mark for lines that stay as they are
    log_to_stderr(logging.WARNING if quiet else logging.INFO)
    with open_workspace(folder) as workspace:
        chosen = parts or PARTS
        if set(chosen) & {"schedules", "send"}:
            _require_sound(workspace)
            signers_of(workspace)  # raises when a key is missing
        for warning in workspace.settings.warnings():
            _log.warning("%s", warning)
        size = senders or workspace.settings.sending.senders
        crew = crew_of(workspace, size) if size > 1 and "send" in chosen else None
        lock = _only_one(workspace) if "schedules" in chosen else None
        if "schedules" in chosen:
            look_at_start(workspace.database, utc_now())
        # Before the first letter can leave: a crash may have left a no in the logbook only.
        replay.tend(workspace.database, workspace.logbook, utc_now())
        settle_down()
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_run(workspace, chosen, crew))
        finally:
            if lock is not None:
                lock.free()


def _require_sound(workspace: Workspace) -> None:
    """Refuse to send to people with what is plainly broken.

    The pages alone are always served: who wants to leave must be able to.

    Raises:
        ConfigError: also when nobody has said whether letters go to people.
    """
    if workspace.rehearsal() is not None:
        return
    broken = workspace.settings.broken()
    if broken:
        raise ConfigError(
            f"{CONFIG}: {'; '.join(broken)}. Put it right and run `mailer check`;"
            " until then `mailer serve --only web` serves the pages, and mode ="
            ' "rehearsal" tries everything out'
        )


def _only_one(workspace: Workspace) -> ProcessLock | None:
    """Take the lock of the one full `serve` that an SQLite database has."""
    file = workspace.places.database_file
    if file is None:
        return None
    lock = ProcessLock(f"{file}.serve")
    if not lock.take(f"process {os.getpid()} since {utc_now():%Y-%m-%d %H:%M} UTC"):
        raise RefusedError(
            f"mailer serve runs here already: {lock.words()}."
            " Another sender may join it: mailer serve --only send"
        )
    return lock


async def _run(workspace: Workspace, parts: tuple[str, ...], crew: Crew | None) -> None:
    stop = asyncio.Event()
    _listen_to_signals(stop, crew)
    click.echo(f"mailer serves {', '.join(parts)}; Ctrl-C ends it", err=True)
    run = _loaded(tuple(part for part in parts if crew is None or part != "send"))
    if crew is not None:
        run["send"] = lambda _, stop: crew.run(stop)
    tasks = [asyncio.create_task(run[part](workspace, stop)) for part in parts]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    # One that ends by itself has failed: the others end in peace, then it is said why.
    stop.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end


def _listen_to_signals(stop: asyncio.Event, crew: Crew | None) -> None:
    def heard() -> None:
        if stop.is_set():
            if crew is not None:
                crew.kill()
            # Safe at any moment, as kill -9 is: the next start finds out what was going on.
            os._exit(130)
        click.echo("mailer: ending in peace; once more ends at once", err=True)
        stop.set()

    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, heard)
