"""The real server on a real port: one-click by a plain HTTP client, a clean end."""

import asyncio
import http.client
import socket
import threading

import pytest
import uvloop
from customers import World

from mailer.errors import ConfigError
from mailer.web.server import serve_web


class Serving:
    """`serve_web` in a thread with an event loop of its own."""

    def __init__(self, app, host="127.0.0.1", port=0, loop=None):
        self._ports: list[int] = []
        self._ready = threading.Event()
        self._loop_factory = loop
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(app, host, port))

    def _run(self, app, host, port):
        with asyncio.Runner(loop_factory=self._loop_factory) as runner:
            try:
                runner.run(self._serve(app, host, port))
            except ConfigError as problem:
                self.problem = problem
            finally:
                self._ready.set()

    async def _serve(self, app, host, port):
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await serve_web(app, host, port, self._stop, self._listens)

    def _listens(self, port):
        self._ports.append(port)
        self._ready.set()

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    @property
    def port(self) -> int:
        return self._ports[0]

    def __exit__(self, *exception):
        if self._ports:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    got = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return got


@pytest.mark.parametrize("loop", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_mail_program_leaves_with_one_request(app, world: World, loop):
    person = world.person()
    with Serving(app, loop=loop) as serving:
        status, headers, _ = ask(serving.port, "GET", person.unsubscribe)
        assert (status, headers["cache-control"]) == (200, "no-store")
        assert world.lists_of(person) == {"news", "courses"}
        status, headers, body = ask(
            serving.port,
            "POST",
            person.unsubscribe,
            "List-Unsubscribe=One-Click",
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert (status, body) == (200, b"You are unsubscribed.\n")
        assert "server" not in {name.lower() for name in headers}
        assert world.lists_of(person) == {"courses"}
        assert ask(serving.port, "HEAD", person.unsubscribe)[0::2] == (200, b"")
        assert ask(serving.port, "GET", "/health")[0] == 200


def test_a_body_without_a_length_is_limited_too(app, world):
    person = world.person()
    with Serving(app) as serving:
        body = (b"x" * 8_000 for _ in range(20))
        status, _, _ = ask(serving.port, "POST", person.unsubscribe, body)
        assert status == 413


def test_the_port_is_free_again_after_the_end(app):
    with Serving(app) as first:
        port = first.port
    with Serving(app, port=port) as again:
        assert again.port == port


def test_a_port_that_another_program_has_is_told_with_what_to_do(app):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with Serving(app, port=port) as serving:
            assert isinstance(serving.problem, ConfigError)
            assert str(serving.problem) == (
                f"config.toml, [site]: the web server cannot listen on 127.0.0.1:{port}:"
                " another program does: end it (`mailer serve` may run already), or set"
                " another listen_port"
            )


def test_an_address_that_this_machine_does_not_have_is_told(app):
    with Serving(app, host="192.0.2.1") as serving:
        assert "this machine has no such address" in str(serving.problem)


def test_a_cancelled_server_lets_go_of_its_port(app):
    async def cancel() -> int:
        port = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve_web(app, "127.0.0.1", 0, asyncio.Event(), port.set_result)
        )
        taken = await port
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return taken

    taken = asyncio.run(cancel())
    with Serving(app, port=taken) as serving:
        assert serving.port == taken
