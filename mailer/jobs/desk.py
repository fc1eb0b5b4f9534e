"""The couriers' desk: hands out errands and takes in what came of them."""

import collections
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from mailer.errors import CannotComposeError
from mailer.jobs.gate import Gate
from mailer.jobs.register import Register
from mailer.jobs.settle import Terms, expired, settled, withheld
from mailer.jobs.stock import Stock
from mailer.model.delivery import CauseKind, Claim, Withheld
from mailer.model.letter import Letter
from mailer.model.outcome import Accepted, InDoubt, Outcome, Released

_AT_ONCE = 8

_log = logging.getLogger(__name__)


class Composer(Protocol):
    """Makes letters of claims."""

    def get_ready(self, claims: list[Claim]) -> None:
        """Load and prepare the templates that these claims need; called off the loop."""
        ...

    def compose(self, claim: Claim) -> Letter:
        """Make the letter.

        Raises:
            CannotComposeError: when this person's letter can't be made.
        """
        ...

    def domain_of(self, claim: Claim) -> str:
        """Return the domain of the letter's sender, in lower case; "" when unknown."""
        ...

    def failed(self, claim: Claim) -> None:
        """Hear that a letter was withheld because it can't be made; called off the loop."""
        ...


@dataclass(slots=True)
class Errand:
    """A claim and its letter."""

    claim: Claim
    letter: Letter


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with."""

    stock: Stock
    gate: Gate
    register: Register
    composer: Composer
    clock: Callable[[], datetime]


class Desk:
    """One sender's desk, shared by its couriers."""

    def __init__(self, means: Means, terms: Terms, idle_s: float) -> None:
        self._means = means
        self._terms = terms
        self._idle_s = idle_s
        self._chance = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._failed: list[Claim] = []
        self._ready: collections.deque[Errand] = collections.deque()
        self.idle = 0
        """How many couriers wait for an errand with an open line."""
        self.accepted = 0
        self.on_answer: Callable[[], None] = lambda: None
        """Called when the relay answers about a letter: it is not in trouble then."""
        self.on_shut: Callable[[], None] = lambda: None
        """Called when the relay has had all that an hour or a day allows."""
        self.on_outcome: Callable[[Outcome], None] = lambda _: None
        """Called with what came of each letter."""

    @property
    def pause(self) -> timedelta:
        """How long the relay is left alone after trouble, at the moment."""
        return self._terms.pause

    @pause.setter
    def pause(self, pause: timedelta) -> None:
        self._terms = replace(self._terms, pause=pause)

    def close(self) -> None:
        """Hand nothing more out, and let nobody wait."""
        self._means.stock.stop()
        self._means.register.well.set()

    def unready(self) -> None:
        """Put what was composed and nobody took back among the claims, for others."""
        self._means.stock.put_back(self._drop_ready(lambda _: True))

    def __len__(self) -> int:
        return len(self._ready) + len(self._means.stock)

    async def wait(self, timeout_s: float | None) -> bool:
        """Wait until there may be an errand; False after the time-out or the stop."""
        if self._ready and not self._means.stock.stopped:
            return True
        return await self._means.stock.wait(timeout_s)

    def rest(self) -> list[Claim]:
        """Return what nobody took, once closed."""
        return [*self._drop_ready(lambda _: True), *self._means.stock.take_all()]

    def drop(self, causes: set[tuple[CauseKind, int]]) -> list[Claim]:
        """Take what some causes put here out of the stock, and return it."""
        mine = self._drop_ready(lambda one: (one.cause_kind, one.cause_id) in causes)
        return [*mine, *self._means.stock.drop(causes)]

    def _drop_ready(self, falls: Callable[[Claim], bool]) -> list[Claim]:
        dropped = [one.claim for one in self._ready if falls(one.claim)]
        kept = [one for one in self._ready if not falls(one.claim)]
        self._ready = collections.deque(kept)
        return dropped

    async def take(self) -> Errand | None:
        """Wait for the next errand and its slot; None ends the line in peace."""
        while True:
            self.idle += 1
            try:
                if not await self.wait(self._idle_s):
                    return None
            finally:
                self.idle -= 1
            errand = self._next()
            if errand is None:
                continue
            if await self._means.gate.wait():
                return errand
            # Who waits for the next hour needs no open line meanwhile.
            self._ready.appendleft(errand)
            self.on_shut()
            return None

    def take_now(self) -> Errand | None:
        """Return the next errand if it and its slot are there this moment."""
        while len(self) and not self._means.stock.stopped and self._means.gate.pass_now():
            errand = self._next()
            if errand is not None:
                return errand
        return None

    def _next(self) -> Errand | None:
        """Return the next errand, None when there is none (any more).

        A few are composed one after the other: between two turns at the network each would
        take half as long again, until all that it works with is back in the processor.
        """
        stock = self._means.stock
        while not self._ready and len(stock) and not stock.stopped:
            for _ in range(_AT_ONCE):
                claim = stock.next_now()
                errand = None if claim is None else self._errand(claim)
                if errand is not None:
                    self._ready.append(errand)
        return self._ready.popleft() if self._ready and not stock.stopped else None

    def _errand(self, claim: Claim) -> Errand | None:
        now = self._means.clock()
        if claim.give_up_at <= now:
            self._means.register.note(expired(claim, now))
            return None
        try:
            return Errand(claim, self._means.composer.compose(claim))
        except CannotComposeError as problem:
            _log.warning("delivery %d cannot be composed: %s", claim.id, problem)
            change = withheld(claim, Withheld.CANNOT_COMPOSE, now, str(problem))
            self._means.register.note(change)
            self._failed.append(claim)
            return None

    async def may_leave(self, errand: Errand) -> bool:
        """Put it on record as `sending`; False when it may not leave any more."""
        return await self._means.register.leave(errand.claim)

    async def writable(self) -> bool:
        """Wait until the register can write; False when everything ends meanwhile."""
        await self._means.register.well.wait()
        return not self._means.stock.stopped

    def settle(self, errand: Errand, outcome: Outcome) -> None:
        """Keep what came of it for the next commit."""
        self.on_outcome(outcome)
        if isinstance(outcome, Accepted):
            self.accepted += 1
        elif not isinstance(outcome, Released):
            _log.info("delivery %d: %s", errand.claim.id, outcome)
        if not isinstance(outcome, Released | InDoubt):
            self.on_answer()
        self._means.register.note(
            settled(
                errand.claim,
                outcome,
                self._terms,
                self._means.clock(),
                chance=self._chance.random(),
            )
        )

    def take_failed(self) -> list[Claim]:
        """Return the claims that could not be composed since the last asking."""
        failed, self._failed = self._failed, []
        return failed
