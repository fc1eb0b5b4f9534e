"""What only counts when it is said again within an hour."""

import re
from datetime import UTC, datetime, timedelta

from mailer.pace.providers import Act, Rule
from mailer.pace.repeats import Repeats

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
RULE = Rule(re.compile("later"), Act.SLOW, after=3)


def said(*minutes: float) -> bool:
    """Say it at some minutes, and return whether it counts the last time."""
    repeats = Repeats()
    return [
        repeats.enough(RULE, "big", NOW + timedelta(minutes=minute)) for minute in minutes
    ][-1]


def test_what_is_said_often_enough_within_an_hour_counts() -> None:
    assert said(0, 30, 59)
    assert not said(0, 30, 61)


def test_what_was_said_before_the_clock_was_put_back_by_a_day_does_not() -> None:
    assert not said(24 * 60, 24 * 60 + 1, 0)
