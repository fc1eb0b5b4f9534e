"""Taking in mail by LMTP (RFC 2033) and SMTP (RFC 5321).

A message is acknowledged when it is on disk, and not before. What can't be kept now gets
"try later", and whoever brought it keeps it. Every limit is counted, so that nobody can
fill the memory: bytes of all connections together, connections, recipients.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiosmtpd.smtp import (
    SMTP,
    Envelope,
    Session,
    syntax,  # pyright: ignore[reportUnknownVariableType]
)

from mailer.errors import MailerError, RefusedError
from mailer.wire.servertls import ServerTls

_log = logging.getLogger(__name__)

_RECIPIENTS_AT_MOST = 100
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
"""What no address holds (RFC 5321 §4.1.2), and what would begin a field of the trace."""
_LATER = "451 4.3.0 It can't be kept at the moment, try later"
_BUSY = "452 4.3.1 Too much mail at once, try later"
_FULL = b"421 4.3.2 Too many connections, try later\r\n"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is taken in.

    Args:
        takes: Whether mail for an address is ours.
        size_bytes: The longest message.
        memory_bytes: What is being received may take, over all connections.
        tls: What STARTTLS is done with; it is not offered without.
    """

    takes: Callable[[str], bool]
    size_bytes: int
    memory_bytes: int
    connections: int
    hostname: str
    timeout_s: float = 300.0
    tls: ServerTls | None = None


@dataclass(slots=True)
class _Room:
    """How much of the memory and of the connections is taken."""

    held_bytes: int = 0
    connections: int = 0


Keep = Callable[[bytes, str], Awaitable[None]]
"""Keeps a message that came by a channel; raises a MailerError when it can't."""


class _Door(SMTP):
    """One connection. In LMTP each recipient gets an answer of its own after the dot."""

    # Longer lines are read in pieces: a report may have them, whatever the standard says.
    line_length_limit = 65_536
    is_lmtp = False

    def __init__(self, rules: Rules, room: _Room, keep: Keep) -> None:
        self._rules = rules
        self._room = room
        self._keep = keep
        self._counted = False
        super().__init__(
            self,
            data_size_limit=rules.size_bytes,
            enable_SMTPUTF8=True,
            hostname=rules.hostname,
            ident="ready",
            timeout=rules.timeout_s,
            tls_context=None if rules.tls is None else rules.tls.context,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # It is made a second time when TLS begins.
        self._room.connections += not self._counted
        self._counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._counted:
            self._room.connections -= 1
            self._counted = False
        super().connection_lost(error)

    async def handle_EHLO(  # noqa: N802 - the library's names
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        return [*responses[:1], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        del server, session, rcpt_options
        if len(envelope.rcpt_tos) >= _RECIPIENTS_AT_MOST:
            return "452 4.5.3 Too many recipients, bring the others later"
        if not self._rules.takes(address):
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        # The library's own way knows EHLO before STARTTLS, and no LHLO.
        tls = self._rules.tls
        if tls is not None and tls.required and self._tls_protocol is None:
            await self.push("530 5.7.0 Must issue a STARTTLS command first")
        elif _CONTROLS.search(arg or ""):
            await self.push("501 5.1.7 There is a control character in it")
        else:
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        if _CONTROLS.search(arg or ""):
            await self.push("501 5.1.3 There is a control character in it")
        else:
            await super().smtp_RCPT(arg)

    async def handle_exception(self, error: Exception) -> str:
        """Answer after a bug: nothing may be lost by it."""
        _log.error("inbox: a bug; the sender tries again", exc_info=error)
        return _LATER

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Need RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        held = bytearray()
        try:
            reply = await self._receive(held) or await self._store(envelope, held)
        finally:
            self._room.held_bytes -= len(held)
        answers = len(envelope.rcpt_tos) if self.is_lmtp else 1
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push("\r\n".join([reply] * answers))

    async def _receive(self, held: bytearray) -> str:
        """Read a message up to its dot; return why it is not taken, or ""."""
        reader = self._reader
        problem, begins = "", True
        while True:
            try:
                line = await reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as longer:
                line = await reader.read(longer.consumed)
            if begins and line == b".\r\n":
                return problem
            if begins and line.startswith(b"."):
                line = line[1:]
            begins = line.endswith(b"\r\n")
            if problem:
                continue
            problem = self._no_room(len(held), len(line))
            if problem:
                self._room.held_bytes -= len(held)
                held.clear()
                continue
            held += line
            self._room.held_bytes += len(line)

    def _no_room(self, held: int, more: int) -> str:
        if held + more > self._rules.size_bytes:
            most = self._rules.size_bytes / 1_000_000
            return f"552 5.3.4 It is longer than {most:g} MB, which is the limit"
        if self._room.held_bytes + more > self._rules.memory_bytes:
            return _BUSY
        return ""

    async def _store(self, envelope: Envelope, held: bytearray) -> str:
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        raw = _trace(sender, envelope.rcpt_tos) + held
        try:
            await self._keep(raw, "lmtp" if self.is_lmtp else "smtp")
        except MailerError as problem:
            _log.error("inbox: not kept, the sender tries again: %s", problem)
            return _LATER
        except Exception as problem:  # noqa: BLE001 - whatever it is, nothing is lost by it
            return await self.handle_exception(problem)
        return "250 2.0.0 It is kept"


class _LmtpDoor(_Door):
    is_lmtp = True

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802
        del arg
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802
        del arg
        await self.push("500 5.5.1 This is LMTP: say LHLO")


class _TooMany(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(_FULL)
        transport.close()


def _trace(sender: str, recipients: list[str]) -> bytes:
    """Write down the envelope as the last server does (RFC 5321 §4.4)."""
    lines = [
        f"Return-Path: <{sender}>",
        *(f"Delivered-To: {one}" for one in recipients),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Listener:
    """Listens until it is stopped."""

    rules: Rules
    keep: Keep
    _room: _Room = field(default_factory=_Room)
    _servers: list[asyncio.Server] = field(default_factory=list[asyncio.Server])

    async def listen(self, host: str, port: int, *, lmtp: bool) -> int:
        """Listen on a port (0 for any that is free); return it.

        Raises:
            RefusedError: when it can't be listened on.
        """

        def door() -> asyncio.Protocol:
            if self._room.connections >= self.rules.connections:
                return _TooMany()
            return (_LmtpDoor if lmtp else _Door)(self.rules, self._room, self.keep)

        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(door, host, port)
        except OSError as problem:
            what = "inbox.lmtp_port" if lmtp else "inbox.smtp_port"
            raise RefusedError(
                f"{what}: {host}:{port} can't be listened on: {problem}"
            ) from problem
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more connections."""
        for server in self._servers:
            server.close()
        self._servers.clear()
