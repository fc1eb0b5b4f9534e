"""Senders in processes of their own, beside the program that started them."""

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.context import SpawnProcess

from mailer.cli.process import log_to_stderr, loop_factory, settle_down
from mailer.daemon import run_sender_with, scribe_of
from mailer.errors import MailerError, RefusedError
from mailer.jobs.crew import Crew, note_given_up
from mailer.jobs.scribe_apart import Apart, ScribeProcess
from mailer.jobs.spawning import ignore_ctrl_c, out_of_reach
from mailer.senders import Seat
from mailer.wire.channel import Channel
from mailer.wiring import Workspace, open_workspace, utc_now

_log = logging.getLogger(__name__)

_KILL_AFTER_DRAIN_S = 10


def crew_of(workspace: Workspace, size: int) -> Crew:
    """Build the senders of a workspace.

    Raises:
        RefusedError: when there are not as many connections to a relay.
    """
    for where, relay in workspace.settings.all_relays().items():
        if size > relay.connections:
            raise RefusedError(
                f"{size} senders need as many connections, and `connections` under"
                f" [{where}] in config.toml is {relay.connections}: raise it, or run fewer"
                " senders"
            )
    starting = _Starting(workspace, size)

    def given_up(place: int, status: int) -> None:
        note_given_up(workspace.database, place, size, status, utc_now())

    return Crew(size, starting.start, given_up, utc_now, starting.close)


class _Starting:
    """Starts senders, and the scribe that they share."""

    def __init__(self, workspace: Workspace, size: int) -> None:
        self._workspace = workspace
        self._size = size
        self._scribe: ScribeProcess | None = None
        self._turn = threading.Lock()

    def start(self, place: int) -> "_Sender":
        seat = Seat(place, self._size)
        drain_s = self._workspace.settings.sending.drain_s
        return _Sender(self._workspace.folder, seat, self._channel(), drain_s)

    def _channel(self) -> Channel:
        with self._turn:
            if self._scribe is not None and not self._scribe.lives:
                self._scribe.close()
                self._scribe = None
            if self._scribe is None:
                self._scribe = scribe_of(self._workspace)
            return self._scribe.channel()

    def close(self) -> None:
        if self._scribe is not None:
            self._scribe.close()


class _Sender:
    """One sender's process, as the program that started it sees it."""

    def __init__(self, folder: str, seat: Seat, scribe: Channel, drain_s: float) -> None:
        self._leash, theirs = Channel.pair()
        self._kill_after_s = drain_s + _KILL_AFTER_DRAIN_S
        self._killing: asyncio.TimerHandle | None = None
        level = logging.getLogger().getEffectiveLevel()
        # A fork would copy our locks and the database's connections.
        self._process: SpawnProcess = multiprocessing.get_context("spawn").Process(
            target=_send, args=(folder, seat, level, theirs, scribe), name="mailer-sender"
        )
        with out_of_reach():
            self._process.start()
        theirs.close()
        scribe.close()

    async def ended(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        return self._process.exitcode or 0

    def dismiss(self) -> None:
        self._leash.close()
        loop = asyncio.get_running_loop()
        self._killing = loop.call_later(self._kill_after_s, self._process.kill)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        if self._killing is not None:
            self._killing.cancel()
        self._leash.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _send(folder: str, seat: Seat, level: int, leash: Channel, scribe: Channel) -> None:
    """Send in this process until told to stop, or until who started us is gone."""
    ignore_ctrl_c()
    log_to_stderr(level)
    settle_down()
    try:
        with (
            open_workspace(folder) as workspace,
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            runner.run(_send_until_gone(workspace, seat, leash, scribe))
    except MailerError as problem:
        _log.error("sender (process %d) ends: %s", os.getpid(), problem)
        sys.exit(2)


async def _send_until_gone(
    workspace: Workspace, seat: Seat, leash: Channel, scribe: Channel
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def let_go() -> None:
        loop.remove_reader(leash.fileno())
        stop.set()

    loop.add_reader(leash.fileno(), let_go)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await run_sender_with(workspace, stop, Apart(scribe), seat)
