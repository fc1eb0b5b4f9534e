"""What we do about a notice that speaks of a letter of ours."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Effect(StrEnum):
    """What follows from a notice."""

    SUPPRESSED = "suppressed"
    COMPLAINED = "complained"
    COUNTED = "counted"
    OURS = "ours"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we do about one notice, and why.

    Args:
        points: What it adds to the address's score.
        until_at: When a suppression ends by itself; None for never.
        words: One sentence for people.
    """

    effect: Effect
    words: str
    points: int = 0
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier bounce of the same address.

    Args:
        reason: Such as `userunknown`.
        cause_id: The campaign, or what else the letter was for.
    """

    at: datetime
    reason: str
    points: int
    cause_id: int
