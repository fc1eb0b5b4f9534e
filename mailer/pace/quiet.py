"""Quiet hours as moments: until when letters to a person may leave, or when again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mailer.model.quiet import QuietRule
from mailer.pace.firing import at_wall_clock

_DAYS_AHEAD = 8
"""A week and the day that it began in: by then everything has come once."""


class Window(NamedTuple):
    """Whether letters may leave now, and until when that stays so, in UTC."""

    open: bool
    until: datetime


def window(rules: Sequence[QuietRule], zone: ZoneInfo, now: datetime) -> Window:
    """Say whether letters may leave now by a clock on the wall of a zone.

    A minute that a change of clocks leaves out is the first moment after it; one that comes
    twice counts both times as that minute.

    Args:
        rules: All of them hold.
    """
    open_now = _open(rules, zone, now)
    for moment in _moments(rules, zone, now):
        if _open(rules, zone, moment) is not open_now:
            return Window(open_now, moment)
    return Window(open_now, now + timedelta(days=_DAYS_AHEAD - 1))


def _open(rules: Sequence[QuietRule], zone: ZoneInfo, moment: datetime) -> bool:
    wall = moment.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    return all(rule.open_at(wall.weekday(), minute) for rule in rules)


def _moments(rules: Sequence[QuietRule], zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Return all moments of the coming week at which something may change, in order."""
    midnight = datetime.combine(now.astimezone(zone).date(), datetime.min.time())
    minutes = {minute for rule in rules for minute in rule.minutes}
    found: set[datetime] = set()
    for day in range(_DAYS_AHEAD + 1):
        for minute in minutes:
            wall = midnight + timedelta(days=day, minutes=minute)
            found.add(at_wall_clock(wall, zone))
            # A minute that comes twice: what lies between both may be another time of day.
            found.add(wall.replace(tzinfo=zone, fold=1).astimezone(UTC))
            if minute == 0:
                found |= _changes(wall, zone)
    return sorted(moment for moment in found if moment > now)


def _changes(midnight: datetime, zone: ZoneInfo) -> set[datetime]:
    """Return the moment of a day at which the clocks are changed, if they are."""
    begins = midnight.replace(tzinfo=zone).astimezone(UTC)
    ends = (midnight + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    if ends - begins == timedelta(days=1):
        return set()
    offset = begins.astimezone(zone).utcoffset()
    low, high = 0, int((ends - begins).total_seconds() // 60)
    while high - low > 1:
        middle = (low + high) // 2
        moved = (begins + timedelta(minutes=middle)).astimezone(zone).utcoffset() != offset
        low, high = (low, middle) if moved else (middle, high)
    return {begins + timedelta(minutes=high)}
