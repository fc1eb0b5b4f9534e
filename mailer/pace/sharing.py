"""Sharing what there is among mailbox providers: room in hand, connections, and turns."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

_TURN_S = 600
_BETWEEN_S = 30


def part_of(whole: int, place: int, size: int) -> int:
    """Return one's part of what several share, as even as whole numbers are.

    Args:
        place: One's own among them, from 0 on.
        size: How many there are.
    """
    return whole // size + (place < whole % size)


@dataclass(frozen=True, slots=True)
class Turn:
    """Which sender has at a provider what cannot be shared evenly: each for ten minutes.

    One that ended, and is not started again, so keeps nothing from a provider for long.

    Args:
        begins: What began in the turn before may be under way: nothing more begins.
    """

    number: int
    begins: bool

    @classmethod
    def at(cls, now: datetime) -> "Turn":
        """Return whose turn it is; the same for all senders."""
        number, since_s = divmod(now.timestamp(), _TURN_S)
        return cls(int(number), since_s < _BETWEEN_S)

    def part(self, name: str, whole: int, place: int, size: int) -> int:
        """Return a sender's part of what a provider is given; 0 where it has none.

        What is over goes to another sender at each provider.
        """
        moved = place + crc32(name.encode()) + self.number
        now = part_of(whole, moved % size, size)
        return min(now, part_of(whole, (moved - 1) % size, size)) if self.begins else now


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


def interleave(kinds: Sequence[T], of: Iterable[str]) -> list[T]:
    """Take turns over providers, so that none arrives as a wall; each keeps its order.

    Args:
        of: The provider of each.
    """
    queues: dict[str, list[T]] = {}
    for one, name in zip(kinds, of, strict=True):
        queues.setdefault(name, []).append(one)
    if len(queues) <= 1:
        return list(kinds)
    # Evenly spread: the k-th of n stands at (k + begin) / n of the way, and each begins a
    # little later than the one before: many with one or two would all meet in the middle.
    spread = len(queues)
    placed: Iterator[tuple[float, str, int, T]] = (
        ((place + (turn + 0.5) / spread) / len(queue), name, place, one)
        for turn, (name, queue) in enumerate(queues.items())
        for place, one in enumerate(queue)
    )
    return [one for *_, one in sorted(placed, key=lambda it: it[:3])]
