"""Warming a sending domain up: how many letters of campaigns it may send on which day.

Providers know nothing of a new domain, and believe it a little more each day. A plan says
how many letters each day may bring; the days that count are those on which it sent, so that
a domain that rests does not come back as if it had not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

A_DAY = timedelta(days=1)
_DAY_S = 86_400
_ENOUGH = 2
"""A day on which one part in so many of its share left is a day of the plan."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many letters a domain may send on its first, second … day; at least one day."""

    shares: tuple[int, ...]


Plans = Mapping[str, Plan]
"""The plans of sending domains, by their names."""

NO_PLANS: Plans = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a domain stands in its plan today.

    Args:
        day: Which day of the plan it is, from 1 on; one more than all when it is through.
        of: How many days the plan has.
        share: How many letters may leave today; None when it is through.
        sent: How many did, or are about to.
    """

    day: int
    of: int
    share: int | None
    sent: int = 0

    @property
    def room(self) -> int | None:
        """How many more letters may leave today; None for no limit."""
        return None if self.share is None else max(0, self.share - self.sent)


def day_number(now: datetime) -> int:
    """Return the number of a moment's day since 1970, UTC."""
    return int(now.timestamp()) // _DAY_S


def day_begins(now: datetime) -> datetime:
    """Return when a moment's day began, UTC."""
    return datetime.fromtimestamp(day_number(now) * _DAY_S, UTC)


def stage(plan: Plan, before: Sequence[int], today: int = 0) -> Stage:
    """Say where a domain stands.

    Args:
        before: The letters of each earlier day on which there were any, in order.
        today: Those of today.
    """
    done = 0
    for letters in before:
        if done < len(plan.shares) and letters * _ENOUGH >= plan.shares[done]:
            done += 1
    of = len(plan.shares)
    share = plan.shares[done] if done < of else None
    return Stage(done + 1, of, share, today)


def days_of(plan: Plan, at: Stage, letters: int) -> int:
    """Return how many days pass until some letters have left, if nothing else does.

    0 is today. Each day sends its share; after the plan's end all of them leave.
    """
    room, day, days = at.room, at.day, 0
    while room is not None and letters > room:
        letters -= room
        days += 1
        # A day of which nothing was left is not counted twice.
        day += 1
        room = plan.shares[day - 1] if day <= at.of else None
    return days
