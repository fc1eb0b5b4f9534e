"""Signing letters in threads, so that a sender's loop goes on meanwhile.

A signature takes about half a millisecond of a processor, three times as long as all the
rest of a letter; OpenSSL lets go of the interpreter while it works. A thread that is done
waits until the loop lets go of the interpreter too, so each is given a few letters at once.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from mailer.compose.sign import Signer, Signers, sign, signer_for
from mailer.errors import CannotComposeError
from mailer.model.letter import Letter

AHEAD = 48
"""How many letters of a desk are signed, or being signed, before a courier asks."""

_TOGETHER = 4


class _Task(NamedTuple):
    """A letter to be signed, and who waits for it."""

    letter: Letter
    signer: Signer
    at: datetime
    signed: asyncio.Future[Letter]


class Signing:
    """Signs for the desks of one sender, with a thread for each processor."""

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "sign")
        self._tasks: list[_Task] = []

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
        loop = asyncio.get_running_loop()
        signed: asyncio.Future[Letter] = loop.create_future()
        if not self._tasks:
            # A few more may come in this turn; if not, one is not kept waiting.
            loop.call_soon(self._hand_out)
        self._tasks.append(_Task(letter, signer, at, signed))
        if len(self._tasks) == _TOGETHER:
            self._hand_out()
        return signed

    def _hand_out(self) -> None:
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._threads, _sign_all, tasks)
        working.add_done_callback(lambda done: _bring_back(tasks, done))

    def close(self) -> None:
        """Begin nothing more, and wait for what was begun; called off the loop."""
        self._threads.shutdown(cancel_futures=True)


def _sign_all(tasks: Sequence[_Task]) -> list[Letter | CannotComposeError]:
    return [_signed(one) for one in tasks]


def _signed(task: _Task) -> Letter | CannotComposeError:
    try:
        return sign(task.letter, task.signer, task.at)
    except CannotComposeError as problem:
        return problem


def _bring_back(
    tasks: Sequence[_Task], done: asyncio.Future[list[Letter | CannotComposeError]]
) -> None:
    """Tell each who waits what came of it; called on the loop."""
    waiting = [one.signed for one in tasks]
    if done.cancelled():
        for signed in waiting:
            signed.cancel()
    elif (bug := done.exception()) is not None:
        for signed in waiting:
            signed.set_exception(bug)
    else:
        for signed, end in zip(waiting, done.result(), strict=True):
            if isinstance(end, CannotComposeError):
                signed.set_exception(end)
            else:
                signed.set_result(end)
