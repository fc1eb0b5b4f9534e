"""What a desk asks of whoever makes its letters."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from mailer.errors import CannotComposeError, MailerError
from mailer.model.delivery import Claim
from mailer.model.letter import Letter

_log = logging.getLogger(__name__)


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


def _of_ours(what: str, bug: Exception) -> CannotComposeError:
    """Log a fault of ours with all that is known of it, and return it as an error."""
    _log.error("%s cannot be composed, by a fault of ours", what, exc_info=bug)
    return CannotComposeError(f"a fault of ours: {bug!r}")


@contextmanager
def contained(what: str) -> Generator[None]:
    """Make a fault of ours an error about one cause, or one letter, and no other.

    Raises:
        CannotComposeError: instead of whatever is no `MailerError`.
    """
    try:
        yield
    except MailerError:
        raise
    except Exception as bug:
        raise _of_ours(what, bug) from bug


def compose(composer: Composer, claim: Claim) -> Letter:
    """Make a letter; one that cannot be made is no reason to make no others.

    Raises:
        CannotComposeError: when it can't be made, whatever is wrong.
    """
    try:
        return composer.compose(claim)
    except MailerError:
        raise
    except Exception as bug:
        # Without `contained`: a letter is made some thousand times a second.
        raise _of_ours(f"delivery {claim.id}", bug) from bug
