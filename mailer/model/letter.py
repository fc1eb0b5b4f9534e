"""A letter: its envelope and its bytes."""

from collections.abc import Sequence
from typing import NamedTuple


class Letter(NamedTuple):
    """What is handed to a relay.

    Args:
        sender: The envelope's return path, without angle brackets; "" is the null path.
        recipient: The envelope's one recipient, its domain as A-label.
        content: Header and body, every line ended by CRLF, not yet dot-stuffed.
        envelope_id: The ENVID of RFC 3461 §4.4, ASCII.
        dotless: No line of the content begins with a dot, so none has to be stuffed.
        pieces: What the content is joined of, each piece ending a line; () when unknown.
    """

    sender: str
    recipient: str
    content: bytes
    envelope_id: str
    dotless: bool = False
    pieces: Sequence[bytes] = ()
