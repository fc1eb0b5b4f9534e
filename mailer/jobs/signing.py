"""Signing letters beside a sender's loop: in threads; many in processes.

A signature takes as long as all the rest of a letter, or longer; OpenSSL lets go of the
interpreter while it works. Processes (`jobs/signers.py`) are started when letters wait for
it; until they are there, and for what one that ended still owed, threads do it.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from mailer.compose.sign import Signer, Signers, Unsigned, signed, signer_for, unsigned
from mailer.errors import CannotComposeError
from mailer.jobs.signers import SignerLostError, SignerProcess
from mailer.model.letter import Letter

_log = logging.getLogger(__name__)

AHEAD = 120
"""How many letters of a desk are signed, or being signed, before a courier asks.

With a third of that processors stand idle now and then, waiting for each other.
"""

MANY = 24
"""From how many signatures under way on processes are worth their start and memory."""

AGAIN_AFTER_S = 60.0
"""How long those that are left do it when processes have ended, before others start."""


def share_of_processors(senders: int) -> int:
    """Return how many processes each of some senders may start: at least one."""
    return max(1, (os.cpu_count() or 1) // senders)


class Signing:
    """Signs for the desks of one sender."""

    def __init__(self, signers: Signers, processes: int = 1) -> None:
        """Build it; nothing is started yet.

        Args:
            processes: How many it may start.
        """
        self._signers = signers
        self._places = {id(one): place for place, one in enumerate(signers.values())}
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "sign")
        self._at_most = processes
        self._processes: list[SignerProcess] = []
        self._starting: asyncio.Future[list[SignerProcess]] | None = None
        self._lost: list[SignerProcess] = []
        self._again_at = 0.0
        self._under_way = 0
        self._closed = False

    @property
    def signs(self) -> bool:
        """Whether there is any domain that it signs for."""
        return bool(self._signers)

    @property
    def ahead(self) -> int:
        """How many letters a desk has in hand; one when nothing is signed."""
        return AHEAD if self._signers else 1

    def signer_for(self, domain: str) -> Signer | None:
        """Return who signs letters from a domain; None when nobody does."""
        return signer_for(self._signers, domain) if self._signers else None

    def begin(self, letter: Letter, signer: Signer, at: datetime) -> asyncio.Future[Letter]:
        """Have a letter signed; called on the loop, where its future is done too."""
        done: asyncio.Future[Letter] = asyncio.get_running_loop().create_future()
        try:
            made = unsigned(letter, signer, at)
        except CannotComposeError as problem:
            done.set_exception(problem)
            return done
        self._under_way += 1
        done.add_done_callback(self._ended)
        if self._under_way >= MANY and self._may_start():
            self._start()
        if any(one.lost for one in self._processes):
            self._bury()
        free = min(self._processes, key=lambda one: one.asked, default=None)
        if free is None:
            self._by_thread(letter, made, signer, done)
        else:
            signature = free.sign(self._places[id(signer)], made.digest)
            signature.add_done_callback(partial(self._came, letter, made, signer, done))
        return done

    def _by_thread(
        self, letter: Letter, made: Unsigned, signer: Signer, done: asyncio.Future[Letter]
    ) -> None:
        loop = asyncio.get_running_loop()
        signature = loop.run_in_executor(self._threads, signer.signature, made.digest)
        signature.add_done_callback(partial(self._came, letter, made, signer, done))

    def _came(
        self,
        letter: Letter,
        made: Unsigned,
        signer: Signer,
        done: asyncio.Future[Letter],
        signature: asyncio.Future[bytes],
    ) -> None:
        if done.done():
            return
        if signature.cancelled():
            done.cancel()
        elif (problem := signature.exception()) is None:
            done.set_result(signed(letter, made, signature.result()))
        elif isinstance(problem, SignerLostError) and not self._closed:
            self._by_thread(letter, made, signer, done)
        elif isinstance(problem, SignerLostError):
            done.cancel()
        else:
            done.set_exception(problem)

    def _ended(self, _: asyncio.Future[Letter]) -> None:
        self._under_way -= 1

    def _bury(self) -> None:
        """Have others started in a while, in place of those that are lost."""
        self._lost += [one for one in self._processes if one.lost]
        self._processes = [one for one in self._processes if not one.lost]
        self._wait_a_while()

    def _wait_a_while(self) -> None:
        self._again_at = asyncio.get_running_loop().time() + AGAIN_AFTER_S

    def _may_start(self) -> bool:
        if self._starting is not None or self._closed:
            return False
        if len(self._processes) >= self._at_most:
            return False
        return asyncio.get_running_loop().time() >= self._again_at

    def _start(self) -> None:
        loop, missing = asyncio.get_running_loop(), self._at_most - len(self._processes)
        self._starting = loop.run_in_executor(None, self._started, missing)
        self._starting.add_done_callback(self._join)

    def _started(self, missing: int) -> list[SignerProcess]:
        keys = [one.key for one in self._signers.values()]
        started: list[SignerProcess] = []
        try:
            while len(started) < missing:
                started.append(SignerProcess(keys))
        except OSError as problem:
            _log.error("no more processes that sign can be started: %s", problem)
        return started

    def _join(self, starting: asyncio.Future[list[SignerProcess]]) -> None:
        if starting.cancelled() or self._closed:
            return
        self._starting = None
        if (problem := starting.exception()) is not None:
            _log.error("no processes that sign can be started: %r", problem)
            self._wait_a_while()
            return
        self._processes += starting.result()
        if len(self._processes) < self._at_most:
            self._wait_a_while()
        for one in starting.result():
            one.listen()

    async def close(self) -> None:
        """Begin nothing more, and let go of all processes."""
        self._closed = True
        processes = [*self._lost, *self._processes]
        if self._starting is not None:
            await asyncio.wait([self._starting])
            if self._starting.exception() is None:
                processes += self._starting.result()
        for one in processes:
            one.leave()
        self._processes = []
        await asyncio.to_thread(self._let_go, processes)

    def _let_go(self, processes: Sequence[SignerProcess]) -> None:
        self._threads.shutdown(cancel_futures=True)
        for one in processes:
            one.close()
