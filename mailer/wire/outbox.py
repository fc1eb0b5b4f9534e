"""Another way to send: letters go into files, and to nobody. A rehearsal's way.

It asks the same desk for the same leave as the courier on a line does, and says the same of
what came of it; but there is no mail server that could get anything.
"""

import asyncio
from collections.abc import Callable
from typing import Generic

from mailer.model.letter import Letter
from mailer.model.outcome import Accepted, Outcome, Released, Reply, Stage
from mailer.wire.courier import Desk, E

Keep = Callable[[Letter], str]
"""Writes a letter into a file and returns how that is called; raises OSError."""

_CODE = 250


class OutboxCourier(Generic[E]):
    """Puts one desk's errands into files, until there are none."""

    def __init__(self, keep: Keep, desk: Desk[E]) -> None:
        self._keep = keep
        self._desk = desk
        self._aborted = False

    async def work(self) -> Released | None:
        """Put letters into files until there are none; return the disk's trouble."""
        while not self._aborted and (errand := await self._desk.take()) is not None:
            if not await self._desk.may_leave(errand):
                continue
            outcome = await self._kept(errand)
            self._desk.settle(errand, outcome)
            if isinstance(outcome, Released):
                return outcome
        return None

    async def _kept(self, errand: E) -> Outcome:
        try:
            name = await asyncio.to_thread(self._keep, errand.letter)
        except OSError as problem:
            # There is no whole file then: it is known not to have arrived.
            words = f"it could not be written: {problem.strerror}"
            return Released(Reply(0, "", words), Stage.CONTENT)
        return Accepted(Reply(_CODE, "", f"rehearsed: written to {name}"), name)

    def abort(self, why: str) -> None:
        """Take nothing more."""
        del why
        self._aborted = True


class OutboxWay:
    """The way into a folder, with nothing to open."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    async def open(self, desk: Desk[E]) -> OutboxCourier[E]:
        """Return a courier for a desk."""
        return OutboxCourier(self._keep, desk)
