"""Which letters can wait, and for which of them somebody waits."""

from mailer.model.delivery import Claim
from mailer.model.kind import KINDS, PATIENT

_LANE = {kind: rule.lane.value for kind, rule in KINDS.items()}
_CAN_WAIT = {kind: rule.lane in PATIENT for kind, rule in KINDS.items()}


def lane_of(claim: Claim) -> int:
    """Return the lane of a letter: a lower one goes first."""
    return _LANE[claim.kind]


def can_wait(claim: Claim) -> bool:
    """Say whether nobody waits for a letter at this moment."""
    return _CAN_WAIT[claim.kind]
