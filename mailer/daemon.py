"""The sender as it runs by itself, until told to stop; `timers.py` has the clock."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mailer.compose.limits import Limits
from mailer.jobs import campaigns
from mailer.jobs.letters import Letters, Pen
from mailer.jobs.owner import OwnerLocks
from mailer.jobs.scribe import Scribe
from mailer.jobs.scribe_apart import Apart, ScribeLostError, ScribeProcess
from mailer.jobs.send import Place, Relay, Rules, Sender
from mailer.jobs.watch import RelayWatch
from mailer.model.token import TokenBox
from mailer.pace.cap import CapRule
from mailer.pace.restart import pause_after
from mailer.pace.retry import RetryPlan
from mailer.pace.throttle import Rate
from mailer.store.owners import AdvisoryLock
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wiring import Workspace, utc_now
from mailer.workspace.files import inside
from mailer.workspace.locks import OwnerLocks as FileLocks

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_TURNS_OF_GRACE = 3
"""A keeper's turns in which a living sender whose session ended takes its lock again."""


def pen_of(workspace: Workspace) -> Pen:
    """Return what every letter of a workspace is written with."""
    settings = workspace.settings
    limits = Limits(settings.templates.max_steps, settings.templates.max_output_bytes)
    return Pen(workspace.site(), TokenBox(workspace.ring), limits)


def relay_of(workspace: Workspace) -> Relay:
    """Return a workspace's relay, with its password from where the settings say it is."""
    relay = workspace.settings.relay
    certificate = relay.certificate_file
    address = RelayAddress(
        name=relay.name,
        host=relay.host,
        port=relay.port,
        tls=Tls(relay.tls),
        username=relay.username,
        password=workspace.relay_password(),
        helo_name=relay.helo_name,
        certificate_file=inside(workspace.folder, certificate) if certificate else "",
        timeouts=Timeouts(
            connect_s=relay.timeout_connect_s,
            envelope_s=relay.timeout_envelope_s,
            data_s=relay.timeout_data_s,
            content_s=relay.timeout_content_s,
        ),
    )
    return Relay(
        address,
        rate=Rate(relay.per_second, relay.per_hour, relay.per_day),
        connections=relay.connections,
        letters_per_connection=relay.letters_per_connection,
        idle_s=relay.idle_s,
        pause_s=relay.pause_s,
        pause_at_most_s=relay.pause_at_most_s,
    )


def rules_of(workspace: Workspace) -> Rules:
    """Return how a workspace's senders work."""
    sending, cap = workspace.settings.sending, workspace.settings.cap
    return Rules(
        plan=RetryPlan(sending.retry_plan_s, sending.jitter),
        lease=timedelta(seconds=sending.lease_s),
        batch=sending.batch,
        poll_s=sending.poll_s,
        keep_every_s=sending.keep_every_s,
        drain_s=sending.drain_s,
        cap=CapRule(cap.letters, cap.days) if cap.letters else None,
    )


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
    connections: int | None = None,
    campaigns_too: bool = True,
) -> Sender:
    """Build a workspace's sender.

    Args:
        scribe: Who writes down what it sends; None: a thread of its own.
        connections: How many to the relay at most; None: as many as the settings say.
        campaigns_too: Send campaigns' letters too, not only those that somebody waits for.
    """
    world = workspace.world()
    relay = relay_of(workspace)
    if connections is not None:
        relay = replace(relay, connections=connections)

    def could_not(campaign_id: int) -> None:
        campaigns.pause_if_many_fail(world, campaign_id)

    watch = RelayWatch(workspace.database, workspace.settings.relay.name)

    def housekeeping() -> None:
        watch.look(sender.trouble, utc_now())
        campaigns.tend(world)

    sender = Sender(
        Place(workspace.database, locks, utc_now, scribe),
        Letters(workspace.database, pen_of(workspace), could_not),
        relay,
        replace(rules_of(workspace), campaigns=campaigns_too),
        housekeeping,
    )
    return sender


def scribe_of(workspace: Workspace) -> ScribeProcess | None:
    """Start the process that writes for senders on SQLite; PostgreSQL's own writes best."""
    if not workspace.database.is_sqlite:
        return None
    return ScribeProcess(workspace.database, rules_of(workspace).cap)


async def run_sender(workspace: Workspace, stop: asyncio.Event) -> None:
    """Send until told to stop; a scribe that is lost is replaced, up to a limit."""
    ends: list[datetime] = []
    while not stop.is_set():
        process = scribe_of(workspace)
        scribe = None if process is None else Apart(process.channel())
        try:
            await run_sender_with(workspace, stop, scribe)
        except ScribeLostError as lost:
            ends.append(utc_now())
            pause = pause_after(ends, utc_now())
            if pause is None:
                raise
            _log.error("%s; sending goes on with another", lost)
            await _stopped_within(stop, pause.total_seconds())
        finally:
            if process is not None:
                await asyncio.to_thread(process.close)


async def run_sender_with(
    workspace: Workspace,
    stop: asyncio.Event,
    scribe: Scribe | None,
    connections: int | None = None,
) -> None:
    """Send until told to stop.

    Args:
        connections: How many to the relay at most; None: as many as the settings say.

    Raises:
        ScribeLostError: when the scribe ended.
    """
    locks = owner_locks(workspace)
    sender = sender_of(workspace, locks, scribe, connections=connections)
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
