"""When a deferred letter is due again."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.pace.retry import RetryPlan, next_attempt

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = NOW + timedelta(days=5)
PLAN = RetryPlan((300, 900), 0.2)


@pytest.mark.parametrize(
    ("deferrals", "chance", "seconds"),
    [(0, 0.5, 300), (1, 0.5, 900), (2, 0.5, 900), (9, 0.5, 900), (0, 0, 240), (0, 1, 360)],
)
def test_waits_grow_and_the_last_repeats(
    deferrals: int, chance: float, seconds: float
) -> None:
    due = next_attempt(PLAN, deferrals, NOW, LATER, chance=chance)
    assert due == NOW + timedelta(seconds=seconds)


def test_what_the_relay_asks_for_is_never_undercut() -> None:
    hint = timedelta(minutes=30)
    assert next_attempt(PLAN, 0, NOW, LATER, chance=0.5, hint=hint) == NOW + hint
    short = timedelta(seconds=1)
    assert next_attempt(PLAN, 0, NOW, LATER, chance=0.5, hint=short) == NOW + timedelta(
        seconds=300
    )


def test_after_its_time_there_is_no_next() -> None:
    assert next_attempt(PLAN, 0, NOW, NOW + timedelta(seconds=300), chance=0.5) is None
