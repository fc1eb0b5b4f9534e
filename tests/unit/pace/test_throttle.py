"""How long hourly and daily limits make letters take."""

import pytest

from mailer.pace.throttle import Rate, limits_take_s

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@pytest.mark.parametrize(
    ("rates", "want_s"),
    [
        ([], 0),
        ([(Rate(5, 0, 0), (0, 0))], 0),
        ([(Rate(0, 50, 0), (0, 0))], 6 * HOUR_S),
        ([(Rate(0, 50, 0), (50, 50))], 7 * HOUR_S),
        ([(Rate(0, 50, 0), (60, 60))], 7 * HOUR_S),
        ([(Rate(0, 400, 0), (40, 40))], 0),
        ([(Rate(0, 50, 70), (0, 0))], 4 * DAY_S),
        ([(Rate(0, 50, 0), (50, 50)), (Rate(0, 20, 0), (20, 20))], 5 * HOUR_S),
        ([(Rate(0, 50, 0), (50, 50)), (Rate(), (0, 0))], 0),
    ],
)
def test_what_may_not_go_now_waits_for_its_share_of_later_hours_and_days(
    rates: list[tuple[Rate, tuple[int, int]]], want_s: float
):
    assert limits_take_s(350, rates) == want_s


def test_what_is_reserved_is_taken_off_hours_and_days_and_never_all_of_them() -> None:
    assert Rate(5, 40, 1_000).without(0.25) == Rate(5, 30, 750)
    assert Rate(0, 1, 2).without(0.9) == Rate(0, 1, 1)
    assert Rate(3).without(0.5) == Rate(3)
