"""A schedule: when which template goes to which list, as its file says it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.model.choosing import EVERYBODY_AT_ONCE, Choice, Target


@dataclass(frozen=True, slots=True)
class Cron:
    """Local wall-clock minutes, in the five fields of crontab(5): 1 is a Monday."""

    expression: str


@dataclass(frozen=True, slots=True)
class Every:
    """Moments that lie equally far apart, whatever the clocks on the wall do.

    Args:
        since: Where counting begins, and the first moment.
    """

    interval: timedelta
    since: datetime


@dataclass(frozen=True, slots=True)
class Once:
    """One moment."""

    at: datetime


Trigger = Cron | Every | Once


@dataclass(frozen=True, slots=True)
class Schedule:
    """What `schedules/<name>.toml` says.

    Args:
        name: The file's name without `.toml`.
        zone: The IANA name of the time zone that wall clocks are read in; the first zone on
            earth where each person's own clock counts.
        fallback_zone: Where each person's own clock counts, the zone of those whose own is
            missing or unknown; else "".
        list_name: The name of the list's file.
        segment: The name of one of the list's segments, "" for everyone on it.
        also: Further lists and segments; who is on several gets one letter, by the first.
        pace_per_s: Letters per second at most, or None for the relay's own limits.
        grace: How late it may still fire; None for the setting.
        valid_for: How long its letters are worth sending; None for what their kind says.
        allow_withheld: People who lack a name are withheld instead of stopping the start.
        priority: Of several letters that compete for a person the highest goes first; None
            for what the letter says.
        canary: Its first letters are looked at before the rest leaves.
    """

    name: str
    trigger: Trigger
    zone: str
    template: str
    list_name: str
    segment: str = ""
    pace_per_s: float | None = None
    grace: timedelta | None = None
    valid_for: timedelta | None = None
    allow_withheld: bool = False
    also: tuple[Target, ...] = ()
    fallback_zone: str = ""
    choice: Choice = EVERYBODY_AT_ONCE
    priority: int | None = None
    canary: bool = True

    @property
    def targets(self) -> tuple[Target, ...]:
        """All that it goes to, in order."""
        return (Target(self.list_name, self.segment), *self.also)


@dataclass(frozen=True, slots=True)
class Firing:
    """One moment at which a schedule fires.

    Args:
        occurrence: What it is known by for ever: the wall clock's minute in the schedule's
            zone (`2026-10-25T01:30`), for intervals the moment (`2026-10-25T00:30:00Z`).
    """

    due_at: datetime
    occurrence: str


class FiringState(StrEnum):
    """What became of one occurrence."""

    FIRED = "fired"
    MISSED = "missed"
    FAILED = "failed"
    SKIPPED = "skipped"


_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_PART = re.compile(r"(\d{1,6})\s*([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Read a length of time: `90s`, `15m`, `6h`, `1d 12h`, `2w`.

    Raises:
        ValueError: when it is none, or no longer than nothing.
    """
    rest = _PART.sub("", text)
    length = sum(
        (int(number) * _UNITS[unit] for number, unit in _PART.findall(text)), timedelta()
    )
    if rest.strip() or not length:
        raise ValueError(
            f"{text!r} is no length of time; write it like 15m, 6h, 1d 12h, 2w"
        )
    return length


def duration_words(length: timedelta) -> str:
    """Write a length of time in the largest units that fit: `1d 12h`, `90s` as `1m 30s`."""
    seconds = round(length.total_seconds())
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        size = int(_UNITS[unit].total_seconds())
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return " ".join(parts[:2]) or "0s"
