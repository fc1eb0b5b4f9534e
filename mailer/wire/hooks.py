"""Posting a webhook: to the address that was looked at, never to a private network.

Whoever may write a name into a zone could else have us knock at doors inside. So the name
is looked up once, every address of it must be public, and the connection goes to that
address, with the certificate of the name.
"""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}
_MOST_ASKED_S = 86_400.0
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Said:
    """What an endpoint answered.

    Args:
        status: Its status; None when there was no answer.
        words: What happened, in our words: the other server's are in no log.
        retry_after_s: When it asks to be left alone for so long.
    """

    status: int | None
    words: str
    retry_after_s: float | None = None

    @property
    def taken(self) -> bool:
        """Whether it took the webhook."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


def post_hook(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    *,
    private: bool = False,
) -> Said:
    """Post a webhook; redirections are not followed, and only the status is read.

    Args:
        private: The endpoint may be on a private network or this machine.
    """
    place = urlsplit(url)
    try:
        connection = connect(place, timeout_s, private=private)
    except (OSError, UnicodeError, ValueError) as problem:
        return Said(None, _words(problem))
    path = f"{place.path or '/'}{'?' if place.query else ''}{place.query}"
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        asked = answer.getheader("Retry-After", "")
        return Said(
            answer.status,
            f"answered {answer.status}",
            _seconds(asked),
        )
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return Said(None, _words(problem))
    finally:
        connection.close()


def connect(
    place: SplitResult, timeout_s: float, *, private: bool = False
) -> http.client.HTTPConnection:
    """Connect to the address that was looked at.

    Raises:
        OSError: when its name has none, or it does not answer.
        ValueError: when one of its addresses is not public.
    """
    return _connection(place, _looked_up(place, private=private), timeout_s)


def _seconds(asked: str) -> float | None:
    """Read a Retry-After in seconds; one with a date is as good as none."""
    if not (asked.isascii() and asked.isdigit() and len(asked) <= _MOST_DIGITS):
        return None
    return min(float(asked), _MOST_ASKED_S)


def _looked_up(place: SplitResult, *, private: bool) -> str:
    """Return the address to connect to.

    Raises:
        OSError: when the name has none.
        ValueError: when one of them is not public.
    """
    port = place.port or _PORTS[place.scheme]
    found = socket.getaddrinfo(place.hostname or "", port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    for one in addresses:
        if not private and not is_public(one):
            raise ValueError("its address is not public, and `private` is not set")
    return addresses[0]


def is_public(text: str) -> bool:
    """Say whether an IP address is one of the open Internet's."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def _connection(
    place: SplitResult, address: str, timeout_s: float
) -> http.client.HTTPConnection:
    host, port = place.hostname or "", place.port or _PORTS[place.scheme]
    made = http.client.HTTPConnection(host, place.port, timeout=timeout_s)
    line = socket.create_connection((address, port), timeout_s)
    if place.scheme == "https":
        try:
            context = ssl.create_default_context()
            line = context.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise
    made.sock = line
    return made


def _words(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "did not answer in time"
    if isinstance(problem, ssl.SSLError):
        return "has no certificate that holds"
    if isinstance(problem, socket.gaierror):
        return "its name has no address"
    if isinstance(problem, ConnectionRefusedError):
        return "takes no connection"
    if isinstance(problem, ValueError):
        return str(problem)
    return f"does not answer ({type(problem).__name__})"
