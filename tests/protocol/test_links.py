"""Links are tried against a real web server on this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ports import free_port

from mailer.wire.links import dead_links


class _Site(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]]

    def do_HEAD(self) -> None:
        type(self).asked.append((self.command, self.path))
        path, _, query = self.path.partition("?")
        if path == "/moved":
            self._answer(302, "/fine?a=b")
        elif path == "/round":
            self._answer(301, "/round")
        elif path == "/only-get" and self.command == "HEAD":
            self._answer(405)
        else:
            known = {"/fine": 200, "/only-get": 200, "/guarded": 403, "/broken": 500}
            self._answer(known.get(path, 404) if query != "gone" else 410)

    do_GET = do_HEAD  # noqa: N815 - the server looks for this name

    def _answer(self, status: int, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    _Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_links_that_do_not_work_are_told_with_the_reason(site: str):
    paths = (
        "/fine", "/fine?gone", "/moved", "/round", "/only-get", "/guarded", "/broken",
        "/nowhere",
    )  # fmt: skip
    dead = dead_links([f"{site}{path}" for path in paths])
    assert {url.removeprefix(site): words for url, words in dead.items()} == {
        "/fine?gone": "it answers 410",
        "/round": "it is redirected more than 5 times",
        "/broken": "it answers 500",
        "/nowhere": "it answers 404",
    }
    assert ("HEAD", "/fine?a=b") in _Site.asked


def test_a_server_that_is_not_there_and_an_address_that_is_none_are_told():
    urls = [f"http://127.0.0.1:{free_port()}/", "http://[::1/", "https://example.com:x/"]
    dead = dead_links(urls, timeout_s=2)
    assert set(dead) == set(urls)
    assert all("nobody answers" in words for words in dead.values())
