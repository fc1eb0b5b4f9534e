"""What contacts do of their own accord: an event, with its kind and when it was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What somebody did; each shows that she still cares to hear from us.

    A letter that was opened is none of them: no pixel tells, and machines fetch pictures.
    """

    REPLIED = "replied"
    ANSWERED = "answered"
    VISITED = "visited"
    ORDERED = "ordered"
    CLICKED = "clicked"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a contact did.

    Args:
        about: What it was about, such as the name of a survey; "" for nothing.
    """

    kind: EventKind
    at: datetime
    about: str = ""
