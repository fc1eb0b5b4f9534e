"""How rows of what people say are written down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What one person says.

    Args:
        charsets: In which their mail program may write it.
    """

    language: str
    name: str
    address: str
    charsets: tuple[str, ...]
    subject: str
    text: str


def read(rows: str) -> tuple[Said, ...]:
    """Read rows of fields with a bar between each two."""
    found = []
    for row in rows.strip().splitlines():
        language, name, address, charsets, subject, text = row.split(" | ")
        found.append(Said(language, name, address, tuple(charsets.split()), subject, text))
    return tuple(found)
