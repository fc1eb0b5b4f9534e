"""When what came back of a campaign slows or pauses it: Bayesian rates per provider.

Few letters say little: three complaints after forty letters may be bad luck. So what is
asked is how sure it is that the true rate lies above a limit, given what was counted and
what is usual (a Gamma prior). The limits lie below those that Gmail and Yahoo publish
(0.1 % wished for, 0.3 % never), and nothing is done on fewer than 3 complaints or 10
refusals.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Brake(IntEnum):
    """What is to be done; the higher wins."""

    NONE = 0
    SLOW = 1
    PAUSE = 2


@dataclass(frozen=True, slots=True)
class Tried:
    """What was sent to one provider, and what came back of it.

    Args:
        letters: That left and were accepted or refused.
        refused: For good: no such mailbox, no such domain.
        complained: Of whom a report says that they called it spam.
        blamed: That came back for what we are or send: policy, reputation, content.
        last_at: When the last of it came back.
    """

    provider: str
    letters: int
    refused: int = 0
    complained: int = 0
    blamed: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be done about one provider, and why.

    Args:
        words: In one sentence without its end, such as "gmail: 5 of 1,000 complained".
        last_at: When the last of what came back there did.
    """

    provider: str
    brake: Brake
    words: str
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of trouble.

    Args:
        least: On fewer nothing is done.
        usual_letters: The prior is worth so many letters, with one such trouble.
        slow: (rate, how sure it must be to lie above it).
        pause: … any of these.
    """

    words: str
    least: int
    usual_letters: int
    slow: tuple[float, float]
    pause: tuple[tuple[float, float], ...]


LEAST_COMPLAINTS = 3
LEAST_REFUSALS = 10
_COMPLAINTS = _Kind(
    "complained", LEAST_COMPLAINTS, 1000, (0.001, 0.8), ((0.001, 0.95), (0.003, 0.5))
)
_REFUSALS = _Kind("were refused for good", LEAST_REFUSALS, 50, (0.02, 0.8), ((0.05, 0.5),))
_BLAMES = _Kind(
    "were refused for what we send or who we are",
    LEAST_REFUSALS,
    50,
    _REFUSALS.slow,
    _REFUSALS.pause,
)


def surely_above(rate: float, troubles: int, letters: int, usual_letters: int) -> float:
    """Return how sure it is that the true rate lies above one, from 0 to 1.

    The posterior of Gamma(1, usual) after so many troubles in so many letters; for whole
    numbers its tail is a sum of Poisson's terms.
    """
    expected = rate * (letters + usual_letters)
    terms = (
        math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
        for count in range(troubles + 1)
    )
    return min(1.0, math.fsum(terms))


def braked(tried: Iterable[Tried]) -> list[Found]:
    """Say at which providers something is to be done, the worst first."""
    found: list[Found] = []
    for one in tried:
        for kind, troubles in (
            (_COMPLAINTS, one.complained),
            (_REFUSALS, one.refused),
            (_BLAMES, one.blamed),
        ):
            brake = _judged(kind, troubles, one.letters)
            if brake is not Brake.NONE:
                share = troubles / max(one.letters, 1)
                words = (
                    f"{one.provider}: {troubles:,} of {one.letters:,} {kind.words}"
                    f" ({share:.2%})"
                )
                found.append(Found(one.provider, brake, words, one.last_at))
    return sorted(found, key=lambda it: (-it.brake, it.words))


def _judged(kind: _Kind, troubles: int, letters: int) -> Brake:
    if troubles < kind.least:
        return Brake.NONE

    def is_above(limit: tuple[float, float]) -> bool:
        rate, sure = limit
        return surely_above(rate, troubles, letters, kind.usual_letters) >= sure

    if any(map(is_above, kind.pause)):
        return Brake.PAUSE
    return Brake.SLOW if is_above(kind.slow) else Brake.NONE
