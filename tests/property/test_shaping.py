"""A provider under any order of answers: limits hold, and it always comes back."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailer.pace.breaker import CircuitState
from mailer.pace.providers import Act, Limits, Rule
from mailer.pace.shaping import (
    LONGEST_REST,
    WELL,
    Heard,
    at_once_of,
    letters_for,
    per_connection_of,
    probing,
    rate_of,
    said_no,
    went,
)
from mailer.pace.sharing import Turn, interleave, part_of, share_out

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
limits = st.builds(
    lambda start, more, at_once, per: Limits(
        start, start + more if more else 0, at_once, per
    ),
    st.sampled_from([0, 1, 20]),
    st.sampled_from([0, 10, 80]),
    st.integers(0, 20),
    st.integers(0, 50),
)
acts = st.one_of(st.none(), st.sampled_from([act for act in Act if act is not Act.STOP]))
steps = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 500), acts), st.integers(0, 400), st.integers(0, 60)
    ),
    max_size=60,
)


@given(limits, steps)
def test_a_rate_stays_within_its_limits_and_every_circuit_closes_again(
    allowed: Limits, happened: list[tuple[int | Act | None, int, int]]
) -> None:
    standing, now = WELL, NOW
    for what, wait_s, under_way in happened:
        now += timedelta(seconds=wait_s)
        if letters_for(standing, now) == 1:
            standing = probing(standing, now)
        if isinstance(what, int):
            standing = went(standing, allowed, what, now)
        else:
            rule = None if what is None else Rule(re.compile(""), what)
            told = Heard(rule, "450", under_way, under_way, 5)
            standing = said_no(standing, allowed, told, now)
        rate = rate_of(standing, allowed)
        assert rate >= 0
        assert not (rate and allowed.per_second) or rate >= 1 / 60
        if allowed.at_most_per_second:
            assert rate <= allowed.at_most_per_second
        if allowed.at_once:
            assert 1 <= at_once_of(standing, allowed) <= allowed.at_once
        if allowed.letters_per_connection:
            got = per_connection_of(standing, allowed)
            assert 1 <= got <= allowed.letters_per_connection
        if standing.state(now) is CircuitState.OPEN:
            assert letters_for(standing, now) == 0
    # However it went: after the longest rest one letter may try, and a yes heals it.
    later = now + 2 * LONGEST_REST
    assert letters_for(standing, later) in {1, None}
    healed = went(standing, allowed, 1, later)
    assert letters_for(healed, later) is None


@given(st.integers(0, 500), st.dictionaries(st.text(min_size=1), st.integers(0, 500)))
def test_a_share_is_never_more_than_wanted_and_room_is_used_up(
    room: int, wants: dict[str, int]
) -> None:
    shares = share_out(room, wants)
    assert all(0 <= shares[name] <= want for name, want in wants.items())
    assert sum(shares.values()) == min(room, sum(wants.values()))


@given(st.lists(st.sampled_from("abc"), max_size=80))
def test_turns_lose_nobody_and_keep_each_providers_order(names: list[str]) -> None:
    mixed = interleave(list(enumerate(names)), names)
    assert sorted(mixed) == list(enumerate(names))
    for name in "abc":
        places = [place for place, whose in mixed if whose == name]
        assert places == sorted(places)


@given(st.integers(0, 50), st.integers(1, 12), st.text(max_size=20), st.integers(0, 9_000))
def test_the_parts_of_all_senders_are_the_whole_and_each_has_its_turn(
    whole: int, size: int, name: str, after_s: int
) -> None:
    parts = [part_of(whole, place, size) for place in range(size)]
    assert sum(parts) == whole
    assert max(parts) - min(parts) <= 1
    turn = Turn.at(NOW + timedelta(seconds=after_s))
    there = [turn.part(name, whole, place, size) for place in range(size)]
    assert sorted(there) == sorted(parts) or (turn.begins and sum(there) <= whole)
    turns = [Turn.at(NOW + timedelta(minutes=10 * nth + 5)) for nth in range(size)]
    first = [one.part(name, whole, 0, size) for one in turns]
    assert sorted(first) == sorted(parts)


@given(st.integers(1, 50), st.integers(1, 12), st.text(max_size=20), st.integers(0, 9_000))
def test_what_begins_is_never_too_many_beside_what_the_turn_before_began(
    whole: int, size: int, name: str, after_s: int
) -> None:
    now = NOW + timedelta(seconds=after_s)
    turn, before = Turn.at(now), Turn.at(now - timedelta(seconds=29))
    most = [
        max(one.part(name, whole, place, size) for one in (turn, before))
        for place in range(size)
    ]
    assert sum(most) <= whole
