"""Asking a web server for one small thing: a certificate, or to confirm a subscription."""

import http.client
from urllib.parse import urlsplit

from mailer.wire.hooks import connect

_TIMEOUT_S = 5.0
_BYTES_AT_MOST = 65_536
_OK = 200


def fetch(url: str) -> bytes:
    """Get what is at an https address of the open Internet; b"" when nothing is.

    No redirection is followed, and the host's certificate must hold.
    """
    place = urlsplit(url)
    if place.scheme != "https":
        return b""
    path = f"{place.path or '/'}{'?' if place.query else ''}{place.query}"
    try:
        connection = connect(place, _TIMEOUT_S)
    except (OSError, UnicodeError, ValueError):
        return b""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(_BYTES_AT_MOST)
    except (OSError, http.client.HTTPException, ValueError):
        return b""
    finally:
        connection.close()
    return body if answer.status == _OK else b""
