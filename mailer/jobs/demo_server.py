"""The demonstration's mail server: it takes letters as the made-up people's servers would.

Some put a letter off, some refuse, two hang up after the content (one has kept the letter,
the other has not), and once it is too busy for anything. It keeps count of what it took,
independently of what the mailer has on record.

After the first letters it reads nothing more until it is told to `go_on`: so whoever is to
leave before the own letter does, can, on a machine as slow or as fast as it may be.
"""

import asyncio
import re
import threading
from dataclasses import dataclass, field

from mailer.jobs.demo_people import Manner, manner
from mailer.wire.sink import Answer, Mischief, Received, Sink, Step

_LINK = re.compile(rb"^List-Unsubscribe: <([^>]+)>", re.IGNORECASE | re.MULTILINE)
_FULL_FOR_TRIES = 2
_HOLDS_AFTER = 60
_BUSY_AFTER = 100
_START_WITHIN_S = 10


@dataclass(slots=True)
class Post:
    """What the servers took and did.

    Args:
        links: Each reader's one-click link, out of the letter that arrived.
        tries: How often each address was asked for.
        put_off: How often somebody's letter was put off for later.
        kept_in_silence: Letters that were kept, and the line was dropped without an answer.
        lost: Letters that were dropped with the line.
    """

    links: dict[str, str] = field(default_factory=dict[str, str])
    tries: dict[str, int] = field(default_factory=dict[str, int])
    put_off: int = 0
    kept_in_silence: int = 0
    lost: int = 0


class DemoServer:
    """The server, in a thread of its own."""

    def __init__(self) -> None:
        self.post = Post()
        self.sink = Sink(self._answer, on_letter=self._took)
        self.port = 0
        self._was_busy = False
        self._may_go_on = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen on a free port of this machine."""
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(self.sink.start(), self._loop)
        self.port = starting.result(_START_WITHIN_S)

    def stop(self) -> None:
        """Hang up and listen no more."""
        stopping = asyncio.run_coroutine_threadsafe(self.sink.stop(), self._loop)
        stopping.result(_START_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_WITHIN_S)
        self._loop.close()

    def go_on(self) -> None:
        """Read all letters from now on."""
        self._may_go_on = True
        self._loop.call_soon_threadsafe(self.sink.go_on)

    @property
    def copies_at_most(self) -> int:
        """How often the content of any one letter came, at most."""
        return max(self.sink.seen.values(), default=0)

    def _took(self, received: Received) -> None:
        link = _LINK.search(received.content)
        self.post.links[received.recipient] = link[1].decode() if link else ""

    def _answer(self, step: Step, received: Received) -> Answer:
        address = received.recipient
        if step is Step.MAIL and self._is_busy():
            return "421 4.3.2 too busy, come back later", Mischief.HANG_UP
        if step is Step.RCPT:
            tries = self.post.tries[address] = self.post.tries.get(address, 0) + 1
            answer = _at_recipient(manner(address), tries)
            self.post.put_off += answer is not None and answer.startswith("4")
            if len(self.post.tries) == _HOLDS_AFTER and not self._may_go_on:
                self.sink.hold()
            return answer
        if step is Step.CONTENT:
            return self._at_content(received, manner(address))
        return None

    def _is_busy(self) -> bool:
        """Say once that there is no room for anything."""
        if self._was_busy or len(self.post.tries) < _BUSY_AFTER:
            return False
        self._was_busy = True
        return True

    def _at_content(self, received: Received, how: Manner) -> Answer:
        match how:
            case Manner.REFUSES_CONTENT:
                return "554 5.7.1 this looks like advertising to us"
            case Manner.TAKES_AND_HANGS_UP:
                self._took(received)
                self.post.kept_in_silence += 1
                return Mischief.HANG_UP
            case Manner.LOSES_AND_HANGS_UP:
                self.post.lost += 1
                return Mischief.HANG_UP
            case _:
                return None


def _at_recipient(how: Manner, tries: int) -> str | None:
    if how is Manner.NO_SUCH_USER:
        return "550 5.1.1 no such user here"
    if how is Manner.GREYLISTS and tries == 1:
        return "451 4.7.1 greylisted, please try again"
    if how is Manner.FULL_FOR_EVER or (
        how is Manner.FULL_FOR_A_WHILE and tries <= _FULL_FOR_TRIES
    ):
        return "452 4.2.2 mailbox full"
    return None
