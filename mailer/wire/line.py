"""One connection to a relay: `aiosmtplib` opens, secures and logs in, then we take over."""

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

import aiosmtplib

from mailer.model.outcome import Released, Reply, Stage
from mailer.triage.reply import parse
from mailer.wire.envelope import Features
from mailer.wire.reach import reach
from mailer.wire.replies import Expected, Replies


class Tls(StrEnum):
    """How a line to a relay is secured."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each step may take, in seconds (RFC 5321 §4.5.3.2)."""

    connect_s: float = 60
    envelope_s: float = 300
    data_s: float = 120
    content_s: float = 600
    quit_s: float = 5


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where a relay is and how we get in.

    Args:
        name: What we call it.
        password: Never shown.
        helo_name: What we call ourselves in EHLO; "" lets the machine's name stand.
        certificate_file: A PEM file of the authority to trust instead of the system's, or
            "".
        only_to: The one address that letters may go to, "" for any: a rehearsal's.
        leaves_from: The host that its letters leave from, where that is another; "" where
            nobody said. Nothing is opened to it.
    """

    name: str
    host: str
    port: int
    tls: Tls = Tls.REQUIRED
    username: str = ""
    password: str = field(default="", repr=False)
    helo_name: str = ""
    certificate_file: str = ""
    timeouts: Timeouts = Timeouts()
    only_to: str = ""
    leaves_from: str = ""


class Line:
    """One open connection: what it offers, its answers, and writing to it."""

    def __init__(
        self,
        client: aiosmtplib.SMTP,
        transport: asyncio.Transport,
        timeouts: Timeouts,
        only_to: str = "",
    ) -> None:
        # The client is kept alive with the line that it opened; it is not used any more.
        self._client = client
        self._transport = transport
        self.features = _features(client)
        self.timeouts = timeouts
        self.only_to = only_to
        self.letters = 0
        self._replies = Replies(asyncio.get_running_loop())
        self._replies.take_over(transport)

    @property
    def broken(self) -> str:
        """Why the line is of no more use; "" while it is."""
        return self._replies.broken

    def write(self, data: bytes) -> None:
        """Write without waiting."""
        if not self._replies.broken:
            self._transport.write(data)

    def expect(self, count: int, timeout_s: float) -> Expected:
        """Wait for the next `count` answers."""
        return self._replies.expect(count, timeout_s)

    def came(self, replies: list[Reply]) -> Expected:
        """Return answers that were waited for already, as if they were still expected."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return Expected(len(replies), 0, done, replies)

    def abort(self, why: str) -> None:
        """Drop the connection at once: nothing that was begun is completed."""
        self._replies.fail(why)

    async def quit(self) -> None:
        """Say good-bye and close."""
        if not self.broken:
            self.write(b"QUIT\r\n")
            await self.expect(1, self.timeouts.quit_s).done
        self.abort("closed by us")


_SIZE = re.compile("[0-9]{1,20}")  # RFC 1870 §4


def _features(client: aiosmtplib.SMTP) -> Features:
    offered = client.esmtp_extensions
    size = offered.get("size", "")
    return Features(
        pipelining="pipelining" in offered,
        sizes="size" in offered,
        size_bytes=int(size) if _SIZE.fullmatch(size) else 0,
        eight_bit="8bitmime" in offered,
        smtputf8="smtputf8" in offered,
        dsn="dsn" in offered,
    )


async def open_line(relay: RelayAddress) -> Line | Released:
    """Connect, secure, log in; what goes wrong is the relay's trouble, not a letter's."""
    stage = Stage.CONNECT
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        local_hostname=relay.helo_name or None,
        timeout=relay.timeouts.connect_s,
        use_tls=relay.tls is Tls.IMPLICIT,
        start_tls=False,
        # Without a promise of TLS, a certificate that nobody vouches for beats plain text.
        validate_certs=relay.tls is not Tls.OPPORTUNISTIC,
        cert_bundle=relay.certificate_file or None,
    )
    try:
        if relay.tls is Tls.IMPLICIT:
            # Nothing may go wrong until the client looks after the socket.
            client.tls_context = await asyncio.to_thread(_tls_context, relay)
        await client.connect(sock=await _reached(relay))
        stage = Stage.EHLO
        await client.ehlo()
        if relay.tls is Tls.REQUIRED or (
            relay.tls is Tls.OPPORTUNISTIC and client.supports_extension("starttls")
        ):
            stage = Stage.TLS
            await client.starttls()
            # What was offered in plain text counts for nothing (RFC 3207 §4.2).
            await client.ehlo()
        if relay.username:
            stage = Stage.AUTH
            if relay.tls is Tls.OPPORTUNISTIC and not _encrypted(client):
                # Who stands between us and the relay needs only to take STARTTLS away.
                client.close()
                return Released(Reply(0, "", _PLAIN_TEXT), stage)
            await client.login(relay.username, relay.password)
        transport = client.transport
        if transport is None or transport.is_closing():
            # From here on nobody would hear of it.
            client.close()
            return Released(Reply(0, "", "the relay closed the connection"), stage)
    except aiosmtplib.SMTPResponseException as refusal:
        client.close()
        return Released(_said(refusal), stage)
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as problem:
        client.close()
        return Released(Reply(0, "", _words(problem)), stage)
    # uvloop's transports are none of asyncio's classes, and do all that they do.
    open_transport = cast("asyncio.Transport", transport)
    return Line(client, open_transport, relay.timeouts, relay.only_to)


_PLAIN_TEXT = (
    "the relay offers no TLS, and the password is not sent in plain text: set `tls` in"
    " [relay] to required"
)


async def _reached(relay: RelayAddress) -> socket.socket:
    where, timeout_s = f"{relay.host} on port {relay.port}", relay.timeouts.connect_s
    try:
        return await reach(relay.host, relay.port, timeout_s)
    except TimeoutError as problem:
        raise OSError(f"Timed out connecting to {where}") from problem
    except OSError as problem:
        raise OSError(f"Error connecting to {where}: {problem}") from problem


def _tls_context(relay: RelayAddress) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if relay.certificate_file:
        context.load_verify_locations(relay.certificate_file)
    return context


def _encrypted(client: aiosmtplib.SMTP) -> bool:
    transport = client.transport
    return transport is not None and transport.get_extra_info("ssl_object") is not None


def _said(refusal: aiosmtplib.SMTPResponseException) -> Reply:
    """Return the first line of what the relay said; what is no reply has no code."""
    # Bytes that are no UTF-8 were kept as halves of surrogate pairs.
    raw = f"{refusal.code} {refusal.message}".encode("utf-8", "surrogateescape")
    reply = parse(raw.splitlines()[:1])
    words = refusal.message if refusal.code < 0 else f"{refusal.code} {refusal.message}"
    return reply or Reply(0, "", _printed(words))


def _words(problem: BaseException) -> str:
    return _printed(str(problem)) or type(problem).__name__


def _printed(words: str) -> str:
    """Return what a relay said as it may be shown in a terminal, on one line."""
    text = " ".join(words.split())
    return "".join(c if c.isprintable() else "?" for c in text)[:1000]
