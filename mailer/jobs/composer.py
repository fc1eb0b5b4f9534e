"""What a desk asks of whoever makes its letters."""

from typing import Protocol

from mailer.errors import CannotComposeError
from mailer.model.delivery import Claim
from mailer.model.letter import Letter


class NotReadyError(CannotComposeError):
    """What a letter is made of is not in memory any more: it is to be claimed again."""


class Composer(Protocol):
    """Makes letters of claims."""

    def get_ready(self, claims: list[Claim]) -> list[Claim]:
        """Load and prepare the templates that these claims need; called off the loop.

        Returns:
            The claims, with what their templates ask of the people besides.
        """
        ...

    def compose(self, claim: Claim) -> Letter:
        """Make the letter.

        Raises:
            NotReadyError: `get_ready` was called with many others since.
            CannotComposeError: when this person's letter can't be made.
        """
        ...

    def domain_of(self, claim: Claim) -> str:
        """Return the domain of the letter's sender, in lower case; "" when unknown."""
        ...

    def failed(self, claim: Claim) -> None:
        """Hear that a letter was withheld because it can't be made; called off the loop."""
        ...
