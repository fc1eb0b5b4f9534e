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
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=timeout_s)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", place.path, _ONE_CLICK, headers)
        return connection.getresponse().status
    except OSError as problem:
        raise RelayError(f"{place.netloc} does not answer: {problem}") from problem
    finally:
        connection.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
