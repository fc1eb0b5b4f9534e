"""An enclosure: a file that goes with a letter, as an image in it or attached to it."""

from dataclasses import dataclass

IMAGE_TYPES = {
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}
"""Images that mail programs show, and how the names of their files end."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What is known about an enclosure beside its bytes.

    Args:
        hash: The SHA-256 of its bytes in hexadecimal: what it is kept and served under.
        type: Its content type.
        width: Of an image, in pixels; 0 of anything else.
    """

    hash: str
    type: str
    size_bytes: int
    width: int = 0

    @property
    def file(self) -> str:
        """What its address ends with where it is served."""
        return f"{self.hash}.{IMAGE_TYPES[self.type]}"
