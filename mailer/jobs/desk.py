"""The couriers' desk: hands out errands and takes in what came of them."""

import asyncio
import collections
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from mailer.errors import CannotComposeError
from mailer.jobs.composer import NotReadyError, compose
from mailer.jobs.means import Means
from mailer.jobs.parking import Errand, Parking
from mailer.jobs.settle import Terms, past, released, settled, withheld
from mailer.model.delivery import Claim, Withheld
from mailer.model.letter import Letter
from mailer.model.outcome import Accepted, InDoubt, Outcome, Released
from mailer.model.patience import can_wait, lane_of

_AT_ONCE = 8
_STOCKED = 12
"""How many letters are composed ahead while others are being written down."""

_log = logging.getLogger(__name__)


class Desk:
    """One sender's desk, shared by its couriers."""

    def __init__(self, means: Means, terms: Terms, idle_s: float) -> None:
        self._means = means
        self._terms = terms
        self._idle_s = idle_s
        self._chance = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._failed: list[Claim] = []
        self._ready: collections.deque[Errand] = collections.deque()
        self._parking = Parking(means.shaper)
        means.shaper.rooms.on_room.append(self._look)
        self._at_the_signers: dict[tuple[int, int], Claim] = {}
        """What is being signed, by its number and fence; whoever drops it takes it out."""
        self._waiting: collections.deque[asyncio.Future[None]] = collections.deque()
        self._bug: BaseException | None = None
        self._stocking = False
        self.idle = 0
        """How many couriers wait for an errand with an open line."""
        self.accepted = 0
        self.on_answer: Callable[[], None] = lambda: None
        """Called when the relay answers about a letter: it is not in trouble then."""
        self.on_shut: Callable[[], None] = lambda: None
        """Called when an hour or a day has left nothing, or only what is reserved."""
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
        self._means.gate.close()
        self._means.register.well.set()
        self._wake(len(self._waiting))

    def unready(self) -> None:
        """Put what was composed and nobody took back among the claims, for others."""
        self._means.stock.put_back(self._drop_ready(lambda _: True))

    def __len__(self) -> int:
        return len(self._ready) + len(self._at_the_signers) + len(self._means.stock)

    async def wait(self, timeout_s: float | None) -> bool:
        """Wait until there may be an errand; False after the time-out or the stop."""
        self._unpark()
        if (self._ready or self._at_the_signers) and not self._means.stock.stopped:
            return True
        return await self._means.stock.wait(timeout_s)

    async def _wait_for_signature(self) -> None:
        """Wait until a letter comes back from the signers, or there is none there."""
        if self._at_the_signers and not self._ready and not self._means.stock.stopped:
            came = asyncio.get_running_loop().create_future()
            self._waiting.append(came)
            await came

    def _wake(self, couriers: int) -> None:
        while couriers and self._waiting:
            came = self._waiting.popleft()
            if not came.done():
                came.set_result(None)
                couriers -= 1

    def rest(self) -> list[Claim]:
        """Return what nobody took, once closed."""
        return [*self._drop_ready(lambda _: True), *self._means.stock.take_all()]

    def drop(self, falls: Callable[[Claim], bool]) -> list[Claim]:
        """Take what falls under a rule out of all that nobody took, and return it."""
        return [*self._drop_ready(falls), *self._means.stock.take_out(falls)]

    def _drop_ready(self, falls: Callable[[Claim], bool]) -> list[Claim]:
        dropped = [one.claim for one in self._ready if falls(one.claim)]
        kept = [one for one in self._ready if not falls(one.claim)]
        self._ready = collections.deque(kept)
        dropped += self._parking.take_out(falls)
        for key, claim in list(self._at_the_signers.items()):
            if falls(claim):
                dropped.append(self._at_the_signers.pop(key))
        if not self._at_the_signers:
            self._wake(len(self._waiting))
        return dropped

    async def take(self) -> Errand | None:
        """Wait for the next errand and its slot; None ends the line for now."""
        while True:
            self.idle += 1
            try:
                if not await self.wait(self._idle_s):
                    return None
                self._compose()
                await self._wait_for_signature()
            finally:
                self.idle -= 1
            errand = self._next()
            if errand is None:
                continue
            if await self._means.gate.wait(patient=can_wait(errand.claim)):
                return self._first_of(errand)
            self._left(errand)
            self._ready.appendleft(errand)
            self.on_shut()
            return None

    def _first_of(self, errand: Errand) -> Errand | None:
        """Return what leaves by a slot: what came meanwhile, if somebody waits for it."""
        if not can_wait(errand.claim):
            return errand
        if (stock := self._means.stock).urgent and (claim := stock.next_now()):
            self._make(claim)
        if not self._ready or can_wait(self._ready[0].claim):
            return errand
        urgent = self._ready.popleft()
        self._left(errand)
        self._ready.extendleft((errand, urgent))
        return self._next()

    def take_now(self) -> Errand | None:
        """Return the next errand if it and its slot are there this moment."""
        self._compose()
        errand = self._next() if self._ready else None
        if errand is None or self._means.gate.pass_now():
            return errand
        self._left(errand)
        self._ready.appendleft(errand)
        return None

    def _next(self) -> Errand | None:
        """Return the next errand, None when there is none (any more)."""
        if self._bug is not None:
            raise self._bug
        while self._ready and not self._means.stock.stopped:
            errand = self._ready.popleft()
            if self._parking.enter(errand):
                return errand
        return None

    def _left(self, errand: Errand) -> None:
        """Note that an errand is not on its way any more; another may be."""
        self._follow(self._parking.left(errand))

    def _look(self) -> None:
        """Let those who wait look whether something that is parked may go."""
        if self._parking:
            self._means.stock.nudge()

    def _unpark(self) -> None:
        for one in self._parking.free() if self._parking else ():
            self._follow(one)

    def _follow(self, follows: Errand | Claim | None) -> None:
        if isinstance(follows, Errand):
            self._ready.appendleft(follows)
            self._means.stock.nudge()
            self._wake(1)
        elif follows is not None:
            self._means.stock.put_back([follows])

    def held(self) -> collections.Counter[str]:
        """Count what is in hand beside the stock, by provider; called off the loop."""
        ready = [one.claim.provider for one in tuple(self._ready)]
        signing = [one.provider for one in tuple(self._at_the_signers.values())]
        return self._parking.count() + collections.Counter([*ready, *signing])

    def _compose(self, enough: int = 1) -> None:
        """Compose until something is ready, and enough is being signed.

        A few are composed one after the other: between two turns at the network each would
        take half as long again, until all that it works with is back in the processor.
        """
        self._unpark()
        stock = self._means.stock
        enough = max(enough, self._means.signing.ahead)
        while len(stock) and not stock.stopped:
            if len(self._ready) + len(self._at_the_signers) >= enough:
                break
            for _ in range(_AT_ONCE):
                claim = stock.next_now()
                if claim is None:
                    break
                if not self._parking.keeps(claim):
                    self._make(claim)

    def _make(self, claim: Claim) -> None:
        """Compose a letter; it is ready at once, or when it is signed."""
        composer, signing = self._means.composer, self._means.signing
        now = self._means.clock()
        if (over := past(claim, now)) is not None:
            self._means.register.note(over)
            return
        try:
            letter = compose(composer, claim)
        except CannotComposeError as problem:
            self._withhold(claim, problem)
            return
        signer = signing.signer_for(composer.domain_of(claim)) if signing.signs else None
        if signer is None:
            self._is_ready(Errand(claim, letter))
            if self._waiting:
                self._wake(1)
            return
        self._at_the_signers[claim.id, claim.fence] = claim
        signed = signing.begin(letter, signer, claim.first_attempt_at)
        signed.add_done_callback(partial(self._signed, claim))

    def _is_ready(self, errand: Errand) -> None:
        if can_wait(errand.claim):
            self._ready.append(errand)
            return
        lane = lane_of(errand.claim)
        before = (one for one in self._ready if lane_of(one.claim) <= lane)
        self._ready.insert(sum(1 for _ in before), errand)

    def _signed(self, claim: Claim, signed: asyncio.Future[Letter]) -> None:
        """Take a letter back from the signers; unsigned none is ever ready."""
        if signed.cancelled():
            return
        problem = signed.exception()
        if self._at_the_signers.pop((claim.id, claim.fence), None) is None:
            return
        if isinstance(problem, CannotComposeError):
            self._withhold(claim, problem)
        elif problem is not None:
            self._bug = problem
        else:
            self._is_ready(Errand(claim, signed.result()))
        self._wake(1 if self._at_the_signers else len(self._waiting))

    def _withhold(self, claim: Claim, problem: CannotComposeError) -> None:
        now = self._means.clock()
        if isinstance(problem, NotReadyError):
            # Nothing is wrong with it: claimed again, it is prepared again.
            self._means.register.note(released(claim, now))
            return
        _log.warning("delivery %d cannot be composed: %s", claim.id, problem)
        change = withheld(claim, Withheld.CANNOT_COMPOSE, now, str(problem))
        self._means.register.note(change)
        self._failed.append(claim)

    async def may_leave(self, errand: Errand) -> bool:
        """Put it on record as `sending`; False when it may not leave any more."""
        if not self._stocking:  # behind what hands the page in: nobody waits meanwhile
            self._stocking = True
            asyncio.get_running_loop().call_soon(self._stock_up)
        if await self._means.register.leave(errand.claim):
            await self._means.gate.leave()
            return True
        self._left(errand)
        return False

    def _stock_up(self) -> None:
        """Compose what the lines will ask for, while the scribe writes."""
        self._stocking = False
        try:
            self._compose(_STOCKED)
        except Exception as bug:  # noqa: BLE001 - whoever takes the next errand raises it
            self._bug = bug

    async def writable(self) -> bool:
        """Wait until the register can write; False when everything ends meanwhile."""
        await self._means.register.well.wait()
        return not self._means.stock.stopped

    def settle(self, errand: Errand, outcome: Outcome) -> None:
        """Keep what came of it for the next commit."""
        self.on_outcome(outcome)
        self._means.shaper.heard(errand.claim, outcome, errand.nth)
        self._left(errand)
        if isinstance(outcome, Accepted):
            self.accepted += 1
            self.on_answer()
        elif not isinstance(outcome, Released):
            _log.info("delivery %d: %s", errand.claim.id, outcome)
            if not isinstance(outcome, InDoubt):
                self.on_answer()
        chance, now = self._chance.random(), self._means.clock()
        change = settled(errand.claim, outcome, self._terms, now, chance=chance)
        self._means.register.note(change)

    def take_failed(self) -> list[Claim]:
        """Return the claims that could not be composed since the last asking."""
        failed, self._failed = self._failed, []
        return failed
