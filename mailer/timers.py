"""What runs by the clock: schedules, planning, and looking after the program itself.

APScheduler only ticks; which firing is due is a row of ours. It waits for a moment by the
clock: where that is put back, no turn waits longer than its interval all the same.

A mistake that a person can put right is logged and the other work goes on; a bug ends its
own turn, with its traceback in the log.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from datetime import UTC, timedelta
from functools import partial
from typing import Any, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from mailer.config.warmup import plans_of
from mailer.config.webhooks import endpoints_of
from mailer.errors import MailerError
from mailer.jobs import brakes, canary, fire, plan, replay
from mailer.jobs.ageing import age
from mailer.jobs.brought_forward import bring_forward
from mailer.jobs.erase import finish_erasures
from mailer.jobs.follow import Happened
from mailer.jobs.forget_deeds import forget_old_deeds
from mailer.jobs.forget_origins import forget_old_origins
from mailer.jobs.forget_shown import forget_old_shown
from mailer.jobs.forget_sign_ups import forget_sign_ups
from mailer.jobs.forget_tickets import forget_old_tickets
from mailer.jobs.gate import forget_old
from mailer.jobs.happenings import follow
from mailer.jobs.hooks import forget_signed
from mailer.jobs.keeper import empty_old
from mailer.jobs.mail_anchor import mail_anchor
from mailer.jobs.notify_staff import notify
from mailer.jobs.once import forget_old_requests
from mailer.jobs.page_links import forget_requests
from mailer.jobs.providers import hosts_by_dns, learn_domains
from mailer.jobs.putback import ClockWatch
from mailer.jobs.read_entries import read_entries
from mailer.jobs.verify_ledger import take_checkpoint
from mailer.jobs.watch import each_minute, watch_ledger, watch_sums
from mailer.jobs.watch_files import FileWatch
from mailer.jobs.webhooks import Teller, forget_told
from mailer.wire.dns import DnsServers
from mailer.wiring import Workspace, settings_of, utc_now
from mailer.workspace.providers import ProvidersFile

_log = logging.getLogger(__name__)

_ONCE_A_DAY = timedelta(days=1)
_ONCE_A_MINUTE = timedelta(minutes=1)
_FIVE_MINUTES = timedelta(minutes=5)
_AN_HOUR = timedelta(hours=1)
_A_SECOND = timedelta(seconds=1)


async def run_schedules(workspace: Workspace, stop: asyncio.Event) -> None:
    """Look at the schedules every few seconds and plan what was started, until stopped."""
    world = workspace.world()
    database, checkpoints = workspace.database, workspace.places.checkpoints_file
    watched, ways = workspace.watched(), workspace.ways()
    tick = timedelta(seconds=workspace.settings.schedules.tick_s)
    scheduler = AsyncIOScheduler(timezone=UTC)

    def logbook() -> None:
        replay.tend(database, workspace.logbook, utc_now(), older_than=_ONCE_A_MINUTE)

    def ledger() -> None:
        watch_ledger(database, workspace.ring, checkpoints, utc_now())

    def sums() -> None:
        watch_sums(database, utc_now())

    def vouched() -> None:
        to = workspace.settings.ledger.anchor_to
        mail_anchor(world, workspace.ring, checkpoints, to, utc_now())

    mailboxes = workspace.mailboxes()
    files = FileWatch(world, lambda: settings_of(workspace.folder))
    providers = ProvidersFile(workspace.folder)
    plans = plans_of(workspace.settings.warm_up)
    kept_for = workspace.settings.sign_up.rules().kept_for
    turns: list[tuple[timedelta, str, Callable[[], object]]] = [
        (tick, "clock", ClockWatch(database, utc_now).look),
        (tick, "schedules", lambda: _log_all(fire.tick(world, utc_now()))),
        (tick, "planning", lambda: plan.plan_waiting(world)),
        (tick, "canary", lambda: canary.look(world, utc_now())),
        (_ONCE_A_MINUTE, "logbook", logbook),
        (_ONCE_A_MINUTE, "alarms", lambda: each_minute(world, watched, ways, utc_now())),
        (_ONCE_A_MINUTE, "staff", lambda: notify(world, mailboxes, utc_now())),
        (_ONCE_A_MINUTE, "files", lambda: files.look(utc_now())),
        (
            _ONCE_A_MINUTE,
            "brakes",
            lambda: brakes.look(world, providers.read(), utc_now()),
        ),
        (
            _ONCE_A_DAY,
            "checkpoint",
            lambda: take_checkpoint(database, checkpoints, utc_now()),
        ),
        (_AN_HOUR, "anchor", vouched),
        # At the start above all: after a crash in the middle of one.
        (
            _AN_HOUR,
            "erasures",
            lambda: finish_erasures(database, workspace.logbook, utc_now),
        ),
        # At the start: a plan may have been raised.
        (_ONCE_A_DAY, "warm-ups", lambda: bring_forward(database, plans, utc_now())),
        # After an upgrade above all, and as long as the program before it still runs.
        (_AN_HOUR, "search", lambda: read_entries(database)),
        (_ONCE_A_DAY, "throttle", lambda: forget_old(database, utc_now())),
        (_ONCE_A_DAY, "api", lambda: forget_old_requests(database, utc_now())),
        (
            _ONCE_A_DAY,
            "sign-ups",
            lambda: forget_sign_ups(database, workspace.ring, kept_for, utc_now),
        ),
        (
            _ONCE_A_DAY,
            "page links",
            lambda: forget_requests(database, kept_for, utc_now()),
        ),
    ]
    turns += _webhooks(workspace)
    for interval, what, work in turns:
        _every(scheduler, interval, _guarded(what, work))
    # Not in the first minutes of a start, which have enough to do.
    for what, work in (*_ageing(workspace), ("ledger", ledger), ("sums", sums)):
        _every(scheduler, _ONCE_A_DAY, _guarded(what, work), first_in=_AN_HOUR)
    learn = partial(_learn_domains, workspace, providers, stop)
    # Often enough for a campaign whose people came in just before, while its canary waits.
    _every(scheduler, _FIVE_MINUTES, _guarded("providers", learn), first_in=_ONCE_A_MINUTE)
    scheduler.start()
    while not await _stops(stop):
        _hurry(scheduler)
    # Their threads finish what they began; nothing is cut off in the middle.
    scheduler.shutdown(wait=False)


def _ageing(workspace: Workspace) -> list[tuple[str, Callable[[], object]]]:
    """Return the turns that forget what is kept for a time."""
    database = workspace.database
    retention = workspace.settings.retention
    keep = timedelta(days=retention.deliveries_days)
    over = timedelta(days=retention.tickets_days)
    shown = timedelta(days=retention.letter_values_days)
    origins = timedelta(days=retention.evidence_days)
    audited = timedelta(days=retention.audit_days)
    as_it_came = timedelta(days=workspace.settings.inbox.kept_for_days)
    signed = timedelta(hours=workspace.settings.hooks.max_age_h)
    return [
        ("retention", lambda: age(database, keep, utc_now())),
        ("tickets", lambda: forget_old_tickets(database, over, utc_now())),
        ("shown", lambda: forget_old_shown(database, shown, utc_now())),
        ("audit", lambda: forget_old_deeds(database, audited, utc_now())),
        ("origins", lambda: forget_old_origins(database, origins, utc_now())),
        ("incoming", lambda: empty_old(database, as_it_came, utc_now())),
        ("hooks", lambda: forget_signed(database, signed, utc_now())),
    ]


def _learn_domains(
    workspace: Workspace, providers: ProvidersFile, stop: asyncio.Event
) -> None:
    """Ask DNS whose mailboxes our contacts have, until the end is near."""
    dns, known = workspace.settings.dns, providers.read()
    hosts_of = hosts_by_dns(DnsServers(dns.servers, dns.timeout_s))
    learn_domains(
        workspace.database,
        known,
        hosts_of,
        utc_now(),
        stop.is_set,
    )


def _webhooks(
    workspace: Workspace,
) -> list[tuple[timedelta, str, Callable[[], object]]]:
    """Return the turns that tell other programs; one that hangs holds up no other."""
    database = workspace.database
    endpoints = endpoints_of(workspace.folder, workspace.settings.webhooks, os.environ)
    # Without any only those are forgotten that were told before.
    often = _A_SECOND if endpoints else _ONCE_A_DAY
    return [
        (often, "webhooks", lambda: follow(database, endpoints, utc_now())),
        *(
            (_A_SECOND, f"webhook {one.name}", Teller(database, one, utc_now).turn)
            for one in endpoints
        ),
        (_ONCE_A_DAY, "webhooks", lambda: forget_told(database, utc_now())),
    ]


def _log_all(happened: list[Happened]) -> None:
    for one in happened:
        level = logging.WARNING if one.bad else logging.INFO
        _log.log(level, "schedule %s: %s", one.schedule, one.words)


def _every(
    scheduler: AsyncIOScheduler,
    interval: timedelta,
    turn: Callable[[], Coroutine[Any, Any, None]],
    first_in: timedelta = timedelta(0),
) -> None:
    # A late tick is as good as a punctual one: by default it would be dropped after 1 s.
    scheduler.add_job(  # pyright: ignore[reportUnknownMemberType]
        turn,
        IntervalTrigger(seconds=max(1, int(interval.total_seconds()))),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=utc_now() + first_in,
    )


async def _stops(stop: asyncio.Event) -> bool:
    """Wait a second; True at once when it is time to stop."""
    try:
        async with asyncio.timeout(_A_SECOND.total_seconds()):
            return await stop.wait()
    except TimeoutError:
        return False


def _hurry(scheduler: AsyncIOScheduler) -> None:
    """Let turns run that would wait longer than their interval: the clock was put back."""
    now = utc_now()
    found = scheduler.get_jobs()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    for job in cast("list[Any]", found):
        if job.next_run_time - now > job.trigger.interval + _A_SECOND:
            job.modify(next_run_time=now)


def _guarded(
    what: str, work: Callable[[], object]
) -> Callable[[], Coroutine[Any, Any, None]]:
    async def turn() -> None:
        try:
            await asyncio.to_thread(work)
        except MailerError as problem:
            _log.error("%s: %s", what, problem)
        except asyncio.CancelledError:
            # The program ends. Raised further, the scheduler would log it as a fault.
            _log.debug("%s: its thread finishes what it began", what)
        except Exception:  # noqa: BLE001 - the one place: this job ends, the others go on
            _log.exception("%s: a bug; the other work goes on", what)

    return turn
