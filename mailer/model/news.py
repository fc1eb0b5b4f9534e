"""What somebody of the staff wants to be told of, by mail and in the browser."""

from dataclasses import dataclass
from enum import StrEnum


class News(StrEnum):
    """What has happened to a ticket."""

    NEW = "new"
    """Somebody has written, and nobody has it yet."""
    ASSIGNED = "assigned"
    """Somebody else gave it to them."""
    ANSWER = "answer"
    """The person of a ticket of theirs has written again."""
    DUE = "due"
    """An answer to it is due soon."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told.

    Args:
        mark: What tells it from the same news of the same ticket at another time.
    """

    news: News
    ticket_id: int
    mark: int
