"""Trying the links of a letter before it is sent, as a reader's browser would."""

import http.client
import ssl
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from urllib.parse import urljoin, urlsplit

_AT_ONCE = 8
_REDIRECTS = 5
_LONGEST_S = 10.0
_UNCERTAIN = frozenset({401, 403, 405, 406, 429, 503, 999})
"""What sites answer to programs while people get in."""

_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; permission-mailer link check)",
    "Accept": "*/*",
}
_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_NO_HEAD = frozenset({400, 403, 404, 405, 501})
_BAD = 400


def dead_links(urls: list[str], timeout_s: float = _LONGEST_S) -> dict[str, str]:
    """Try web addresses, a few at once; return those that do not work, with the reason."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        came_of = threads.map(_problem, urls, repeat(timeout_s))
        return {url: words for url, words in zip(urls, came_of, strict=True) if words}


def _problem(url: str, timeout_s: float) -> str:
    """Return why an address does not work, "" when it does."""
    here = url
    for _ in range(_REDIRECTS + 1):
        try:
            status, there = _asked("HEAD", here, timeout_s)
            if status in _NO_HEAD:
                # Some sites know no HEAD.
                status, there = _asked("GET", here, timeout_s)
        except ssl.SSLError as problem:
            return f"its certificate is not accepted ({problem.reason or problem})"
        except (OSError, http.client.HTTPException, ValueError) as problem:
            return f"nobody answers ({problem})"
        if status in _REDIRECTED and there:
            here = urljoin(here, there)
            continue
        if status < _BAD or status in _UNCERTAIN:
            return ""
        return f"it answers {status}"
    return f"it is redirected more than {_REDIRECTS} times"


def _asked(method: str, url: str, timeout_s: float) -> tuple[int, str]:
    """Ask once; return the status, and where a redirect leads."""
    place = urlsplit(url)
    kind = (
        http.client.HTTPSConnection
        if place.scheme == "https"
        else http.client.HTTPConnection
    )
    connection = kind(place.hostname or "", place.port, timeout=timeout_s)
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    try:
        connection.request(method, path, headers=_HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location") or ""
    finally:
        connection.close()
