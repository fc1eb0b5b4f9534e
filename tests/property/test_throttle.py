"""The throttle never lets more through than it promises."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailer.pace.throttle import Rate, minute_of, take

START = datetime(2026, 11, 21, tzinfo=UTC)
asks = st.lists(st.tuples(st.floats(0, 400), st.integers(1, 60)), min_size=1, max_size=60)


def moments(rate: Rate, asked: list[tuple[float, int]]) -> list[datetime]:
    """Return the moment of each letter for a series of (seconds later, wanted)."""
    now, full_at = START, START
    sent: dict[int, int] = {}
    let: list[datetime] = []
    for later_s, wanted in asked:
        now += timedelta(seconds=later_s)
        slots = take(rate, full_at, sent, wanted, now)
        assert slots.count <= wanted
        full_at = slots.full_at
        if slots.count:
            sent[minute_of(now)] = sent.get(minute_of(now), 0) + slots.count
        let += [slots.first_at + n * slots.spacing for n in range(slots.count)]
    return let


@given(st.sampled_from([0.5, 1, 10, 100, 1000]), asks)
def test_two_letters_are_never_closer_than_the_rate_allows(
    per_second: float, asked: list[tuple[float, int]]
) -> None:
    let = moments(Rate(per_second), asked)
    for one, next_one in pairwise(let):
        assert next_one - one >= Rate(per_second).spacing


@given(st.integers(1, 50), asks)
def test_no_hour_holds_more_than_its_limit(
    per_hour: int, asked: list[tuple[float, int]]
) -> None:
    let = moments(Rate(per_hour=per_hour), asked)
    for first in let:
        within = [one for one in let if first <= one < first + timedelta(hours=1)]
        assert len(within) <= per_hour


@given(st.integers(1, 50), asks)
def test_no_day_holds_more_than_its_limit(
    per_day: int, asked: list[tuple[float, int]]
) -> None:
    spread = [(later_s * 60, wanted) for later_s, wanted in asked]
    let = moments(Rate(per_day=per_day), spread)
    for first in let:
        within = [one for one in let if first <= one < first + timedelta(days=1)]
        assert len(within) <= per_day


@given(st.integers(1, 5))
def test_when_an_hour_is_full_it_says_when_to_ask_again(per_hour: int) -> None:
    rate = Rate(per_hour=per_hour)
    first = take(rate, START, {}, per_hour, START)
    sent = {minute_of(START): first.count}
    full = take(rate, first.full_at, sent, 1, START + timedelta(minutes=5))
    assert full.count == 0
    again = take(rate, full.full_at, sent, 1, full.ask_again_at)
    assert again.count == 1
