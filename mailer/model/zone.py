"""Which day it is for a contact: known time zones, and where a day begins in each.

A zone counts by its exact IANA name; none, or one that nobody knows, is as good as the
fallback. Python and SQL must agree on that, so both ask `zone_names`.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

Answer = TypeVar("Answer", bound=Hashable)

_FIRST_DAY = date(2, 1, 1)
_LAST_DAY = date(9998, 12, 30)


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones, as this machine's data has them."""
    return frozenset(available_timezones())


@cache
def _zones() -> dict[str, ZoneInfo]:
    """Return all zones, kept: the library itself remembers no more than a few."""
    return {name: ZoneInfo(name) for name in sorted(zone_names())}


def zone_of(name: str | None, fallback: str) -> ZoneInfo:
    """Return the zone of that name, or the fallback."""
    return ZoneInfo(name if name in zone_names() else fallback)


def today(now: datetime, zone: ZoneInfo) -> date:
    """Return the day that a calendar on the wall shows."""
    return now.astimezone(zone).date()


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins, in UTC.

    Where clocks skip midnight the day begins when they have skipped it; where they show it
    twice, at the first. Years that no clock reaches are cut off.
    """
    day = min(max(day, _FIRST_DAY), _LAST_DAY)
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def later(day: date, days: int) -> date:
    """Return the day so many days later, never leaving the calendar."""
    days = min(max(days, (date.min - day).days), (date.max - day).days)
    return day + timedelta(days=days)


def by_answer(ask: Callable[[ZoneInfo], Answer], fallback: str) -> dict[Answer, list[str]]:
    """Return the zones for which the answer is not the fallback's, grouped by answer."""
    usual = ask(ZoneInfo(fallback))
    groups: defaultdict[Answer, list[str]] = defaultdict(list)
    for name, zone in _zones().items():
        answer = ask(zone)
        if answer != usual:
            groups[answer].append(name)
    return dict(groups)
