"""Signing letters in threads, so that a sender's loop goes on meanwhile.

A signature takes about a millisecond of a processor, four times as long as all the rest of
a letter; OpenSSL lets go of the interpreter while it works.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from mailer.compose.sign import Signer, Signers, sign, signer_for
from mailer.model.letter import Letter

AHEAD = 24
"""How many letters of a desk are signed, or being signed, before a courier asks."""


class Signing:
    """Signs for the desks of one sender, with a thread for each processor."""

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "sign")

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
        return loop.run_in_executor(self._threads, sign, letter, signer, at)

    def close(self) -> None:
        """Begin nothing more, and wait for what was begun; called off the loop."""
        self._threads.shutdown(cancel_futures=True)
