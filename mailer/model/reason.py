"""Why somebody leaves, where she cares to say."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_WORDS = 500
"""So many characters of a person's own words are kept."""


class WhyLeft(StrEnum):
    """What may be chosen on the page after one has left."""

    TOO_OFTEN = "too_often"
    NOT_FOR_ME = "not_for_me"
    NEVER_ASKED = "never_asked"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SaidWhy:
    """Why one person left.

    Args:
        entry: The ledger's entry that says that she did.
        words: Her own, "" for none.
    """

    entry: int
    reason: WhyLeft
    words: str
