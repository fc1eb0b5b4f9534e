"""The five fields of crontab(5), as one of APScheduler's triggers in wall-clock time.

APScheduler's own reader counts weekdays from Monday = 0, wants both of day of month and
weekday where crontab(5) takes either, and overlooks what stands behind a name (`mon/2`).
So the fields are read here, strictly, and it is only given lists of numbers and of names.

Besides crontab(5): `L` is the last day of the month, `mon#1` its first Monday, `friL` its
last Friday.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC
from itertools import chain

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: dict[str, int] = field(default_factory=dict[str, int])


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
_WEEKDAY = _Field("weekday", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)})

_ITEM = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", re.ASCII)
_POSITION = re.compile(r"(\w+)#([1-5])|([a-z]{3}|[0-7])l", re.ASCII)
_ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd", "4": "4th", "5": "5th"}


def read_crontab(expression: str) -> BaseTrigger:
    """Read five fields: minute, hour, day of the month, month, weekday (0 and 7: Sunday).

    When both the day of the month and the weekday are given (neither begins with `*`), a
    day that fits either will do, as in crontab(5).

    Raises:
        ValueError: in words, when a field cannot be read or no day ever fits.
    """
    fields = expression.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"cron = {expression!r} has {len(fields)} fields, not 5:"
            " minute, hour, day of the month, month, weekday"
        )
    minute, hour, day, month, weekday = fields
    months = _numbers(_MONTH, month)
    common = {
        "minute": _listed(_MINUTE, _numbers(_MINUTE, minute)),
        "hour": _listed(_HOUR, _numbers(_HOUR, hour)),
        "month": _listed(_MONTH, months),
    }
    triggers = [
        CronTrigger(**common, **days, timezone=UTC) for days in _days(day, weekday, months)
    ]
    return triggers[0] if len(triggers) == 1 else OrTrigger(triggers)


def _days(day: str, weekday: str, months: frozenset[int]) -> list[dict[str, str]]:
    """Return the ways in which a day may fit, each as arguments of a CronTrigger."""
    by_date = {} if day == "*" else {"day": _days_of_month(day, months)}
    by_weekday = _days_of_week(weekday)
    if not by_date:
        return by_weekday
    if weekday == "*":
        return [by_date]
    if day.startswith("*") or weekday.startswith("*"):
        # crontab(5): a field that begins with a star restricts the other one.
        if any("day" in days for days in by_weekday):
            raise ValueError(
                f"the weekday {weekday!r} goes with '*' as day of the month only"
            )
        return [by_date | days for days in by_weekday]
    return [by_date, *by_weekday]


def _days_of_month(text: str, months: frozenset[int]) -> str:
    parts = text.split(",")
    numbers = frozenset(
        chain.from_iterable(_range(_DAY, part) for part in parts if part != "l")
    )
    longest = max(monthrange(_LEAP_YEAR, month)[1] for month in months)
    if "l" not in parts and min(numbers) > longest:
        raise ValueError(f"no month that is meant has a day {min(numbers)}: it never fires")
    return ",".join([*map(str, sorted(numbers)), *(["last"] if "l" in parts else [])])


def _days_of_week(text: str) -> list[dict[str, str]]:
    if text == "*":
        return [{}]
    positions: list[str] = []
    numbers: set[int] = set()
    for part in text.split(","):
        if found := _POSITION.fullmatch(part):
            name = _WEEKDAYS[_number(_WEEKDAY, found[1] or found[3]) % 7]
            positions.append(f"{_ORDINALS[found[2]] if found[2] else 'last'} {name}")
        else:
            numbers |= {number % 7 for number in _range(_WEEKDAY, part)}
    ways: list[dict[str, str]] = []
    if numbers:
        # By name: a number would mean the day after, because APScheduler's Monday is 0.
        ways.append(
            {"day_of_week": ",".join(_WEEKDAYS[number] for number in sorted(numbers))}
        )
    if positions:
        ways.append({"day": ",".join(positions)})
    return ways


def _numbers(which: _Field, text: str) -> frozenset[int]:
    return frozenset(chain.from_iterable(_range(which, part) for part in text.split(",")))


def _range(which: _Field, text: str) -> range:
    found = _ITEM.fullmatch(text)
    if not found or (found[1] == "*" and found[2]):
        raise ValueError(_wrong(which, text))
    first, last, step = found.groups()
    if step == "0":
        raise ValueError(f"the {which.name} {text!r} has steps of 0")
    if first == "*":
        # Weekdays run from 0 to 6 here, or a Sunday would count twice.
        low, high = (
            which.lowest,
            min(which.highest, 6) if which is _WEEKDAY else which.highest,
        )
    else:
        low = _number(which, first)
        high = low if last is None else _number(which, last)
        if last is None and step:
            high = which.highest
        if which is _WEEKDAY and last in ("sun", "0"):
            high = 7
    if low > high:
        raise ValueError(
            f"the {which.name} {text!r} runs backwards; write it as two ranges"
        )
    return range(low, high + 1, int(step or 1))


def _number(which: _Field, text: str) -> int:
    number = int(text) if text.isdecimal() else which.names.get(text, -1)
    if not which.lowest <= number <= which.highest:
        raise ValueError(_wrong(which, text))
    return number


def _wrong(which: _Field, text: str) -> str:
    names = f", or {', '.join(which.names)}" if which.names else ""
    return f"{text!r} is no {which.name}; it is {which.lowest} to {which.highest}{names}"


def _listed(which: _Field, numbers: frozenset[int]) -> str:
    everything = len(numbers) == which.highest - which.lowest + 1
    return "*" if everything else ",".join(map(str, sorted(numbers)))


_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)
