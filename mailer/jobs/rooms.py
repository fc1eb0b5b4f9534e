"""How many letters of a sender are on their way to each mailbox provider, and may be."""

import collections
from collections.abc import Callable, Mapping
from datetime import datetime

from mailer.model.provider import OTHER
from mailer.pace import shaping
from mailer.pace.providers import Providers
from mailer.pace.shaping import WELL, Standing
from mailer.pace.sharing import Turn, room_for_one


class Rooms:
    """The rooms of one sender; several share what a provider takes at once."""

    def __init__(
        self, providers: Providers, connections: int = 0, place: int = 0, senders: int = 1
    ) -> None:
        """Build it.

        Args:
            connections: How many this sender may open, to all relays; 0 for any number.
            place: Which of the senders it is, from 0 on.
        """
        self._providers = providers
        self._most = room_for_one(connections)
        self._place, self._senders = place, senders
        self._turn: Turn | None = None
        self._under_way: collections.Counter[str] = collections.Counter()
        self.at_once: dict[str, int] = {}
        """How many may be, by provider; 0 where there is too little for each sender."""
        self.on_room: list[Callable[[], None]] = []
        """All called when letters that wait for others to their provider may go."""

    def has_room(self, name: str, *, waited_for: bool = False) -> bool:
        """Say whether one more letter to a provider may be on its way.

        Args:
            waited_for: Somebody waits for it: one goes from here too, whatever our part.
        """
        limit = min(self._most, self.at_once.get(name, self._most))
        return self._under_way[name] < (limit or waited_for)

    def enter(self, name: str) -> None:
        """Count a letter that is on its way."""
        self._under_way[name] += 1

    def leave(self, name: str) -> None:
        """Hear that a letter that entered is not on its way any more."""
        self._under_way[name] -= 1
        for look in self.on_room:
            look()

    def under_way(self) -> collections.Counter[str]:
        """Count what is on its way, by provider; called off the loop."""
        return collections.Counter(dict(self._under_way))

    def left_to_others(self) -> list[str]:
        """Return the providers that take too few at once for this sender to have one."""
        return [name for name, limit in self.at_once.items() if not limit]

    def is_due(self, now: datetime) -> bool:
        """Say whether another sender's turn has come since the last reckoning."""
        return self._senders > 1 and Turn.at(now) != self._turn

    def reckon(self, standings: Mapping[str, Standing], now: datetime) -> None:
        """Go by what is known of providers now."""
        self._turn = Turn.at(now)
        at_once: dict[str, int] = {}
        for name in {*self._providers.known, *standings}:
            standing = standings.get(name, WELL)
            limit = shaping.at_once_of(standing, self._providers.limits_of(name))
            if limit or name != OTHER:
                part = self._part(self._turn, name, limit) if limit else self._most
                at_once[name] = part
        self.at_once = at_once

    def _part(self, turn: Turn, name: str, limit: int) -> int:
        part = turn.part(name, limit, self._place, self._senders)
        # What is not claimed by its provider may be in anybody's hand.
        by_provider = name in self._providers.known and name != OTHER
        return part if by_provider else max(1, part)
