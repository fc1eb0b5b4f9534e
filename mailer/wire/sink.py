"""A small SMTP server on loopback that answers by rules: for demonstrations and tests.

It keeps to RFC 5321 as far as a sender can see, offers PIPELINING, SIZE, 8BITMIME, SMTPUTF8
and DSN, and does what real servers do on a bad day when its rules say so: put off, refuse,
say nothing, hang up, answer garbage, byte by byte, or never to the end. It forwards nothing
to anybody.
"""

import asyncio
import collections
import re
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

_PATH = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n.\r\n"
_AT_ONCE = struct.pack("ii", 1, 0)
"""Closing waits for nothing (SO_LINGER): the other side hears of a reset."""


class Step(Enum):
    """What the server is about to answer to."""

    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    """Some of a letter has come, and not its end: the one step that wants no answer."""
    CONTENT = "content"
    RSET = "rset"
    QUIT = "quit"


class Mischief(Enum):
    """Answers that are none."""

    HANG_UP = "hang_up"
    RESET = "reset"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Drip:
    """An answer that comes byte by byte.

    Args:
        ends: It comes whole in the end; else there is always one more byte.
    """

    words: str
    every_s: float = 0.002
    ends: bool = True


@dataclass(slots=True)
class Received:
    """A transaction so far; `content` is there from the final dot on.

    Args:
        connection: 1 for the first connection, and so on.
        number: Which MAIL of its connection this is, from 1.
        encrypted: The connection is secured by TLS.
    """

    connection: int = 0
    number: int = 0
    sender: str = ""
    recipient: str = ""
    parameters: list[str] = field(default_factory=list[str])
    content: bytes = b""
    encrypted: bool = False

    @property
    def message_id(self) -> str:
        """The Message-ID without its brackets, or ""."""
        match = _MESSAGE_ID.search(self.content.partition(b"\r\n\r\n")[0])
        return match[1].decode("ascii", "replace") if match else ""


Answer = str | bytes | Drip | Mischief | tuple[str | bytes, Mischief] | None
Rule = Callable[[Step, Received], Answer]


def always_accept(step: Step, received: Received) -> Answer:
    """Answer everything as a server on a good day does."""
    del step, received
    return None


class Sink:
    """The server; `received` has what it accepted.

    `seen` counts the copies that came whole, by Message-ID, whatever was answered to them.
    """

    def __init__(
        self,
        rule: Rule = always_accept,
        *,
        extensions: tuple[str, ...] = (
            "PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "DSN",
        ),
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        on_letter: Callable[[Received], None] | None = None,
    ) -> None:  # fmt: skip
        """Build it.

        Args:
            tls: With one, STARTTLS is offered, or spoken from the first byte on.
            implicit: TLS from the first byte on (RFC 8314 §3.3).
            on_letter: Called with each accepted letter, instead of keeping it.
        """
        self.rule = rule
        self.extensions = extensions
        self.tls = tls
        self.after_start_tls = b""
        """Sent in plain text right behind the answer to STARTTLS, as an attacker would."""
        self.careless = False
        """Answer 354 to DATA although no recipient was taken, as some servers do."""
        self.received: list[Received] = []
        self.seen: collections.Counter[str] = collections.Counter()
        self.not_understood: list[bytes] = []
        """Commands that it does not know, AUTH among them."""
        self.connections = 0
        self.open_now = 0
        self.open_at_most = 0
        self._implicit = implicit
        self._on_letter = on_letter or self.received.append
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self.held = False

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Line(self),
            "127.0.0.1",
            port,
            ssl=self.tls if self._implicit else None,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the listener and all lines."""
        if self._server is not None:
            self._server.close()
            for line in list(self._lines):
                line.close()
            await self._server.wait_closed()

    def hold(self) -> None:
        """Read nothing more, on any line, until `go_on`; nobody is hung up on."""
        self.held = True
        for line in self._lines:
            line.hold(held=True)

    def go_on(self) -> None:
        """Read again where `hold` left off."""
        self.held = False
        for line in self._lines:
            line.hold(held=False)

    def opened(self, line: "_Line") -> int:
        """Count a connection; return its number."""
        self._lines.add(line)
        line.hold(held=self.held)
        self.connections += 1
        self.open_now += 1
        self.open_at_most = max(self.open_at_most, self.open_now)
        return self.connections

    def closed(self, line: "_Line") -> None:
        """Count a connection's end."""
        if line in self._lines:
            self._lines.remove(line)
            self.open_now -= 1

    def accepted(self, received: Received) -> None:
        """Keep an accepted letter."""
        self._on_letter(received)


_DEFAULTS = {
    Step.BANNER: "220 sink.example.com ESMTP",
    Step.STARTTLS: "220 2.0.0 ready",
    Step.MAIL: "250 2.1.0 sender ok",
    Step.RCPT: "250 2.1.5 recipient ok",
    Step.DATA: "354 end data with <CR><LF>.<CR><LF>",
    Step.RSET: "250 2.0.0 reset",
    Step.QUIT: "221 2.0.0 bye",
}

_UNKNOWN = "502 5.5.2 not understood"


def _positive(words: str) -> bool:
    """Say whether an answer is a good one, and there to its last line."""
    return words[:1] in "23" and words.rpartition("\n")[2][3:4] != "-"


class _Line(asyncio.Protocol):
    """One connection to the sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""
        self._in_content = False
        self._silent = False
        self._dripping: asyncio.Task[None] | None = None
        self._body_noted = False
        self._count = 0
        self._number = 0
        self._now = Received()
        self._mail_ok = False
        self._rcpt_ok = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self._transport is None
        # uvloop's transports are none of asyncio's classes, and do all that they do.
        self._transport = cast("asyncio.Transport", transport)
        if first:
            self._number = self._sink.opened(self)
            self._now = self._nothing_yet()
            self._answer(Step.BANNER)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._sink.closed(self)

    def close(self) -> None:
        """Hang up."""
        self._silent = True
        if self._transport is not None:
            self._transport.close()

    def hold(self, *, held: bool) -> None:
        """Stop reading, or go on; what has come already is still answered."""
        assert self._transport is not None
        if held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._silent:
            end = (
                self._buffer.find(_END) if self._in_content else self._buffer.find(b"\r\n")
            )
            if end < 0:
                if self._in_content and self._buffer and not self._body_noted:
                    self._body_noted = True
                    self._play(self._sink.rule(Step.BODY, self._now))
                return
            if self._in_content:
                content, self._buffer = (
                    self._buffer[: end + 2],
                    self._buffer[end + len(_END) :],
                )
                self._content(content)
            else:
                command, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
                self._command(command)

    def _answer(self, step: Step, default: str = "") -> bool:
        """Answer a step; False when the answer was no positive one."""
        answer = self._sink.rule(step, self._now)
        if answer is None:
            answer = default or _DEFAULTS[step]
        return self._play(answer)

    def _play(self, answer: Answer) -> bool:
        if isinstance(answer, Drip):
            self._silent = True
            self._dripping = asyncio.ensure_future(self._drip(answer))
            return answer.ends and _positive(answer.words)
        words = answer[0] if isinstance(answer, tuple) else answer
        mischief = answer[1] if isinstance(answer, tuple) else answer
        if isinstance(words, (str, bytes)):
            self._write(words)
        if mischief is Mischief.HANG_UP:
            self.close()
        if mischief is Mischief.RESET:
            self._reset_line()
        self._silent = isinstance(mischief, Mischief)
        return isinstance(words, str) and _positive(words)

    def _reset_line(self) -> None:
        assert self._transport is not None
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    async def _drip(self, drip: Drip) -> None:
        assert self._transport is not None
        left = drip.words.encode() + (b"\r\n" if drip.ends else b"")
        while not self._transport.is_closing() and (left or not drip.ends):
            self._transport.write(left[:1] or b" ")
            left = left[1:]
            await asyncio.sleep(drip.every_s)
        self._silent = False
        self.data_received(b"")

    def _write(self, words: str | bytes) -> None:
        assert self._transport is not None
        raw = words if isinstance(words, bytes) else words.encode()
        self._transport.write(raw + b"\r\n")

    def _command(self, line: bytes) -> None:
        commands = {
            b"EHLO": self._hello,
            b"HELO": self._hello,
            b"STAR": self._start_tls,
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"AUTH": self._log_in,
            b"RSET": self._reset,
            b"QUIT": self._quit,
            b"NOOP": self._noop,
        }
        commands.get(line[:4].upper(), self._unknown)(line)

    def _reset(self, line: bytes) -> None:
        del line
        self._now = self._nothing_yet()
        self._mail_ok = False
        self._answer(Step.RSET)

    def _quit(self, line: bytes) -> None:
        del line
        if self._answer(Step.QUIT) and self._dripping is None:
            self.close()

    def _noop(self, line: bytes) -> None:
        del line
        self._write("250 2.0.0 ok")

    def _log_in(self, line: bytes) -> None:
        self._sink.not_understood.append(line)
        self._answer(Step.AUTH, _UNKNOWN)

    def _unknown(self, line: bytes) -> None:
        self._sink.not_understood.append(line)
        self._write(_UNKNOWN)

    def _nothing_yet(self) -> Received:
        return Received(self._number, self._count, encrypted=self._encrypted())

    def _hello(self, line: bytes) -> None:
        del line
        offered = list(self._sink.extensions)
        if self._sink.tls is not None and not self._encrypted():
            offered.append("STARTTLS")
        lines = ["sink.example.com", *offered]
        reply = [f"250-{words}" for words in lines[:-1]] + [f"250 {lines[-1]}"]
        self._answer(Step.EHLO, "\r\n".join(reply))

    def _encrypted(self) -> bool:
        assert self._transport is not None
        return self._transport.get_extra_info("ssl_object") is not None

    def _start_tls(self, line: bytes) -> None:
        if self._sink.tls is None:
            self._unknown(line)
            return
        context = self._sink.tls
        assert self._transport is not None
        if not self._answer(Step.STARTTLS):
            return
        # A drip lets nothing be heard before its end.
        saying = self._dripping if self._silent else None
        self._silent = True
        # What came before is forgotten (RFC 3207 §4.2), also commands sent ahead.
        self._transport.pause_reading()
        self._buffer = b""
        task = asyncio.ensure_future(self._upgrade(context, saying))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _upgrade(
        self, context: ssl.SSLContext, saying: asyncio.Future[None] | None
    ) -> None:
        assert self._transport is not None
        if saying is not None:
            await saying
            self._silent = True
        self._transport.write(self._sink.after_start_tls)
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(
                self._transport, self, context, server_side=True
            )
        except OSError:
            # The other side does not like our certificate, say.
            self._sink.closed(self)
            return
        assert upgraded is not None
        self._transport = upgraded
        self._now = self._nothing_yet()
        self._silent = False
        # The first command may have come with the end of the handshake.
        self.data_received(b"")

    def _mail(self, line: bytes) -> None:
        if self._now.sender or self._now.recipient:
            self._write("503 5.5.1 nested MAIL command")
            return
        self._count += 1
        match = _PATH.search(line)
        self._now = self._nothing_yet()
        self._now.sender = match[1].decode("utf-8", "replace") if match else ""
        self._now.parameters = line.decode("utf-8", "replace").partition(">")[2].split()
        self._rcpt_ok = False
        self._mail_ok = self._answer(Step.MAIL)
        if not self._mail_ok:
            self._now = self._nothing_yet()

    def _rcpt(self, line: bytes) -> None:
        if not self._mail_ok:
            self._write("503 5.5.1 need MAIL command")
            return
        match = _PATH.search(line)
        self._now.recipient = match[1].decode("utf-8", "replace") if match else ""
        self._now.parameters += line.decode("utf-8", "replace").partition(">")[2].split()
        self._rcpt_ok = self._answer(Step.RCPT)

    def _data(self, line: bytes) -> None:
        del line
        if not (self._rcpt_ok or self._sink.careless):
            self._write("554 5.5.1 no valid recipients")
            return
        self._body_noted = False
        # The content's end is CRLF dot CRLF; the CRLF before it may be that of DATA itself.
        self._in_content = self._answer(Step.DATA)

    def _content(self, stuffed: bytes) -> None:
        self._in_content = False
        content = stuffed.replace(b"\r\n..", b"\r\n.")
        self._now.content = content[1:] if content.startswith(b"..") else content
        self._sink.seen[self._now.message_id] += 1
        accepted = self._now
        name = f"{self._number:x}-{self._count:x}"
        if self._answer(Step.CONTENT, f"250 2.0.0 Ok: queued as {name.upper()}"):
            self._sink.accepted(accepted)
        self._now = self._nothing_yet()
        self._mail_ok = self._rcpt_ok = False
