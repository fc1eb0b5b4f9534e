"""A host of several addresses is reached as long as one of them answers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from mailer.model.outcome import Released, Stage
from mailer.wire.line import Line, RelayAddress, Timeouts, Tls, open_line
from mailer.wire.sink import Sink

NAME = "smtp.example.com"
TIMEOUTS = Timeouts(connect_s=20, quit_s=20)


@contextlib.contextmanager
def swallowing(port: int) -> Generator[None]:
    """Let 127.0.0.2 answer nobody at a port: whoever waits there fills its only place."""
    with socket.socket() as listening, socket.socket() as waiting:
        listening.bind(("127.0.0.2", port))
        listening.listen(0)
        waiting.connect(("127.0.0.2", port))
        yield


@contextlib.asynccontextmanager
async def relay() -> AsyncGenerator[int]:
    sink = Sink()
    port = await sink.start()
    try:
        yield port
    finally:
        await sink.stop()


def names(patch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let the system say that a name has these addresses."""
    asked = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host != NAME:
            return asked(host, port, *args, **more)
        return [one for each in addresses for one in asked(each, port, *args, **more)]

    patch.setattr(socket, "getaddrinfo", answer)


async def opened(port: int, timeouts: Timeouts = TIMEOUTS) -> Line | Released:
    address = RelayAddress(
        "main", NAME, port, Tls.NONE, helo_name="client.example.com", timeouts=timeouts
    )
    line = await open_line(address)
    if isinstance(line, Line):
        await line.quit()
    return line


def test_an_address_that_swallows_everything_keeps_nobody_from_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, "127.0.0.2", "127.0.0.1")

    async def run() -> Line | Released:
        async with relay() as port:
            with swallowing(port):
                return await opened(port)

    assert isinstance(asyncio.run(run()), Line)


def test_a_host_that_has_nothing_but_ipv6_is_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, "::1")

    async def run() -> Line | Released:
        ended = asyncio.Event()

        async def forward(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            for words in (b"220 relay.example.com ESMTP", b"250 ok", b"221 bye"):
                writer.write(words + b"\r\n")
                await reader.readline()
            writer.close()
            ended.set()

        server = await asyncio.start_server(forward, "::1", 0)
        async with server:
            line = await opened(server.sockets[0].getsockname()[1])
            await ended.wait()
            return line

    assert isinstance(asyncio.run(run()), Line)


def test_where_no_address_answers_the_trouble_names_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, "127.0.0.2", "127.0.0.1")
    brief = Timeouts(connect_s=0.6)

    async def run() -> list[Line | Released]:
        with socket.socket() as free:
            # Bound, and nobody listens: refused.
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            refused = await opened(port, brief)
            with swallowing(port):
                return [refused, await opened(port, brief)]

    for trouble, words in zip(
        asyncio.run(run()), ("Error connecting", "Timed out connecting"), strict=True
    ):
        assert isinstance(trouble, Released)
        assert trouble.stage is Stage.CONNECT
        assert f"{words} to {NAME} on port" in trouble.reply.text
