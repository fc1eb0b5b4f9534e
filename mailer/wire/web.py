"""Asking web servers, as a reader's mail program does it for one-click."""

import http.client
import socket
from urllib.parse import urlsplit

from mailer.errors import RelayError

_ONE_CLICK = "List-Unsubscribe=One-Click"


def one_click(url: str, timeout_s: float = 10) -> int:
    """Post what RFC 8058 §3.1 says to a link of our own; return the status.

    Raises:
        RelayError: when nobody answers.
    """
    return _ask("POST", url, timeout_s, _ONE_CLICK)


def get_page(url: str, timeout_s: float = 10) -> int:
    """Look at a page of our own, and return the status.

    Raises:
        RelayError: when nobody answers.
    """
    return _ask("GET", url, timeout_s)


def post_json(url: str, content: bytes, timeout_s: float) -> None:
    """Post JSON to an address; redirections are not followed.

    Raises:
        RelayError: when nobody takes it in time.
    """
    place = urlsplit(url)
    secure = place.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    # The path may be a secret: it is in no message.
    host = place.hostname or ""
    connection = kind(host, place.port, timeout=timeout_s)
    path = f"{place.path or '/'}{'?' if place.query else ''}{place.query}"
    headers = {"Content-Type": "application/json", "User-Agent": "mailer"}
    try:
        connection.request("POST", path, content, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        raise RelayError(f"{host} does not take it: {problem}") from problem
    finally:
        connection.close()
    if not 200 <= status < 300:  # noqa: PLR2004
        raise RelayError(f"{host} answered {status}")


def _ask(method: str, url: str, timeout_s: float, body: str | None = None) -> int:
    place = urlsplit(url)
    secure = place.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=timeout_s)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        connection.request(method, place.path, body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as problem:
        raise RelayError(f"{place.netloc} does not answer: {problem}") from problem
    finally:
        connection.close()
    return answer.status


def free_port() -> int:
    """Return a port of this machine that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
