"""What a provider's answers make of how much it is given: step by step."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest

from mailer.pace.breaker import CircuitState
from mailer.pace.providers import NO_LIMITS, Act, Limits, Rule
from mailer.pace.shaping import (
    FADES_AFTER,
    FIRST_REST,
    IN_A_ROW,
    LONGEST_REST,
    WELL,
    Heard,
    Standing,
    at_once_of,
    faded,
    letters_for,
    per_connection_of,
    probing,
    rate_of,
    resumed,
    said_no,
    went,
)
from mailer.pace.sharing import interleave, room_for_one, share_out

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMITS = Limits(per_second=20, at_most_per_second=100, at_once=5)


def heard(act: Act | None, **more: int) -> Heard:
    rule = None if act is None else Rule(re.compile("x"), act)
    return Heard(rule, "421-4.7.28", **more)


def test_the_rate_falls_by_half_once_for_all_that_is_said_in_a_moment() -> None:
    standing = WELL
    for place in range(6):
        standing = said_no(standing, LIMITS, heard(Act.SLOW), NOW + place * SECOND)
    assert rate_of(standing, LIMITS) == 10
    assert (standing.mark, standing.marks) == ("421-4.7.28", 6)
    later = said_no(standing, LIMITS, heard(Act.SLOW), NOW + 30 * SECOND)
    assert rate_of(later, LIMITS) == 5


def test_the_rate_rises_evenly_with_letters_that_go_and_never_over_its_ceiling() -> None:
    standing = said_no(WELL, LIMITS, heard(Act.SLOW), NOW)
    rates = []
    for _ in range(400):
        standing = went(standing, LIMITS, max(1, int(rate_of(standing, LIMITS))), NOW)
        rates.append(rate_of(standing, LIMITS))
    assert 10.4 < rates[0] < 10.6
    steps = [after - before for before, after in itertools.pairwise(rates)]
    assert all(0 <= step < 0.6 for step in steps)
    assert rates[-1] == 100


def test_who_has_no_limit_is_slowed_from_what_it_took() -> None:
    slowed = said_no(WELL, NO_LIMITS, heard(Act.SLOW, per_second=300), NOW)
    assert rate_of(slowed, NO_LIMITS) == 150
    assert rate_of(went(slowed, NO_LIMITS, 150, NOW), NO_LIMITS) > 150
    assert faded(slowed, NOW + FADES_AFTER) == WELL


def test_too_many_at_once_or_over_one_connection_is_one_less_from_then_on() -> None:
    fewer = said_no(WELL, LIMITS, heard(Act.FEWER, at_once=4), NOW)
    assert at_once_of(fewer, LIMITS) == 3
    assert at_once_of(said_no(fewer, LIMITS, heard(Act.FEWER), NOW), LIMITS) == 2
    less = said_no(WELL, LIMITS, heard(Act.ANEW, per_connection=21), NOW)
    assert per_connection_of(less, LIMITS) == 20
    assert at_once_of(went(fewer, LIMITS, 1000, NOW), LIMITS) == 3


def test_ten_noes_in_a_row_open_the_circuit_and_a_yes_between_them_does_not() -> None:
    standing = WELL
    for _ in range(IN_A_ROW - 1):
        standing = said_no(standing, LIMITS, heard(None), NOW)
    assert letters_for(went(standing, LIMITS, 1, NOW), NOW) is None
    assert went(standing, LIMITS, 1, NOW).failures == 0
    standing = said_no(standing, LIMITS, heard(None), NOW)
    assert letters_for(standing, NOW) == 0
    assert standing.rest_until == NOW + FIRST_REST


def test_after_its_rest_one_letter_is_the_probe_and_its_answer_decides() -> None:
    rests = said_no(WELL, LIMITS, heard(Act.REST), NOW)
    later = NOW + FIRST_REST
    assert rests.state(later) is CircuitState.HALF_OPEN
    assert letters_for(rests, later) == 1
    probed = probing(rests, later)
    assert letters_for(probed, later) == 0
    assert letters_for(probed, later + timedelta(minutes=3)) == 1
    assert went(probed, LIMITS, 1, later).state(later) is CircuitState.CLOSED
    again = said_no(probed, LIMITS, heard(None), later)
    assert again.rest_until == later + 2 * FIRST_REST
    for _ in range(9):
        at = again.rest_until
        assert at is not None
        again = said_no(probing(again, at), LIMITS, heard(Act.SLOW), at)
    assert again.rest_until == at + LONGEST_REST


def test_words_about_one_mailbox_change_nothing_but_answer_a_probe() -> None:
    assert said_no(WELL, LIMITS, heard(Act.IGNORE), NOW) is WELL
    rests = said_no(WELL, LIMITS, heard(Act.REST), NOW)
    later = NOW + FIRST_REST
    answered = said_no(probing(rests, later), LIMITS, heard(Act.IGNORE), later)
    assert answered.state(later) is CircuitState.CLOSED


def test_a_rule_says_how_long_and_letters_on_the_way_open_nothing() -> None:
    two_hours = Rule(re.compile("x"), Act.REST, rest=timedelta(hours=2))
    rests = said_no(WELL, LIMITS, Heard(two_hours, "421"), NOW)
    assert rests.rest_until == NOW + timedelta(hours=2)
    assert letters_for(went(rests, LIMITS, 3, NOW), NOW) == 0


def test_why_it_was_stopped_stays_said_whatever_it_says_later() -> None:
    stopping = Rule(re.compile("x"), Act.STOP)
    stopped = said_no(WELL, LIMITS, Heard(stopping, "550-5.7.515"), NOW)
    # Receipts and confirmations are tried all the same.
    for nth in range(12):
        stopped = said_no(stopped, LIMITS, heard(Act.SLOW), NOW + nth * SECOND)
        stopped = said_no(stopped, LIMITS, heard(None), NOW + nth * SECOND)
    assert (stopped.mark, stopped.marks) == ("550-5.7.515", 1)
    again = said_no(stopped, LIMITS, Heard(stopping, "550-5.7.515"), NOW)
    assert (again.mark, again.marks) == ("550-5.7.515", 2)


BACK = NOW - timedelta(hours=1)
"""What a clock says that was put back."""


def test_a_rest_is_no_longer_where_the_clock_is_put_back() -> None:
    rests = said_no(WELL, LIMITS, heard(Act.REST), NOW)
    # Clocks of several machines are never quite the same.
    assert rests.state(NOW - 30 * SECOND) is CircuitState.OPEN
    assert rests.state(BACK) is CircuitState.HALF_OPEN
    probed = probing(rests, NOW)
    assert letters_for(probed, BACK) == 1
    # The probe's no is a rest by the clock as it is now.
    again = said_no(probing(probed, BACK), LIMITS, heard(None), BACK)
    assert again.rest_until == BACK + 2 * FIRST_REST
    assert again.state(BACK) is CircuitState.OPEN


def test_a_provider_is_believed_where_the_clock_is_put_back() -> None:
    slow = said_no(WELL, LIMITS, heard(Act.SLOW), NOW)
    assert rate_of(said_no(slow, LIMITS, heard(Act.SLOW), BACK), LIMITS) == 5
    assert faded(slow, BACK) is slow
    # Learnt by a clock that was a year ahead.
    assert faded(slow, NOW - timedelta(days=365)) is WELL


def test_what_is_stopped_goes_on_when_a_person_says_so_with_one_letter() -> None:
    stopped = said_no(WELL, LIMITS, heard(Act.STOP), NOW)
    years = NOW + timedelta(days=999)
    assert letters_for(stopped, years) == 0
    assert faded(stopped, years) is stopped
    assert letters_for(resumed(stopped), years) == 1


def test_room_is_shared_evenly_and_nobody_gets_more_than_they_may() -> None:
    assert share_out(100, {"a": 500, "b": 500}) == {"a": 50, "b": 50}
    assert share_out(100, {"a": 10, "b": 500, "c": 0}) == {"a": 10, "b": 90, "c": 0}
    assert share_out(0, {"a": 10}) == {"a": 0}


def test_providers_take_turns_and_each_keeps_its_order() -> None:
    mixed = interleave([1, 2, 3, 4, 5, 6], ["a", "a", "a", "a", "b", "b"])
    assert mixed in ([1, 5, 2, 3, 6, 4], [1, 2, 5, 3, 4, 6], [1, 5, 2, 3, 4, 6])
    assert [one for one in mixed if one < 5] == [1, 2, 3, 4]
    assert interleave([1, 2], ["a", "a"]) == [1, 2]


@pytest.mark.parametrize("each", [1, 2, 3])
def test_a_big_domain_is_no_wall_among_many_that_are_small(each: int) -> None:
    small = [f"s{number}" for number in range(100 // each) for _ in range(each)]
    names = ["big"] * len(small) + small
    mixed = interleave(names, names)
    runs = [len(list(run)) for name, run in itertools.groupby(mixed) if name == "big"]
    assert sum(runs) == len(small)
    assert max(runs) <= 4


def test_a_standing_is_a_value() -> None:
    assert Standing() == WELL


@pytest.mark.parametrize(
    ("connections", "busy"), [(1, 1), (2, 1), (4, 3), (6, 5), (20, 15)]
)
def test_one_provider_leaves_others_a_quarter_of_the_connections(connections, busy):
    assert room_for_one(connections) == busy


def test_any_number_of_connections_leaves_any_room():
    assert room_for_one(0) > 10**9
