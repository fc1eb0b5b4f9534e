"""When what came back of a campaign slows or pauses it, and when it does not."""

import math

import pytest

from mailer.pace.brakes import Brake, Tried, braked, surely_above


def brake(letters: int, refused: int = 0, complained: int = 0, blamed: int = 0) -> Brake:
    found = braked([Tried("gmail", letters, refused, complained, blamed)])
    return found[0].brake if found else Brake.NONE


@pytest.mark.parametrize(
    ("letters", "complained", "what"),
    [
        (3, 2, Brake.NONE),
        (1_000, 2, Brake.NONE),
        (5_000, 3, Brake.NONE),
        (1_000, 3, Brake.SLOW),
        (1_000, 5, Brake.PAUSE),
        (40, 3, Brake.PAUSE),
        (100_000, 80, Brake.NONE),
        (100_000, 105, Brake.NONE),
        (100_000, 130, Brake.PAUSE),
        (100_000, 300, Brake.PAUSE),
    ],
)
def test_complaints_slow_and_pause_before_the_published_limits(
    letters: int, complained: int, what: Brake
) -> None:
    assert brake(letters, complained=complained) is what


@pytest.mark.parametrize(
    ("letters", "refused", "what"),
    [
        (9, 9, Brake.NONE),
        (5_000, 50, Brake.NONE),
        (400, 12, Brake.SLOW),
        (30, 10, Brake.PAUSE),
        (500, 30, Brake.PAUSE),
        (100_000, 6_000, Brake.PAUSE),
    ],
)
def test_refusals_slow_and_pause(letters: int, refused: int, what: Brake) -> None:
    assert brake(letters, refused=refused) is what
    # What is refused for what we are is as good a reason to stop.
    assert brake(letters, blamed=refused) is what


def test_each_provider_is_judged_by_itself_and_the_worst_stands_first() -> None:
    found = braked(
        [
            Tried("gmail", 100_000, 100, 5),
            Tried("outlook", 1_000, 0, 3),
            Tried("yahoo", 1_000, 0, 8),
        ]
    )
    assert [(one.provider, one.brake) for one in found] == [
        ("yahoo", Brake.PAUSE),
        ("outlook", Brake.SLOW),
    ]
    assert found[0].words == "yahoo: 8 of 1,000 complained (0.80%)"


def test_the_tail_is_that_of_a_gamma_posterior() -> None:
    # Gamma(1, 2000) at one half: exp(-1).
    assert math.isclose(surely_above(0.0005, 0, 1000, 1000), math.exp(-1))
    assert surely_above(0.001, 10_000, 10, 1000) > 0.999
    assert surely_above(0.05, 10, 10_000_000, 50) < 1e-9
