"""A domain that is warmed up never sends more than its plan allows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailer.pace.warmup import Plan, days_of, stage

plans = st.lists(st.integers(1, 5_000), min_size=1, max_size=12).map(
    lambda shares: Plan(tuple(sorted(shares)))
)
wishes = st.lists(st.integers(0, 20_000), max_size=40)


def sent(plan: Plan, wished: list[int]) -> list[int]:
    """Return what leaves on each day of which so many letters are wished to leave."""
    before: list[int] = []
    for letters in wished:
        room = stage(plan, before).room
        before.append(letters if room is None else min(letters, room))
    return before


@given(plans, wishes)
def test_no_day_has_more_than_its_share_and_no_step_is_left_out(
    plan: Plan, wished: list[int]
) -> None:
    days = sent(plan, wished)
    stages = [stage(plan, days[:at]) for at in range(len(days) + 1)]
    assert stages[0].day == 1
    assert all(0 <= after.day - one.day <= 1 for one, after in pairwise(stages))
    for one, letters in zip(stages, days, strict=False):
        assert one.share is None or letters <= one.share
        assert (one.share is None) == (one.day > one.of)


@given(plans, wishes)
def test_a_day_of_the_plan_is_over_when_half_of_its_share_left(
    plan: Plan, wished: list[int]
) -> None:
    days = sent(plan, wished)
    for at, letters in enumerate(days):
        one, after = stage(plan, days[:at]), stage(plan, days[: at + 1])
        if one.share is not None:
            assert (after.day > one.day) == (2 * letters >= one.share)


@given(plans, wishes, st.integers(0, 5_000), st.integers(0, 60_000))
def test_the_days_that_are_foretold_are_those_that_it_takes(
    plan: Plan, wished: list[int], today: int, letters: int
) -> None:
    before = sent(plan, wished)
    at = stage(plan, before, today)
    foretold = days_of(plan, at, letters)
    left, days = letters, 0
    now = at
    while now.room is not None and left > now.room:
        left -= now.room
        before.append(now.sent + now.room)
        now = stage(plan, before)
        days += 1
    assert days == foretold
