"""A file that goes with a letter of support: its bytes, and what they are called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attached:
    """One file.

    Args:
        name: Without folders, and without anything that could mislead.
        type: Its content type, in small letters.
    """

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AttachedView:
    """What is known about a file that was sent, beside its bytes.

    Args:
        id: Its number among all of them.
    """

    id: int
    name: str
    type: str
    size_bytes: int
