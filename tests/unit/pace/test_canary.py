from datetime import UTC, datetime, timedelta

import pytest

from mailer.pace.canary import NO_CANARY, CanaryRule, Step, Tally, next_step

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
WAIT = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("planned", "size"),
    [(0, 0), (999, 0), (1_000, 200), (20_000, 200), (50_000, 500), (10_000_000, 5_000)],
)
def test_a_sample_is_large_enough_to_say_something_and_no_larger(
    planned: int, size: int
) -> None:
    assert CanaryRule(200, 0.01, WAIT).size(planned) == size


def test_without_a_least_number_there_is_none() -> None:
    assert NO_CANARY.size(1_000_000) == 0


def step(untried: int, minutes: float, settled_at: datetime | None = None) -> Step:
    now = NOON + timedelta(minutes=minutes)
    return next_step(Tally(100, untried), WAIT, NOON, settled_at, now)


def test_it_is_looked_at_when_all_was_tried_and_the_wait_is_over() -> None:
    assert step(1, 1) is Step.WAIT
    assert step(0, 1) is Step.SETTLE
    assert step(0, 9.9, NOON) is Step.WAIT
    assert step(0, 10, NOON) is Step.LOOK


def test_a_provider_that_takes_nothing_holds_a_campaign_up_for_a_while_only() -> None:
    assert step(50, 39) is Step.WAIT
    assert step(50, 40) is Step.SETTLE


def test_while_the_relay_takes_next_to_nothing_the_rest_waits() -> None:
    assert step(51, 100_000) is Step.WAIT


def test_a_clock_that_is_put_back_makes_it_wait_once_more_and_no_longer() -> None:
    assert step(0, -60, NOON) is Step.SETTLE
    # Two machines' clocks differ a little.
    assert step(0, -1, NOON) is Step.WAIT
