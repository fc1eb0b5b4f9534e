"""/r/…: a link of a letter, counted on its way to where it leads.

Where it leads stands in the database, and the link is signed: nobody can make one that
leads elsewhere, or count what was not followed. There is no person in it but in the letters
of those who agreed to that, and following it changes nobody's state.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mailer.audience.clicking import Seen
from mailer.model.token import Link, Reader
from mailer.web.client import client_address
from mailer.web.guard import HEADERS
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means

_PLACE = "/r/"
_FIELDS = [
    (name.lower().encode(), value.encode())
    for name, value in {**HEADERS, "Content-Length": "0"}.items()
]


async def get(request: Request, means: Means) -> Response:
    """Lead on to where a link leads."""
    found = _followed(request.path_params["token"], means)
    url = None
    if found is not None:
        link = found[0]
        url = await means.reading.do(lambda: means.clicks.look_up(link))
    if found is None or url is None:
        return means.pages.not_found(language_of(request, means.pages))
    _note(request, means, *found)
    return Response(status_code=302, headers={"Location": _ascii(url)})


class Shortcut:
    """Answers for links that are in memory, before all other pages are asked.

    When a campaign has gone out they are what nearly everybody asks for.
    """

    def __init__(self, app: ASGIApp, means: Means, bases: Sequence[str]) -> None:
        """Stand in front of an application.

        Args:
            bases: What may stand before the path of each page.
        """
        self._app = app
        self._means = means
        self._places = tuple(f"{base}{_PLACE}" for base in bases)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead on, or leave it to the application."""
        place = self._place(scope)
        found = _followed(scope["path"][len(place) :], self._means) if place else None
        url = None if found is None else self._means.clicks.known_url(found[0])
        if found is None or url is None:
            await self._app(scope, receive, send)
            return
        _note(Request(scope), self._means, *found)
        fields = [*_FIELDS, (b"location", _ascii(url).encode())]
        await send({"type": "http.response.start", "status": 302, "headers": fields})
        await send({"type": "http.response.body", "body": b""})

    def _place(self, scope: Scope) -> str:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return ""
        path: str = scope["path"]
        return next((one for one in self._places if path.startswith(one)), "")


def _followed(token: str, means: Means) -> tuple[Link, Reader | None] | None:
    return means.tokens.followed(token.rstrip(JUNK))


def _note(request: Request, means: Means, link: Link, reader: Reader | None) -> None:
    headers = request.headers
    purpose = headers.get("sec-purpose", "") + headers.get("purpose", "")
    means.clicks.note(
        link,
        Seen(
            means.clock(),
            request.method,
            headers.get("user-agent", ""),
            purpose + headers.get("x-moz", ""),
            _network(request, means),
        ),
        reader,
    )


def _network(request: Request, means: Means) -> str:
    """Return from where a request comes; "" for a proxy that stands for everybody."""
    return _if_global(client_address(request, means.joining.proxies) or "")


@lru_cache(4096)
def _if_global(address: str) -> str:
    return address if address and ip_address(address).is_global else ""


def _ascii(url: str) -> str:
    """Spell an address as a header holds it (RFC 3986 §2.1); what is quoted stays so."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in url
    )
