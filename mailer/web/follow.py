"""/r/…: a link of a letter, counted on its way to where it leads.

Where it leads stands in the database, and the link is signed: nobody can make one that
leads elsewhere, or count what was not followed. There is no person in it, and following it
changes nobody's state.
"""

from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from mailer.audience.clicking import Seen
from mailer.web.client import client_address
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means

_NOT_KEPT = {"Cache-Control": "no-store"}


async def get(request: Request, means: Means) -> Response:
    """Lead on to where a link leads."""
    token: str = request.path_params["token"]
    link = means.tokens.link(token.rstrip(JUNK))
    url = None if link is None else means.clicks.known_url(link)
    if link is not None and url is None:
        url = await means.reading.do(lambda: means.clicks.look_up(link))
    if link is None or url is None:
        return means.pages.not_found(language_of(request, means.pages))
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
    )
    return Response(status_code=302, headers={**_NOT_KEPT, "Location": _ascii(url)})


def _network(request: Request, means: Means) -> str:
    """Return from where a request comes; "" for a proxy that stands for everybody."""
    found = client_address(request, means.joining.proxies)
    return found if found is not None and ip_address(found).is_global else ""


def _ascii(url: str) -> str:
    """Spell an address as a header holds it (RFC 3986 §2.1); what is quoted stays so."""
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in url
    )
