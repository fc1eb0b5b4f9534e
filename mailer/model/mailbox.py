"""A mailbox that mail is read from: how far it was read, and what came out of it."""

from dataclasses import dataclass

BEGINNING_BYTES = 65_536
"""So much is kept of a message that is too long."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an IMAP mailbox was read.

    UIDs count upwards, and mean something only under their UIDVALIDITY (RFC 3501 §2.3.1.1).

    Args:
        missed: UIDs up to here that the server listed and did not hand out; they are asked
            for again.
    """

    uidvalidity: int
    uid: int
    missed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages of a mailbox: all of them are committed, then the next are asked for.

    Args:
        cursor: How far the mailbox was read with them; None where it keeps none.
        names: What the mailbox calls them.
        notes: What somebody should know: a message that is too long, or can't be had.
    """

    messages: tuple[bytes, ...]
    cursor: Cursor | None = None
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def cut(beginning: bytes, size_bytes: int) -> bytes:
    """Return what is kept of a message that is too long: its beginning, with a word."""
    line = f"X-Cut-Short: the beginning of {size_bytes} bytes, longer than the limit"
    return f"{line}\r\n".encode() + beginning[:BEGINNING_BYTES]
