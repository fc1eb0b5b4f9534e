"""The canary: a campaign's first letters, and when the rest may follow them.

A small sample over all providers leaves first. When all of it was tried, what comes back of
it is waited for; then the brakes' own rule says whether the rest goes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from mailer.model.clocks import CLOCKS_APART

_WORTH_IT = 5
"""A campaign less than so many times its sample has none: little would be held back."""

_MOST = 5_000
_PATIENCE = 4
"""So many times the wait is waited for letters to providers that take none now."""


@dataclass(frozen=True, slots=True)
class CanaryRule:
    """How large the sample is, and how long it is waited for.

    Args:
        least: Letters at least; 0 for no canary.
        share: This part of a campaign, where that is more.
        wait: How long what comes back is waited for.
    """

    least: int = 200
    share: float = 0.01
    wait: timedelta = timedelta(minutes=10)

    def size(self, planned: int) -> int:
        """Return how many letters of a campaign are its sample; 0 for none."""
        if not self.least:
            return 0
        size = min(max(self.least, int(planned * self.share)), _MOST)
        return size if planned >= _WORTH_IT * size else 0


NO_CANARY = CanaryRule(least=0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a sample has come.

    Args:
        letters: In all of it.
        untried: Of which nothing is known yet: they wait, or are on their way.
        accepted: By the relay.
        refused: For good, at once or by a later report, for whatever reason.
    """

    letters: int
    untried: int
    accepted: int = 0
    refused: int = 0


class Step(Enum):
    """What is to be done about a sample."""

    WAIT = "wait"
    SETTLE = "settle"
    LOOK = "look"


def next_step(
    tally: Tally,
    wait: timedelta,
    began: datetime,
    settled_at: datetime | None,
    now: datetime,
) -> Step:
    """Say what is to be done about a sample now.

    A provider that takes nothing now holds a campaign up for a while only; a relay that
    takes nothing holds it up as long as that lasts.

    Args:
        began: When its letters became due.
        settled_at: When all of it had been tried; None while it has not.
    """
    if settled_at is not None and settled_at > now + CLOCKS_APART:
        # The clock was put back: it is waited for as long as it is meant to, from now on.
        return Step.SETTLE
    if settled_at is not None:
        return Step.LOOK if now >= settled_at + wait else Step.WAIT
    if not tally.untried:
        return Step.SETTLE
    late = now >= began + _PATIENCE * wait
    return Step.SETTLE if late and tally.untried * 2 <= tally.letters else Step.WAIT
