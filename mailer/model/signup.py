"""Signing up: what a list asks for on its page, and how long and how often one may ask."""

from dataclasses import dataclass
from datetime import timedelta

CONFIRMATION = "confirm-sign-up"
"""The mail template that asks for confirmation where a list names no other."""


WELCOME = "welcome"
"""The mail template that welcomes people where a list's `[welcome]` names no other."""

LONGEST_DELAY = timedelta(days=365)
"""So long a welcome may wait at most."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What `[welcome]` of a list's file says: a letter after a person's first own yes.

    Args:
        template: The mail template, of the kind journey.
        delay: How long after the yes it is due.
    """

    template: str = WELCOME
    delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the page beside the address.

    Args:
        attribute: Which attribute the answer becomes.
        label: What stands before the field; "" for the attribute's name.
        choices: What may be chosen; () for anything that the attribute can hold.
        required: Nobody joins without an answer.
    """

    attribute: str
    label: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class SignUpPage:
    """What `[sign_up]` of a list's file says.

    Args:
        template: The mail template of the confirmation letter.
        partners: Whom people may let have their data, by an empty box each.
    """

    questions: tuple[Question, ...] = ()
    template: str = CONFIRMATION
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignUpRules:
    """How long and how often; each limit counts what was asked, whoever it was about.

    Args:
        confirm_within: How long a confirmation's link works.
        kept_for: How long a sign-up that nobody confirmed is kept.
        letters_a_day: Confirmation letters to one address in 24 hours, over all lists.
        from_network_an_hour: Sign-ups from one network (an IPv4 /24, an IPv6 /56).
        an_hour: Sign-ups in all.
    """

    confirm_within: timedelta = timedelta(hours=72)
    kept_for: timedelta = timedelta(days=30)
    letters_a_day: int = 3
    from_network_an_hour: int = 20
    an_hour: int = 1000
