"""/c/…: behind the link of a confirmation letter: a button, because scanners open links."""

from starlette.requests import Request
from starlette.responses import Response

from mailer.jobs.confirm import Invitation, confirm, invitation
from mailer.model.token import TokenKind
from mailer.web.client import agent_of, client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.leaving import JUNK, masked
from mailer.web.means import Means


async def get(request: Request, means: Means) -> Response:
    """Show what is to be confirmed; nothing is changed."""
    number = _number(request, means)
    if number is None:
        return means.pages.not_found(language_of(request, means.pages))
    found = await means.reading.do(
        lambda: invitation(means.database, number, means.clock())
    )
    return _page(request, means, "confirm", found)


async def post(request: Request, means: Means) -> Response:
    """Put the person on the list, once."""
    number = _number(request, means)
    if number is None:
        return means.pages.not_found(language_of(request, means.pages))
    form = await read_form(request)
    address = client_address(request, means.joining.proxies)
    agent = agent_of(request)
    found = await means.joining.threads.do(
        lambda: confirm(
            means.database,
            means.logbook,
            number,
            means.clock(),
            network_address=address,
            agent=agent,
            rehearsing=means.joining.rehearsing,
            with_also="also" in form,
        )
    )
    return _page(request, means, "confirmed", found)


def _number(request: Request, means: Means) -> int | None:
    token: str = request.path_params["token"]
    return means.tokens.number(TokenKind.CONFIRM, token.rstrip(JUNK))


def _page(request: Request, means: Means, name: str, found: Invitation | None) -> Response:
    if found is None:
        found = Invitation("", "", "", open=False, confirmed=False)
    return means.pages.page(
        name,
        {
            "title": found.title,
            "address": masked(found.address),
            "open": found.open,
            "confirmed": found.confirmed,
            "also": [{"title": title, "words": words} for title, words in found.also],
            "join_url": f"../join/{found.list_name}" if found.list_name else "",
        },
        language=language_of(request, means.pages, found.language),
    )
