"""Quiet hours and sending days: when letters may leave, by the person's own clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietRule:
    """When letters may not leave; several rules together hold all that each holds.

    Args:
        begins: The minute of the day at which quiet hours begin.
        ends: The minute at which they end; the same as `begins` for none. Before `begins`:
            they go over midnight.
        days: The days on which letters may leave, 0 for Monday.
    """

    begins: int = 0
    ends: int = 0
    days: frozenset[int] = frozenset(range(7))

    def open_at(self, weekday: int, minute: int) -> bool:
        """Say whether letters may leave in a minute of a day."""
        if weekday not in self.days:
            return False
        if self.begins <= self.ends:
            return not self.begins <= minute < self.ends
        return self.ends <= minute < self.begins

    @property
    def minutes(self) -> tuple[int, ...]:
        """The minutes of the day at which something changes."""
        return (0, self.begins, self.ends)

    def __str__(self) -> str:
        words: list[str] = []
        if self.begins != self.ends:
            words.append(f"quiet hours {_clock(self.begins)} to {_clock(self.ends)}")
        if len(self.days) < len(DAYS):
            days = ", ".join(DAYS[day] for day in sorted(self.days))
            words.append(f"sending days {days}")
        return "; ".join(words)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values, as `read_quiet` takes them."""
        return {
            "begins": _clock(self.begins),
            "ends": _clock(self.ends),
            "days": [DAYS[day] for day in sorted(self.days)],
        }


def read_quiet(begins: str, ends: str, days: Sequence[str]) -> QuietRule | None:
    """Read quiet hours and sending days; None where neither says anything.

    Args:
        begins: Such as 21:00; "" for no quiet hours.
        ends: Such as 08:00.
        days: Such as mon, tue; none for every day.

    Raises:
        ValueError: says what may be there.
    """
    if bool(begins) != bool(ends):
        raise ValueError("quiet hours need both begins and ends, as in 21:00 and 08:00")
    if begins and begins == ends:
        raise ValueError(
            f"quiet hours from {begins} to {ends} would be none, or all day: write which"
        )
    unknown = [day for day in days if day not in DAYS]
    if unknown:
        raise ValueError(f"there is no day {unknown[0]!r}: write them as {', '.join(DAYS)}")
    rule = QuietRule(
        _minute(begins),
        _minute(ends),
        frozenset(DAYS.index(day) for day in days) or frozenset(range(len(DAYS))),
    )
    return rule if str(rule) else None


def quiet_of(values: Mapping[str, Any] | None) -> QuietRule | None:
    """Return the rule of which these are the JSON values."""
    if not values:
        return None
    begins, ends = values["begins"], values["ends"]
    if begins == ends:
        begins = ends = ""
    return read_quiet(begins, ends, values["days"])


def ever_opens(rules: Sequence[QuietRule]) -> bool:
    """Say whether there is any minute of a week in which letters may leave."""
    return any(
        all(rule.open_at(day, minute) for rule in rules)
        for day in range(len(DAYS))
        for minute in {one for rule in rules for one in rule.minutes} | {0}
    )


def _minute(text: str) -> int:
    if not text:
        return 0
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of day: write it like 21:00")
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(text: str) -> QuietRule | None:
    """Read hours of each day such as `22:00-07:00`; None for "".

    Raises:
        ValueError: says how to write them.
    """
    if not text:
        return None
    begins, dash, ends = text.partition("-")
    found = [_TIME.fullmatch(one.strip()) for one in (begins, ends)]
    if not dash or found[0] is None or found[1] is None:
        raise ValueError(f"{text[:40]!r} are no hours: write them like 22:00-07:00")
    first, last = (int(one[1]) * 60 + int(one[2]) for one in found if one is not None)
    if first == last:
        raise ValueError(f"{text!r} would be the whole day, or nothing of it")
    return QuietRule(first, last)


def hours_text(rule: QuietRule | None) -> str:
    """Write hours as `hours_of` reads them."""
    if rule is None:
        return ""
    spelt = (f"{one // 60:02}:{one % 60:02}" for one in (rule.begins, rule.ends))
    return "-".join(spelt)
