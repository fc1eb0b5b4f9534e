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


def _ask(method: str, url: str, timeout_s: float, body: str | None = None) -> int:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=timeout_s)
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
