"""Which relay's stock a claim is put into, and how much each has in hand."""

from datetime import UTC, datetime

import pytest

from mailer.jobs.switch import Readiness, Switch
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind
from mailer.pace.routing import Route

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
BATCH = 400


def letters(first: int, count: int, kind: Kind = Kind.MARKETING) -> list[Claim]:
    return [
        Claim(number, 1, CauseKind.CAMPAIGN, 1, kind, "news", number,
              f"p{number}@example.com", AT, AT, 0, {}, None, None)
        for number in range(first, first + count)
    ]  # fmt: skip


def switch(*routes: Route) -> Switch:
    return Switch(routes, BATCH, lambda _: Readiness.WELL, lambda _: "example.com")


def in_hand(one: Switch) -> list[int]:
    return [len(stock) for stock in one.stocks]


@pytest.mark.parametrize(
    ("per_second", "most"), [(0.5, 10), (2, 10), (10, 50), (14.1, 71), (1000, BATCH)]
)
def test_a_relay_with_a_limit_has_a_few_seconds_of_letters_in_hand(
    per_second: float, most: int
) -> None:
    one = switch(Route(weight=3, per_second=per_second), Route())
    assert one.put(letters(1, 2 * BATCH)) == []
    assert in_hand(one) == [most, 2 * BATCH - most]


def test_one_relay_alone_has_what_it_is_given() -> None:
    one = switch(Route(per_second=0.5))
    assert one.put(letters(1, BATCH)) == []
    assert in_hand(one) == [BATCH]


def test_who_has_a_limit_does_not_wait_for_one_whose_hands_are_full() -> None:
    one = switch(Route(per_second=10), Route())
    one.put(letters(1, 2 * BATCH))
    for _ in range(30):
        one.stocks[0].next_now()
    assert one.wants
    room = one.room_for_campaign(1)
    assert room == 30
    assert one.put(letters(1000, room)) == []
    assert in_hand(one) == [50, 2 * BATCH - 50]


def test_shares_hold_between_relays_without_limits() -> None:
    one = switch(Route(weight=3), Route())
    one.put(letters(1, 400))
    assert in_hand(one) == [300, 100]
    assert one.room_for_campaign(1) == 0
    for _ in range(150):
        one.stocks[0].next_now()
    assert one.room_for_campaign(1) == 250


def test_with_limits_only_what_has_no_room_goes_back() -> None:
    one = switch(Route(per_second=1), Route(per_second=4))
    left = one.put(letters(1, 100))
    assert in_hand(one) == [10, 20]
    assert len(left) == 70
    # Somebody waits for a receipt: it stands in front.
    assert one.put(letters(500, 3, Kind.TRANSACTIONAL)) == []
    assert sum(in_hand(one)) == 33


def test_one_domains_dead_relay_holds_up_no_other_domain_of_a_campaign() -> None:
    dead: set[int] = set()
    one = Switch(
        [Route(domains=("north.example",)), Route(domains=("south.example",))],
        BATCH,
        lambda place: Readiness.NONE if place in dead else Readiness.WELL,
        lambda claim: "north.example" if claim.id % 2 else "south.example",
    )
    for place in (0, 1):
        # Whichever was put into its stock last.
        for claim in letters(1 - place, 2):
            one.put([claim])
        dead = {place}
        one.rebalance()
        assert one.room_for_campaign(1) > 0
        dead = set()
