"""What of a text may reach a terminal: nothing that moves its cursor."""


def printable(text: str) -> str:
    """Return a text with spaces for line breaks and `�` for other control characters."""
    return "".join(
        one if one.isprintable() else " " if one.isspace() else "�" for one in text
    )
