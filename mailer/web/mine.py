"""/me: where somebody asks for the link to the page of what is known about her.

The answer is the same whoever the address belongs to.
"""

from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import AddressError
from mailer.jobs.page_links import ask_by_address
from mailer.model.address import Address, parse_address
from mailer.web.client import client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.means import Means

_TRAP = "website"
_UNPROCESSABLE, _TOO_MANY = 422, 429


async def get(request: Request, means: Means) -> Response:
    """Show the form."""
    return _form(request, means, "", "")


async def post(request: Request, means: Means) -> Response:
    """Send the link to whoever is on record with the address."""
    fields = await read_form(request)
    said = fields.get("email", "")
    address = _address(said)
    if address is None:
        return _form(request, means, said, "text" if said else "missing")
    if not fields.get(_TRAP):
        network = client_address(request, means.joining.proxies)
        world, rules = means.joining.world, means.joining.rules
        asked = await means.joining.threads.do(
            lambda: ask_by_address(world, rules, address, network)
        )
        if not asked:
            language = language_of(request, means.pages)
            return means.pages.problem(_TOO_MANY, language=language)
    return means.pages.page(
        "asked", {"address": address.given}, language=language_of(request, means.pages)
    )


def _address(said: str) -> Address | None:
    try:
        return parse_address(said)
    except AddressError:
        return None


def _form(request: Request, means: Means, said: str, problem: str) -> Response:
    return means.pages.page(
        "me",
        {"email": said, "problem": problem},
        _UNPROCESSABLE if problem else 200,
        language=language_of(request, means.pages),
    )
