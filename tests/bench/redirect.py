"""`redirect`: how many clicks a second are checked, counted and led on, on one core."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, compared, require
from bench.machine import until
from bench.shop import Shop
from ports import free_port

from mailer.model.token import Link, TokenBox
from mailer.store.clicks import followed, keep_links
from mailer.wiring import open_workspace

NAMES = ("redirect",)
_TARGET = 5_000
_REQUESTS = 60_000
_LINKS = 8
_CONNECTIONS = 8
_AT_ONCE = 16
_BARE = """
import sys, uvicorn
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 302,
                "headers": [(b"location", b"https://shop.example.com/"),
                            (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools",
            lifespan="off", log_level="critical", access_log=False)
"""


def run(folder: Path, scale: float) -> list[Figure]:
    """Follow links as fast as the pages answer, and count what was counted."""
    many = max(2_000, int(_REQUESTS * scale))
    shop = Shop(folder / "redirect", free_port())
    with open_workspace(str(shop.folder)) as workspace:
        tokens = TokenBox(workspace.ring)
        with workspace.database.write() as connection:
            urls = [("en", f"https://shop.example.com/{one}") for one in range(_LINKS)]
            keep_links(connection, 1, urls)
    paths = [f"/r/{tokens.for_link(Link(1, number))}" for number in range(_LINKS)]
    with _bare() as port:
        _follow(port, paths, many // 4)
        bare = many / _follow(port, paths, many)
    with shop.running("--only", "web"):
        until(lambda: _listens(shop.web_port), "the pages answer", within_s=60)
        asked = many + _follow_some(shop.web_port, paths)
        took_s = _follow(shop.web_port, paths, many)
    with (
        open_workspace(str(shop.folder)) as workspace,
        workspace.database.read() as connection,
    ):
        counted = sum(one.people + one.machines for one in followed(connection, 1))
    require(counted == asked, f"{asked} links were followed, {counted} are counted")
    rate = many / took_s
    return [
        Figure(
            NAMES[0], rate, "requests/s", bare, compared(rate, bare),
            f">= {_TARGET} requests/s", rate >= _TARGET,
            f"{asked:,} followed, all of them counted; one process; baseline: the same"
            " web server with an application that only answers",
        )
    ]  # fmt: skip


def _follow_some(port: int, paths: list[str]) -> int:
    """Follow a few first, so that all is in memory; return how many."""
    _follow(port, paths, 500)
    return 500


def _follow(port: int, paths: list[str], many: int) -> float:
    """Follow links over some connections, several at once on each; return seconds.

    Every answer is read and has to lead on.
    """
    asks = [
        (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0\r\n\r\n"
        ).encode()
        for path in paths
    ]
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(_CONNECTIONS)]
    began = time.perf_counter()
    sent = 0
    while sent < many:
        batches: list[int] = []
        for line in lines:
            batch = min(_AT_ONCE, many - sent)
            batches.append(batch)
            line.sendall(b"".join(asks[(sent + n) % len(asks)] for n in range(batch)))
            sent += batch
        for line, batch in zip(lines, batches, strict=True):
            _read(line, batch)
    took_s = time.perf_counter() - began
    for line in lines:
        line.close()
    return took_s


def _read(line: socket.socket, answers: int) -> None:
    """Read answers that have no body."""
    got = b""
    while got.count(b"\r\n\r\n") < answers:
        more = line.recv(65536)
        require(more, "the pages hung up")
        got += more
    require(got.count(b"HTTP/1.1 302 ") == answers, f"not all lead on: {got[:200]!r}")


@contextmanager
def _bare() -> Generator[int, None, None]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _BARE, str(port)])
    try:
        until(lambda: _listens(port), "the bare server answers", within_s=60)
        yield port
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
