"""Which letters can wait, and for which of them somebody waits."""

from mailer.model.delivery import Claim
from mailer.model.kind import KINDS, PATIENT

_CAN_WAIT = {kind: rule.lane in PATIENT for kind, rule in KINDS.items()}


def can_wait(claim: Claim) -> bool:
    """Say whether nobody waits for a letter at this moment."""
    return _CAN_WAIT[claim.kind]
