"""When the frequency cap has room again."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.pace.cap import CapRule, room_at

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WEEKLY = CapRule(1, 7)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (WEEKLY, "cap: 1 letter in 7 days"),
        (CapRule(3, 1), "cap: 3 letters in 1 day"),
        (CapRule(2, 0.5), "cap: 2 letters in 0.5 days"),
    ],
)
def test_a_cap_says_what_it_is(rule: CapRule, words: str) -> None:
    assert str(rule) == words


def test_there_is_room_when_the_letter_that_holds_leaves_the_window() -> None:
    left_at = NOW - timedelta(days=6, hours=18)
    at = room_at(WEEKLY, left_at, NOW)
    assert at == NOW + timedelta(hours=6)
    # The moment itself is outside: what left then counts no longer.
    assert WEEKLY.since(at) == left_at


def test_a_cap_that_holds_for_long_is_asked_every_day() -> None:
    assert room_at(WEEKLY, NOW, NOW) == NOW + timedelta(days=1)


def test_while_nobody_can_tell_it_is_looked_at_again_in_an_hour() -> None:
    assert room_at(WEEKLY, None, NOW) == NOW + timedelta(hours=1)
