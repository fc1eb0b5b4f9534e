"""What sort of letter, and so which rules hold for it: one table.

Nothing else in the program asks "is this marketing?"; it asks the row.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What sort of letter a delivery is."""

    MARKETING = "marketing"
    JOURNEY = "journey"
    NOTICE = "notice"
    TRANSACTIONAL = "transactional"
    CONFIRMATION = "confirmation"
    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    TEST = "test"
    ALARM = "alarm"


class Lane(IntEnum):
    """Who goes first: a lower lane is always served before a higher one."""

    ANSWERS = 0
    TRANSACTIONS = 1
    JOURNEYS = 2
    CAMPAIGNS = 3


PATIENT = frozenset({Lane.JOURNEYS, Lane.CAMPAIGNS})
"""Lanes whose letters can wait; somebody waits for the others."""


class Scope(StrEnum):
    """What a suppression stops. A list's own scope is written `list:<id>`."""

    LIST = "list"
    MARKETING = "marketing"
    EVERYTHING = "everything"


class WhenInDoubt(StrEnum):
    """What happens to a letter of which nobody can tell whether it arrived."""

    HOLD = "hold"
    SEND_AGAIN = "send_again"


@dataclass(frozen=True, slots=True)
class KindRule:
    """One row of the table.

    Args:
        needs_subscription: A standing subscription to its list must be on record.
        stopped_by: The suppression scopes that stop it.
        capped: Frequency caps and quiet hours hold for it.
        by_topic: Who chose topics gets only those that are about one of them.
        tracked: Its links may be counted, and tell the shop where a visitor came from.
        needs_unsubscribe: Unsubscribe link, postal address and list headers are due.
        try_for: How long after it became due it is still tried.
    """

    needs_subscription: bool
    stopped_by: frozenset[Scope]
    capped: bool
    needs_unsubscribe: bool
    lane: Lane
    in_doubt: WhenInDoubt
    try_for: timedelta
    tracked: bool = True
    by_topic: bool = False


_ALL = frozenset(Scope)
_ONLY_EVERYTHING = frozenset({Scope.EVERYTHING})

KINDS: dict[Kind, KindRule] = {
    Kind.MARKETING: KindRule(
        True, _ALL, True, True, Lane.CAMPAIGNS, WhenInDoubt.HOLD, timedelta(hours=24),
        by_topic=True,
    ),
    Kind.JOURNEY: KindRule(
        True, _ALL, True, True, Lane.JOURNEYS, WhenInDoubt.HOLD, timedelta(hours=24)
    ),
    # What everybody who ever was on a list must be told: a recall, new terms.
    Kind.NOTICE: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.CAMPAIGNS, WhenInDoubt.HOLD, timedelta(hours=72), tracked=False,
    ),
    Kind.TRANSACTIONAL: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.TRANSACTIONS, WhenInDoubt.SEND_AGAIN, timedelta(hours=24),
    ),
    Kind.CONFIRMATION: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.ANSWERS, WhenInDoubt.SEND_AGAIN, timedelta(hours=24),
    ),
    Kind.ACKNOWLEDGEMENT: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.ANSWERS, WhenInDoubt.HOLD, timedelta(hours=72),
    ),
    Kind.REPLY: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.TRANSACTIONS, WhenInDoubt.HOLD, timedelta(hours=72),
    ),
    Kind.TEST: KindRule(
        False, _ONLY_EVERYTHING, False, False,
        Lane.TRANSACTIONS, WhenInDoubt.HOLD, timedelta(hours=1),
    ),
    Kind.ALARM: KindRule(
        False, frozenset(), False, False,
        Lane.ANSWERS, WhenInDoubt.SEND_AGAIN, timedelta(hours=72),
    ),
}  # fmt: skip
