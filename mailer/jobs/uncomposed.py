"""Telling campaigns of letters that could not be composed, each until it has heard."""

from collections.abc import Callable, Iterable

from mailer.model.delivery import CauseKind, Claim


class Uncomposed:
    """What could not be composed, and its campaign has not heard of yet."""

    def __init__(self, tell: Callable[[Claim], None]) -> None:
        self._tell = tell
        self._waiting: dict[tuple[CauseKind, int], Claim] = {}

    def tell(self, claims: Iterable[Claim]) -> None:
        """Tell of these, and of what could not be told before; called off the loop.

        Raises:
            MailerError: whoever hears could not note it; it is told again the next time.
        """
        # One of each cause: whoever hears of it counts them, which may take a while.
        for claim in claims:
            self._waiting[claim.cause_kind, claim.cause_id] = claim
        for cause, claim in list(self._waiting.items()):
            self._tell(claim)
            del self._waiting[cause]
