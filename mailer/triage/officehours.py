"""Working hours as people write them: `mon-fri 09:00-17:00`, and the days off.

A day off is one day (`2026-12-24`) or the same day of each year (`12-25`).
"""

import re
from calendar import isleap
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from mailer.triage.workinghours import DAY_MINUTES, Shift, WorkingHours, overlaps

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE = re.compile(
    r"(?P<first>[a-z]{3})(?:\s*-\s*(?P<last>[a-z]{3}))?\s+"
    r"(?P<begins>\d{2}:\d{2})\s*-\s*(?P<ends>\d{2}:\d{2})"
)
_YEARLY = re.compile(r"(\d{2})-(\d{2})")
_YEARS = range(2020, 2101)
_AS_IN = "must be like 'mon-fri 09:00-17:00', with days mon, tue, wed, thu, fri, sat, sun"


def read_hours(
    lines: Sequence[str], days_off: Sequence[str], zone: str
) -> WorkingHours | None:
    """Read working hours; None when there are none.

    A shift that ends before it begins reaches into the next day; 00:00 is the day's end.

    Raises:
        ValueError: says which line is wrong and how to write it.
    """
    week: list[list[Shift]] = [[] for _ in _DAYS]
    for line in lines:
        days, shift = _line(line)
        for day in days:
            week[day].append(shift)
    for name, shifts in zip(_DAYS, week, strict=True):
        if overlaps(tuple(shifts)):
            raise ValueError(f"two shifts of {name} are over one another")
    off = frozenset(one for text in days_off for one in _day_off(text))
    if not lines:
        return None
    return WorkingHours(ZoneInfo(zone), tuple(tuple(one) for one in week), off)


def _line(line: str) -> tuple[list[int], Shift]:
    found = _LINE.fullmatch(line.strip().lower())
    if found is None:
        raise ValueError(f"{line[:60]!r} {_AS_IN}")
    first, last = found["first"], found["last"] or found["first"]
    if first not in _DAYS or last not in _DAYS:
        raise ValueError(f"{line[:60]!r} {_AS_IN}")
    begin, count = _DAYS.index(first), (_DAYS.index(last) - _DAYS.index(first)) % 7
    begins, ends = _minutes(found["begins"], line), _minutes(found["ends"], line)
    if begins == DAY_MINUTES:
        raise ValueError(f"{line[:60]!r}: no day's work begins at 24:00")
    if ends <= begins:
        ends += DAY_MINUTES
    return [(begin + one) % 7 for one in range(count + 1)], Shift(begins, ends)


def _minutes(text: str, line: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    found = hours * 60 + minutes
    if minutes > 59 or found > DAY_MINUTES:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{line[:60]!r}: there is no {text}")
    return found


def _day_off(text: str) -> list[date]:
    yearly = _YEARLY.fullmatch(text.strip())
    try:
        if yearly is None:
            return [date.fromisoformat(text.strip())]
        month, day = int(yearly[1]), int(yearly[2])
        date(2024, month, day)  # A leap year: 02-29 is a day off when there is one.
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} must be a day such as 2026-12-24, or 12-25 for each year"
        ) from None
    return [
        date(year, month, day) for year in _YEARS if (month, day) != (2, 29) or isleap(year)
    ]
