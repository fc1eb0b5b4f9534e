"""One letter that we owe one address: its states, and who may move it from one to the next.

The table below is the only place that knows the order of states. `store` derives its
statements from it, and nothing else compares states.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from mailer.model.kind import Kind
from mailer.model.provider import OTHER


class CauseKind(StrEnum):
    """Why we owe the letter. (cause kind, cause id, recipient) is unique."""

    CAMPAIGN = "campaign"
    SIGN_UP = "sign_up"
    INCOMING = "incoming"
    TICKET = "ticket"
    REQUEST = "request"
    JOURNEY = "journey"
    TRANSACTION = "transaction"
    TEST = "test"
    ALARM = "alarm"


class DeliveryState(StrEnum):
    """Where a delivery stands. Bounced and complained are facts beside it, not states."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHHELD = "withheld"
    IN_DOUBT = "in_doubt"


class Withheld(StrEnum):
    """Why a delivery was not sent although it was planned."""

    PERMISSION = "permission"
    SUPPRESSION = "suppression"
    TOPIC = "topic"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    ERASED = "erased"
    CANNOT_COMPOSE = "cannot_compose"


_S = DeliveryState
TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.QUEUED: frozenset({_S.CLAIMED, _S.WITHHELD, _S.EXPIRED}),
    _S.CLAIMED: frozenset({_S.SENDING, _S.QUEUED, _S.REFUSED, _S.WITHHELD, _S.EXPIRED}),
    _S.SENDING: frozenset({_S.ACCEPTED, _S.REFUSED, _S.QUEUED, _S.EXPIRED, _S.IN_DOUBT}),
    _S.IN_DOUBT: frozenset({_S.ACCEPTED, _S.REFUSED, _S.QUEUED}),
    _S.REFUSED: frozenset({_S.QUEUED}),
    _S.EXPIRED: frozenset({_S.QUEUED}),
    _S.ACCEPTED: frozenset(),
    _S.WITHHELD: frozenset(),
}

SETTLED_AS = {
    "accepted": DeliveryState.ACCEPTED,
    "refused": DeliveryState.REFUSED,
    "again": DeliveryState.QUEUED,
}
"""What a person says became of a letter in doubt, and the state that this is."""
"""refused and expired go back to queued only by `campaign retry`."""

OPEN_STATES = frozenset({_S.QUEUED, _S.CLAIMED, _S.SENDING})
"""A campaign with a delivery in one of these is not finished."""


def may_become(before: DeliveryState, after: DeliveryState) -> bool:
    """Say whether the table has this step."""
    return after in TRANSITIONS[before]


class Claim(NamedTuple):
    """A delivery that this process has claimed, with what is needed to compose its letter.

    Args:
        fence: The attempt number. Each claim raises it; a claim that was overtaken cannot
            record or send.
        first_attempt_at: When it was first claimed: Date and Message-ID depend on it.
        give_up_at: When it is no longer tried.
        deferrals: How often a relay has put it off; the retry plan counts by it.
        address: The address that was planned, with its domain as A-label.
        attributes: The person's values as they are now; empty without a contact.
        chosen_days: Within how many days she wants one letter, 0 for all; None when she
            chose nothing.
        provider: Who keeps the mailbox, as known when the letter was planned.
        plain: The person wants text alone.
        clicks: She agreed that it is on record which links she follows; None as long as
            nobody has looked.
    """

    id: int
    fence: int
    cause_kind: CauseKind
    cause_id: int
    kind: Kind
    list_id: str | None
    contact_id: int | None
    address: str
    first_attempt_at: datetime
    give_up_at: datetime
    deferrals: int
    attributes: dict[str, object]
    language: str | None
    time_zone: str | None
    chosen_days: int | None = None
    provider: str = OTHER
    plain: bool = False
    clicks: bool | None = None
