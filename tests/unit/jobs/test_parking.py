"""Letters that wait at the desk for others to their provider: none is lost there."""

from dataclasses import dataclass

import pytest

from mailer.jobs.parking import Errand, Parking
from mailer.jobs.shaper import Shaper
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind
from mailer.model.letter import Letter
from mailer.pace.providers import Limits, Provider, Providers
from mailer.wiring import utc_now

NAMES = ("big", "vast")


def claim(number: int, name: str, campaign: int) -> Claim:
    at = utc_now()
    return Claim(
        number, 1, CauseKind.CAMPAIGN, campaign, Kind.MARKETING, "news", number,
        f"p{number}@example.com", at, at, 0, {}, None, None, provider=name,
    )  # fmt: skip


def errand(one: Claim) -> Errand:
    return Errand(one, Letter("b@example.com", one.address, b"", ""))


@dataclass
class Full:
    """A letter on its way to each provider, and eight that wait for each."""

    parking: Parking
    on_its_way: dict[str, Errand]
    asked: int = 0
    """How often those who wait were told to look."""

    def __post_init__(self) -> None:
        number = 0
        for name in NAMES:
            for campaign in (1, 2, 1, 2):
                number += 1
                assert not self.parking.enter(errand(claim(number, name, campaign)))
            for campaign in (1, 2, 1, 2):
                number += 1
                assert self.parking.keeps(claim(number, name, campaign))

    def look(self) -> None:
        self.asked += 1


@pytest.fixture
def full() -> Full:
    providers = Providers({name: Provider(name, Limits(at_once=1)) for name in NAMES})
    shaper = Shaper(utc_now, providers)
    parking = Parking(shaper)
    first = {name: errand(claim(100, name, 9)) for name in NAMES}
    for one in first.values():
        assert parking.enter(one)
    made = Full(parking, first)
    shaper.rooms.on_room.append(made.look)
    return made


def test_they_follow_one_by_one_in_their_order_what_is_composed_first(full: Full) -> None:
    followed: list[int] = []
    before = full.on_its_way["vast"]
    while (follows := full.parking.left(before)) is not None:
        one = errand(follows) if isinstance(follows, Claim) else follows
        assert full.parking.enter(one)
        followed.append(one.claim.id)
        before = one
    assert followed == [9, 10, 11, 12, 13, 14, 15, 16]
    # The other provider's wait for their own.
    assert full.parking.count() == {"big": 8}
    assert full.parking.free() == []


def test_what_falls_is_taken_out_whole_and_all_others_stay(full: Full) -> None:
    out = full.parking.take_out(lambda one: one.cause_id == 1)
    assert sorted(one.id for one in out) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert full.parking.count() == {"big": 4, "vast": 4}
    # Whoever was to follow may be among them.
    assert full.asked == 1
    rest = full.parking.take_out(lambda _: True)
    assert sorted(one.id for one in rest) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert not full.parking


def test_room_that_another_desk_made_lets_one_go_to_each_provider(full: Full) -> None:
    big = full.on_its_way["big"]
    # Nothing follows it here: what would, was taken out.
    full.parking.take_out(lambda one: one.provider == "big" and one.id != 8)
    full.parking._shaper.rooms.leave("big")
    (one,) = full.parking.free()
    assert isinstance(one, Claim)
    assert (one.id, big.provider) == (8, "big")
    assert full.parking.count() == {"vast": 8}
