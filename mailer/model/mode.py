"""Whether letters leave in earnest: a workspace rehearses until somebody makes it live."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What a workspace does with its letters."""

    REHEARSAL = "rehearsal"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Where letters go instead of to the people whom they are for.

    Args:
        to: The one address that gets them all; "" for files in `folder`.
        folder: As it is shown: relative to the workspace's.
    """

    to: str = ""
    folder: str = "outbox"

    def words(self) -> str:
        """Say where letters go."""
        if self.to:
            return f"all letters go to {self.to}, and to nobody else"
        return f"letters go to files in {self.folder}/, and to nobody"
