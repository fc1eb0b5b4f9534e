"""Reading a relay's answers in the order in which commands were written (RFC 2920 §3.1).

It takes over the transport that `aiosmtplib` opened, secured and logged in on. Nothing here
raises: whoever expects answers gets those that came, and why there are no more.
"""

import asyncio
import collections
from dataclasses import dataclass, field

from mailer.model.outcome import Reply
from mailer.triage.reply import parse

_LINE_AT_MOST = 8192
_LINES_AT_MOST = 100


@dataclass(slots=True)
class Expected:
    """A number of answers that somebody waits for; `done` ends when no more will come."""

    count: int
    timeout_s: float
    done: asyncio.Future[None]
    replies: list[Reply] = field(default_factory=list[Reply])


class Replies(asyncio.Protocol):
    """The reading side of one line."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rest = b""
        self._lines: list[bytes] = []
        self._awaited: collections.deque[Expected] = collections.deque()
        self._transport: asyncio.Transport | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.broken = ""
        """Why no more answers will come; "" while the line stands."""

    def take_over(self, transport: asyncio.Transport) -> None:
        """Read what arrives on a transport from now on."""
        self._transport = transport
        transport.set_protocol(self)

    def expect(self, count: int, timeout_s: float) -> Expected:
        """Wait for the next `count` answers that nobody waits for yet.

        Args:
            timeout_s: How long each may take once its turn has come.
        """
        expected = Expected(count, timeout_s, self._loop.create_future())
        if self.broken:
            expected.done.set_result(None)
            return expected
        self._awaited.append(expected)
        if len(self._awaited) == 1:
            self._await_next()
        return expected

    def _await_next(self) -> None:
        # One timer a line, pushed on lazily: arming one for each letter would cost more
        # than reading the answer.
        self._deadline = self._loop.time() + self._awaited[0].timeout_s
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look_at_clock)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._look_at_clock)

    def _look_at_clock(self) -> None:
        self._timer = None
        if not self._awaited:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look_at_clock)
            return
        self.fail(f"no answer within {self._awaited[0].timeout_s:g} s")

    def data_received(self, data: bytes) -> None:
        """Cut what arrived into answers and hand them to who waits for them."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        answered = False
        for line in lines:
            if line[3:4] == b"-" and len(self._lines) < _LINES_AT_MOST - 1:
                self._lines.append(line.removesuffix(b"\r"))
                continue
            reply = parse([*self._lines, line.removesuffix(b"\r")])
            if reply is None:
                shown = line.removesuffix(b"\r")[:80].decode("ascii", "replace")
                self.fail(f"answered what is no reply: {shown!r}")
                return
            if self._lines:
                self._lines = []
            if not self._answered(reply):
                return
            answered = True
        if answered and self._awaited:
            self._await_next()
        if len(self._rest) > _LINE_AT_MOST:
            self.fail(f"sent a line of more than {_LINE_AT_MOST} bytes")

    def _answered(self, reply: Reply) -> bool:
        if not self._awaited:
            # 421 before it closes, say; whatever it is, order can't be trusted any more.
            self.fail(f"said without being asked: {reply}")
            return False
        first = self._awaited[0]
        first.replies.append(reply)
        if len(first.replies) == first.count:
            self._awaited.popleft()
            if not first.done.done():
                first.done.set_result(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the line ended."""
        self.fail(
            f"the connection broke: {exc}" if exc else "the relay closed the connection"
        )

    def fail(self, why: str) -> None:
        """End the line: whoever waits gets what came so far."""
        if not self.broken:
            self.broken = why
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._awaited:
            expected = self._awaited.popleft()
            if not expected.done.done():
                expected.done.set_result(None)
        if self._transport is not None:
            self._transport.abort()
