"""When somebody is at work, and by when they will have worked for so long.

A calendar is read in its own time zone: "09:00 to 17:00" is what the clock on the wall
shows, also on the two days of a year on which that clock is put forward or back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
_LOOK_AHEAD_DAYS = 1100
"""Three years without an hour of work: nobody is ever there."""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """From when until when somebody is at work, in minutes after midnight.

    Args:
        begins: 0 to 1439.
        ends: 1 to 2879, more than `begins`; over 1440 it reaches into the next day, and
            belongs to the day on which it began.
    """

    begins: int
    ends: int

    def __post_init__(self) -> None:
        """Hold the ranges."""
        whole = 0 <= self.begins < DAY_MINUTES and self.begins < self.ends
        if not whole or self.ends - self.begins > DAY_MINUTES:
            raise ValueError(self)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A week of work, the days off, and the time zone of both.

    Args:
        week: Seven days, Monday first, each with its shifts.
        days_off: Days on which no shift begins.
    """

    zone: ZoneInfo
    week: tuple[tuple[Shift, ...], ...]
    days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Hold the week to seven days."""
        if len(self.week) != len(_WEEK):
            raise ValueError(self.week)


_WEEK = range(7)
_Span = tuple[datetime, datetime]


def at_work(hours: WorkingHours, now: datetime) -> bool:
    """Say whether a moment lies in working hours; a shift's last moment does not."""
    return any(begins <= now < ends for begins, ends in _spans(hours, now, now))


def worked(hours: WorkingHours, since: datetime, until: datetime) -> timedelta:
    """Return how much working time lies between two moments."""
    total = timedelta(0)
    for begins, ends in _spans(hours, since, until):
        total += max(timedelta(0), min(ends, until) - max(begins, since))
    return total


def due(hours: WorkingHours, since: datetime, lasting: timedelta) -> datetime | None:
    """Return the moment by which somebody has worked for so long, in UTC.

    Work that ends with a shift is due at the shift's end, not when the next one begins.

    Returns:
        None where the calendar has no such moment within three years.
    """
    since = since.astimezone(UTC)
    left = lasting
    if left <= timedelta(0):
        return since
    for begins, ends in _spans(hours, since, since + timedelta(days=_LOOK_AHEAD_DAYS)):
        first = max(begins, since)
        if ends <= first:
            continue
        if ends - first >= left:
            return first + left
        left -= ends - first
    return None


def next_shift(hours: WorkingHours, now: datetime) -> datetime | None:
    """Return when somebody is there again: now, or when the next shift begins, in UTC."""
    now = now.astimezone(UTC)
    for begins, ends in _spans(hours, now, now + timedelta(days=_LOOK_AHEAD_DAYS)):
        if ends > now:
            return max(begins, now)
    return None


def _spans(hours: WorkingHours, since: datetime, until: datetime) -> Iterator[_Span]:
    """Give the times of work that may touch a stretch, in order, none over another."""
    day = since.astimezone(hours.zone).date() - timedelta(days=1)
    last = until.astimezone(hours.zone).date()
    open_: _Span | None = None
    while day <= last:
        for shift in _shifts(hours, day):
            begins, ends = _span(hours.zone, day, shift)
            if begins == ends:
                # All of it lies in the hour that is skipped in spring.
                continue
            if open_ is None or begins > open_[1]:
                if open_ is not None:
                    yield open_
                open_ = (begins, ends)
            else:
                open_ = (open_[0], max(open_[1], ends))
        day += timedelta(days=1)
    if open_ is not None:
        yield open_


def _shifts(hours: WorkingHours, day: date) -> list[Shift]:
    return [] if day in hours.days_off else sorted(hours.week[day.weekday()])


def _span(zone: ZoneInfo, day: date, shift: Shift) -> _Span:
    return _moment(zone, day, shift.begins, last=False), _moment(
        zone, day, shift.ends, last=True
    )


def _moment(zone: ZoneInfo, day: date, minutes: int, *, last: bool) -> datetime:
    """Return when a clock on the wall shows a time, in UTC.

    A time that the clock skips is the moment at which it skips it; of one that it shows
    twice a shift begins at the first, and ends at the last.
    """
    day += timedelta(days=minutes // DAY_MINUTES)
    clock = time(minutes % DAY_MINUTES // 60, minutes % 60)
    wall = datetime.combine(day, clock)
    earlier = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if earlier <= later:
        return later if last else earlier
    # Skipped: fold 1 reads it with the offset after the gap, fold 0 with the one before,
    # so that the gap lies between the two.
    return _gap_end(zone, later, earlier)


def _gap_end(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the moment between two at which a zone's offset changes."""
    usual = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == usual:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def overlaps(shifts: tuple[Shift, ...]) -> bool:
    """Say whether two shifts of a day are over one another, as a slip of the pen is."""
    return any(one.ends > other.begins for one, other in pairwise(sorted(shifts)))
