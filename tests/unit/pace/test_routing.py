"""Which relay takes a letter: by domain, lane and weight; what no relay takes."""

from collections import Counter

from mailer.model.kind import Lane
from mailer.pace.routing import Route, next_share, not_taken, tiers

GENERAL = Route()
SPARE = Route(weight=0)
QUICK = Route(lanes=frozenset({Lane.ANSWERS, Lane.TRANSACTIONS}))
NORTH = Route(domains=("north.example",))


def test_one_relay_takes_every_letter():
    assert tiers([GENERAL], "any.example", Lane.CAMPAIGNS) == ((0,),)


def test_a_relay_that_names_the_lane_comes_first_then_the_general_ones_then_spares():
    routes = [SPARE, GENERAL, QUICK]
    assert tiers(routes, "x.example", Lane.ANSWERS) == ((2,), (1,), (0,))
    assert tiers(routes, "x.example", Lane.CAMPAIGNS) == ((1,), (0,))


def test_letters_of_a_named_domain_go_to_no_relay_that_does_not_name_it():
    routes = [GENERAL, NORTH]
    assert tiers(routes, "north.example", Lane.CAMPAIGNS) == ((1,),)
    assert tiers(routes, "news.north.example", Lane.CAMPAIGNS) == ((1,),)
    assert tiers(routes, "notnorth.example", Lane.CAMPAIGNS) == ((0,),)


def test_what_no_relay_takes_is_named():
    assert not list(not_taken([GENERAL, NORTH]))
    assert list(not_taken([QUICK])) == [("", Lane.JOURNEYS), ("", Lane.CAMPAIGNS)]
    assert ("", Lane.ANSWERS) in list(not_taken([NORTH]))
    only_quick = Route(domains=("north.example",), lanes=QUICK.lanes)
    assert ("north.example", Lane.CAMPAIGNS) in list(not_taken([GENERAL, only_quick]))


def shares(weights: dict[int, int], letters: int) -> list[int]:
    credit: dict[int, int] = {}
    chosen = []
    for _ in range(letters):
        place, credit = next_share(credit, weights)
        chosen.append(place)
    return chosen


def test_weights_are_shares_and_evenly_spread():
    chosen = shares({0: 3, 1: 1}, 400)
    assert Counter(chosen) == {0: 300, 1: 100}
    assert all(Counter(chosen[at : at + 4]) == {0: 3, 1: 1} for at in range(0, 400, 4))


def test_spares_share_evenly():
    assert Counter(shares({4: 0, 7: 0}, 10)) == {4: 5, 7: 5}


def test_who_was_away_does_not_get_all_that_it_missed():
    credit: dict[int, int] = {}
    for _ in range(100):
        _, credit = next_share(credit, {0: 1})
    back = []
    for _ in range(10):
        place, credit = next_share(credit, {0: 1, 1: 1})
        back.append(place)
    assert Counter(back) == {0: 5, 1: 5}
