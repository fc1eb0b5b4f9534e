"""When a schedule fires next: plain arithmetic on values, with APScheduler's triggers.

The triggers count in wall-clock time (as if it were UTC), and each minute that they give
is then looked up in the schedule's zone. So a change of clocks can do two things only, and
both give one firing: a minute that comes twice in the autumn counts the first time, and
what falls into the gap in spring fires at the first moment after it (all of it once).
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, assert_never, cast
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from mailer.model.schedule import Cron, Every, Firing, Once, Schedule
from mailer.pace.crontab import read_crontab

MOST_MISSED = 100
"""How many missed firings of one schedule are recorded at a time."""

_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_triggers = lru_cache(maxsize=256)(read_crontab)


def next_firing(schedule: Schedule, after: datetime) -> Firing | None:
    """Return the first firing after a moment, or None when there is none any more."""
    zone = ZoneInfo(schedule.zone)
    match schedule.trigger:
        case Cron(expression):
            return _next_by_clock(_triggers(expression), zone, after)
        case Every(interval, since):
            trigger = IntervalTrigger(
                seconds=int(interval.total_seconds()), start_date=since, timezone=UTC
            )
            # Moments lie on whole seconds, so the next one is at least a second away.
            due_at = _ask(trigger, after.replace(microsecond=0) + _SECOND)
            # Without an end it never is.
            assert due_at is not None
            return Firing(due_at, f"{due_at:%Y-%m-%dT%H:%M:%SZ}")
        case Once(at):
            due_at = _ask(DateTrigger(at), after)
            assert due_at == at
            return Firing(at, _minute(at, zone)) if at > after else None
        case _:
            assert_never(schedule.trigger)


def coming_firings(schedule: Schedule, after: datetime) -> Generator[Firing, None, None]:
    """Give all firings after a moment, one after the other."""
    while (firing := next_firing(schedule, after)) is not None:
        yield firing
        after = firing.due_at


def find_firing(schedule: Schedule, occurrence: str) -> Firing | None:
    """Return the firing that an occurrence's key names, or None when there is no such one.

    Args:
        occurrence: `2026-10-25T01:30` (a space for the T will do), for intervals
            `2026-10-25T00:30:00Z`.
    """
    try:
        time = datetime.fromisoformat(occurrence.strip())
    except ValueError:
        return None
    zone = ZoneInfo(schedule.zone)
    moment = at_wall_clock(time, zone) if time.tzinfo is None else time.astimezone(UTC)
    # A date's seconds are not in its key; a minute before is early enough for all.
    near = islice(coming_firings(schedule, moment - _MINUTE), 61)
    key = occurrence.strip().replace(" ", "T", 1)
    wanted = {key, _minute(moment, zone) if time.tzinfo is None else key}
    return next((firing for firing in near if firing.occurrence in wanted), None)


def after_change(
    before: Schedule | None, coming: Firing | None, changed: Schedule, now: datetime
) -> Firing | None:
    """Return when a schedule fires next whose file is new or has changed.

    What else changed than the time changes nothing about it. A date that lies in the past
    comes all the same: whether it is too late for it is seen when it is due.

    Args:
        before: The version that was in force, None for a new one.
        coming: When that would have fired next; perhaps it is due by now.
    """
    if before is not None and (before.trigger, before.zone) == (
        changed.trigger,
        changed.zone,
    ):
        return coming
    if isinstance(changed.trigger, Once):
        return next_firing(changed, changed.trigger.at - _SECOND)
    # What was due a moment before the change is not lost if the new version has it too.
    return next_firing(
        changed, now if coming is None else min(now, coming.due_at - _SECOND)
    )


@dataclass(frozen=True, slots=True)
class Due:
    """What to do about a schedule whose time has come.

    Args:
        fires: The latest occurrence, if it is not too late for it.
        replaced: Those before it that were not too late either: one letter is enough.
        missed: Those for which it is too late; of very many only some.
        more: Whether there were more than that.
        coming: When it fires next, from now on.
    """

    fires: Firing | None
    replaced: tuple[Firing, ...]
    missed: tuple[Firing, ...]
    more: bool
    coming: Firing | None


def what_is_due(schedule: Schedule, first: Firing, grace: timedelta, now: datetime) -> Due:
    """Say what to do about a firing whose time has come, and all since.

    Args:
        grace: How late it may still fire.
    """
    too_late = tuple(
        islice(_until(schedule, first, now - grace - _MICROSECOND), MOST_MISSED + 1)
    )
    if first.due_at < now - grace:
        in_time_from = next_firing(schedule, now - grace - _MICROSECOND)
    else:
        in_time_from = first
    in_time = () if in_time_from is None else tuple(_until(schedule, in_time_from, now))
    return Due(
        fires=in_time[-1] if in_time else None,
        replaced=in_time[:-1],
        missed=too_late[:MOST_MISSED],
        more=len(too_late) > MOST_MISSED,
        coming=next_firing(schedule, now),
    )


def _until(
    schedule: Schedule, first: Firing, end: datetime
) -> Generator[Firing, None, None]:
    """Give the firings from a first one on, up to and with a moment."""
    if first.due_at > end:
        return
    yield first
    for firing in coming_firings(schedule, first.due_at):
        if firing.due_at > end:
            return
        yield firing


def at_wall_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which clocks on the wall show a time.

    A time that they show twice is the first of the two; one that they leave out is the
    first moment after the gap.

    Args:
        wall: Naive.
    """
    after_gap = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if after_gap.astimezone(zone).replace(tzinfo=None) == wall:
        return after_gap
    before_gap = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    new_offset = after_gap.astimezone(zone).utcoffset()
    while after_gap - before_gap > _SECOND:
        middle = before_gap + (after_gap - before_gap) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == new_offset:
            after_gap = middle
        else:
            before_gap = middle
    return after_gap


def _next_by_clock(trigger: BaseTrigger, zone: ZoneInfo, after: datetime) -> Firing | None:
    # In wall-clock time, dressed as UTC: the one zone in which nothing is left out.
    wall = after.astimezone(zone).replace(tzinfo=UTC, fold=0)
    while (found := _ask(trigger, wall)) is not None:
        due_at = at_wall_clock(found.replace(tzinfo=None), zone)
        if due_at > after:
            return Firing(due_at, _minute(due_at, zone))
        wall = found + _MINUTE
    return None


def _ask(trigger: BaseTrigger, moment: datetime) -> datetime | None:
    """Return a trigger's first time from a moment on; APScheduler has no types."""
    found: Any = trigger.get_next_fire_time(None, moment)  # pyright: ignore[reportUnknownMemberType]
    return cast("datetime | None", found)


def _minute(moment: datetime, zone: ZoneInfo) -> str:
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return wall.isoformat(timespec="minutes")
