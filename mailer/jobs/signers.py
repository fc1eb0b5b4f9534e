"""Processes that do nothing but sign: each holds the keys, and is asked by digest.

In a thread of the sender's a signature takes three times as long and holds up everything
else: threads must have the interpreter again after each, and wait for it behind the loop.
"""

import asyncio
import contextlib
import logging
import marshal
import os
import signal
from collections.abc import Sequence
from typing import cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from mailer.jobs.spawning import ended, ignore_ctrl_c, started
from mailer.wire.channel import Channel

_log = logging.getLogger(__name__)

_END_WITHIN_S = 5
LOOK_EVERY_S = 5.0
"""A process that owes the same answer at two looks was stopped, say: it is given up."""

_NICE = 5
"""Whoever composes and hands over goes first: without it, letters wait to be asked for."""

_Question = tuple[int, int, bytes]
"""A number that the answer names, the key's place, and the digest."""


class SignerLostError(Exception):
    """A signer's process ended by itself, was ended from outside, or answers no more."""


class SignerProcess:
    """One such process; it ends when whoever started it closes it, or ends."""

    def __init__(self, keys: Sequence[RSAPrivateKey]) -> None:
        """Start it; takes some hundred ms, so call it off the loop.

        Raises:
            OSError: it could not be started.
        """
        self._channel, theirs = Channel.pair()
        ders = [_bytes_of(key) for key in keys]
        self._process = started(_serve, (theirs, ders), "mailer-signer")
        theirs.close()
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._unsent: list[_Question] = []
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self.lost = False

    @property
    def pid(self) -> int:
        """Its number among the system's processes."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def asked(self) -> int:
        """How many signatures it still owes."""
        return len(self._asked)

    def listen(self) -> None:
        """Hear its answers on this loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._channel.fileno(), self._read)

    def sign(self, place: int, digest: bytes) -> asyncio.Future[bytes]:
        """Have a digest signed by the key at a place; fails with `SignerLostError`."""
        assert self._loop is not None
        self._number += 1
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._asked[self._number] = answer
        if self._next_look is None:
            self._look_later(0)
        # What one turn of the loop asks for goes together, and comes back together: a
        # message each would wake either side once for every letter.
        if not self._unsent:
            self._loop.call_soon(self._ask)
        self._unsent.append((self._number, place, digest))
        return answer

    def _ask(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self.lost:
            return
        try:
            self._channel.send(marshal.dumps(unsent))
        except OSError:
            self._lose()

    def _read(self) -> None:
        messages = self._channel.receive()
        if messages is None:
            self._lose()
            return
        for message in messages:
            answers: list[tuple[int, bytes]] = marshal.loads(message)  # noqa: S302 - our own process wrote it
            for number, signature in answers:
                answer = self._asked.pop(number)
                if not answer.done():
                    answer.set_result(signature)

    def _look_later(self, oldest: int) -> None:
        assert self._loop is not None
        self._next_look = self._loop.call_later(LOOK_EVERY_S, self._look, oldest)

    def _look(self, oldest: int) -> None:
        """Give it up when what was its oldest question at the last look still is."""
        self._next_look = None
        now_oldest = next(iter(self._asked), None)
        if now_oldest == oldest:
            self._lose("answers no more")
            self._process.kill()
        elif now_oldest is not None:
            self._look_later(now_oldest)

    def _lose(self, what: str = "has ended") -> None:
        if not self.lost:
            _log.error("a process that signs letters %s; nothing is lost", what)
        self._forget(SignerLostError())

    def _forget(self, why: SignerLostError) -> None:
        self.lost = True
        if self._loop is not None:
            self._loop.remove_reader(self._channel.fileno())
            self._loop = None
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        asked, self._asked = self._asked, {}
        for answer in asked.values():
            if not answer.done():
                answer.set_exception(why)

    def leave(self) -> None:
        """Hear nothing any more; on the loop that listened."""
        self._forget(SignerLostError())

    def close(self) -> None:
        """End it; called off the loop, after `leave`."""
        self._channel.close()
        ended(self._process, _END_WITHIN_S)


def _bytes_of(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _serve(channel: Channel, ders: Sequence[bytes]) -> None:
    """Sign whatever is asked for, until whoever asks is gone."""
    # They reach all of us; the sender still has letters to sign, and then ends us.
    ignore_ctrl_c()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICE)
    padded, made = padding.PKCS1v15(), Prehashed(hashes.SHA256())
    keys = [cast("RSAPrivateKey", load_der_private_key(one, None)) for one in ders]
    while (messages := channel.receive()) is not None:
        for message in messages:
            questions: list[_Question] = marshal.loads(message)  # noqa: S302 - our own process wrote it
            answers = [
                (number, keys[place].sign(digest, padded, made))
                for number, place, digest in questions
            ]
            with contextlib.suppress(OSError):
                # Whoever asked is gone, or the next look at the channel says so.
                channel.send(marshal.dumps(answers))
