"""Sharing what there is among mailbox providers: room in hand, and connections."""

import sys
from collections.abc import Mapping
from zlib import crc32


def part_of(whole: int, place: int, size: int) -> int:
    """Return one's part of what several share, as even as whole numbers are.

    Args:
        place: One's own among them, from 0 on.
        size: How many there are.
    """
    return whole // size + (place < whole % size)


def part_at(name: str, whole: int, place: int, size: int) -> int:
    """Return a sender's part of what a provider is given; 0 where there is too little.

    What is over goes to another sender at each provider.
    """
    return part_of(whole, (place + crc32(name.encode())) % size, size)


def room_for_one(connections: int) -> int:
    """Return how many of a sender's connections may be busy with one provider's letters.

    One that answers slowly would hold all of them, and everybody else's letters with them.

    Args:
        connections: To all relays; 0 for any number.
    """
    return max(1, connections - max(1, connections // 4)) if connections else sys.maxsize


def share_out(room: int, wants: Mapping[str, int]) -> dict[str, int]:
    """Share room among providers: what each may have, and evenly where it is tight."""
    shares: dict[str, int] = {}
    left = room
    by_want = sorted(wants.items(), key=lambda it: (it[1], it[0]))
    for place, (name, want) in enumerate(by_want):
        shares[name] = min(want, left // (len(by_want) - place))
        left -= shares[name]
    return shares
