"""Letters that would be one too many on the way to their provider, and wait at the desk."""

import collections
from collections.abc import Callable
from dataclasses import dataclass

from mailer.jobs.shaper import Shaper
from mailer.model.delivery import Claim
from mailer.model.letter import Letter
from mailer.model.patience import can_wait


@dataclass(slots=True)
class Errand:
    """A claim and its letter."""

    claim: Claim
    letter: Letter
    provider: str = ""
    """Under which name it is on its way to its provider; "" for none."""
    at_most: int = 0
    """How many letters to its provider one connection carries; 0 for no limit."""
    nth: int = 0
    """The how many-th to its provider over its connection it is."""


class Parking:
    """One desk's letters that wait for others to the same provider.

    While one waits another is on its way; each that is not any more lets one follow. But
    what follows may be withheld, and the other be on its way over another relay: so whoever
    looks for an errand asks what is free too.
    """

    def __init__(self, shaper: Shaper) -> None:
        self._shaper = shaper
        self._ready: dict[str, collections.deque[Errand]] = {}
        self._claims: dict[str, collections.deque[Claim]] = {}

    def __bool__(self) -> bool:
        return bool(self._ready or self._claims)

    def keeps(self, claim: Claim) -> bool:
        """Keep a claim that need not even be composed yet; False for all others."""
        name = self._shaper.full(claim)
        if name is None:
            return False
        self._claims.setdefault(name, collections.deque()).append(claim)
        return True

    def enter(self, errand: Errand) -> bool:
        """Let an errand be on its way, or keep it."""
        entered = self._shaper.enter(errand.claim)
        if entered is None:
            name = self._shaper.provider_of(errand.claim)
            self._ready.setdefault(name, collections.deque()).append(errand)
            return False
        errand.provider, errand.at_most = entered
        return True

    def left(self, errand: Errand) -> Errand | Claim | None:
        """Note that an errand is not on its way any more; return what may follow."""
        name = errand.provider
        if not name:
            return None
        self._shaper.rooms.leave(name)
        return self._next(name)

    def free(self) -> list[Errand | Claim]:
        """Take out one for each provider to which another may be on its way."""
        names = [*self._ready, *(one for one in self._claims if one not in self._ready)]
        found = (self._next(name) for name in names if self._has_room(name))
        return [one for one in found if one is not None]

    def _has_room(self, name: str) -> bool:
        ready = self._ready.get(name)
        waited_for = ready is not None and not can_wait(ready[0].claim)
        return self._shaper.rooms.has_room(name, waited_for=waited_for)

    def _next(self, name: str) -> Errand | Claim | None:
        one: Errand | Claim | None = None
        if ready := self._ready.get(name):
            one = ready.popleft()
            if not ready:
                del self._ready[name]
        elif claims := self._claims.get(name):
            one = claims.popleft()
            if not claims:
                del self._claims[name]
        return one

    def take_out(self, falls: Callable[[Claim], bool]) -> list[Claim]:
        """Take out what falls under a rule, and return it."""
        out: list[Claim] = []
        for name, ready in list(self._ready.items()):
            out += [one.claim for one in ready if falls(one.claim)]
            if kept := [one for one in ready if not falls(one.claim)]:
                self._ready[name] = collections.deque(kept)
            else:
                del self._ready[name]
        for name, claims in list(self._claims.items()):
            out += filter(falls, claims)
            if left := [one for one in claims if not falls(one)]:
                self._claims[name] = collections.deque(left)
            else:
                del self._claims[name]
        # One that was to follow may be among what falls, here or elsewhere at the desk.
        for look in self._shaper.rooms.on_room:
            look()
        return out

    def count(self) -> collections.Counter[str]:
        """Count what waits here, by provider; called off the loop."""
        counted: collections.Counter[str] = collections.Counter()
        for name, ready in tuple(self._ready.items()):
            counted[name] += len(ready)
        for name, claims in tuple(self._claims.items()):
            counted[name] += len(claims)
        return counted
