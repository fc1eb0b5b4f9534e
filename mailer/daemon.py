"""The sender as it runs by itself, until told to stop; `timers.py` has the clock."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mailer.jobs import campaigns
from mailer.jobs.letters import Letters
from mailer.jobs.mark import mark_of
from mailer.jobs.owner import LockLostError, OwnerLocks
from mailer.jobs.scribe import Scribe
from mailer.jobs.scribe_apart import Apart, ScribeLostError, ScribeProcess
from mailer.jobs.send import Place, Sender
from mailer.jobs.watch import RelayWatch
from mailer.pace.restart import pause_after
from mailer.senders import ALONE, Seat, making_of, relays_of, rules_of
from mailer.store.owners import AdvisoryLock
from mailer.wiring import Workspace, utc_now
from mailer.workspace.locks import OwnerLocks as FileLocks

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_TURNS_OF_GRACE = 3
"""A keeper's turns in which a living sender whose session ended takes its lock again."""


def owner_locks(workspace: Workspace) -> OwnerLocks:
    """Return the senders' locks: files beside SQLite, sessions on PostgreSQL."""
    file = workspace.places.database_file
    if file is not None:
        return FileLocks(f"{file}.owners")
    grace_s = _TURNS_OF_GRACE * workspace.settings.sending.keep_every_s
    return AdvisoryLock(workspace.database, grace_s)


def sender_of(
    workspace: Workspace,
    locks: OwnerLocks,
    scribe: Scribe | None = None,
    *,
    seat: Seat = ALONE,
    campaigns_too: bool = True,
) -> Sender:
    """Build a workspace's sender.

    Args:
        scribe: Who writes down what it sends; None: a thread of its own.
        seat: Which of several senders it is.
        campaigns_too: Send campaigns' letters too, not only those that somebody waits for.
    """
    world = workspace.world()
    relays = relays_of(workspace, seat)
    pen, signers = making_of(workspace)

    def could_not(campaign_id: int) -> None:
        campaigns.pause_if_many_fail(world, campaign_id)

    watches = [RelayWatch(workspace.database, one.address.name) for one in relays]

    def housekeeping() -> None:
        for watch, lines in zip(watches, sender.lines, strict=True):
            watch.look(lines.trouble, utc_now())
        campaigns.tend(world)

    mark = mark_of(pen, signers)
    sender = Sender(
        Place(workspace.database, locks, utc_now, scribe, signers, mark),
        Letters(workspace.database, pen, could_not),
        relays,
        replace(rules_of(workspace, seat), campaigns=campaigns_too),
        housekeeping,
    )
    return sender


def scribe_of(workspace: Workspace) -> ScribeProcess:
    """Start the process that writes down what senders hand in."""
    rules = rules_of(workspace)
    return ScribeProcess(workspace.database, rules.manners.cap, rules.lease)


async def run_sender(workspace: Workspace, stop: asyncio.Event) -> None:
    """Send until told to stop; a scribe or lock that is lost is replaced, up to a limit."""
    ends: list[datetime] = []
    while not stop.is_set():
        process = scribe_of(workspace)
        try:
            await run_sender_with(workspace, stop, Apart(process.channel()))
        except (ScribeLostError, LockLostError) as lost:
            ends.append(utc_now())
            pause = pause_after(ends, utc_now())
            if pause is None:
                raise
            _log.error("%s; sending goes on with another", lost)
            await _stopped_within(stop, pause.total_seconds())
        finally:
            await asyncio.to_thread(process.close)


async def run_sender_with(
    workspace: Workspace,
    stop: asyncio.Event,
    scribe: Scribe,
    seat: Seat = ALONE,
) -> None:
    """Send until told to stop.

    Args:
        seat: Which of several senders it is.

    Raises:
        ScribeLostError: when the scribe ended.
        LockLostError: when others took it for dead.
    """
    locks = owner_locks(workspace)
    sender = sender_of(workspace, locks, scribe, seat=seat)
    stopping = asyncio.create_task(_then(stop, sender.stop))
    try:
        await sender.run()
    finally:
        stopping.cancel()
        locks.close()


async def send_until(workspace: Workspace, done: Callable[[], bool]) -> None:
    """Send what somebody waits for (no campaigns) until something holds."""
    locks = owner_locks(workspace)
    sender = sender_of(workspace, locks, campaigns_too=False)
    sending = asyncio.create_task(sender.run())
    try:
        while not sending.done() and not await asyncio.to_thread(done):  # noqa: ASYNC110 - the database has no event to wait for
            await asyncio.sleep(_LOOK_EVERY_S)
        sender.stop()
        await sending
    finally:
        sending.cancel()
        locks.close()


async def _stopped_within(stop: asyncio.Event, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await stop.wait()
    except TimeoutError:
        pass


async def _then(stop: asyncio.Event, act: Callable[[], None]) -> None:
    await stop.wait()
    act()
