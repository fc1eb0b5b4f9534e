"""A block: whose mail is kept and closed at once, and never acknowledged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Blocked:
    """One block.

    Args:
        value: An address in its match form, or a domain, which holds for all below it.
        who: Who of the staff said so.
    """

    value: str
    why: str
    who: str
    at: datetime


def names_of(match: str) -> list[str]:
    """Return by what somebody may be blocked: the address, its domain, and those above."""
    domain = match.rpartition("@")[2]
    labels = domain.split(".") if domain else []
    above = [".".join(labels[at:]) for at in range(len(labels))]
    return [one for one in (match, *above) if one]
