"""/api/…: what other programs ask, and problems (RFC 9457) for all that goes wrong."""

import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from mailer.errors import MailerError
from mailer.web import contacts, letters
from mailer.web.health import VERSION
from mailer.web.means import Means
from mailer.web.openapi import describe
from mailer.web.problems import Reason, of_status, problem

_log = logging.getLogger(__name__)


async def description(request: Request, means: Means) -> Response:
    """Answer with the description of the API, as it is configured."""
    del request
    door = means.joining.door
    if door is None:
        return problem(Reason.NOT_HERE)
    world = door.world
    return JSONResponse(describe(world.site.public_url, world.specs, VERSION))


ROUTES: tuple[tuple[str, str, Callable[[Request, Means], Awaitable[Response]]], ...] = (
    ("POST", "/contacts", contacts.post),
    ("POST", "/send", letters.post),
    ("GET", "/openapi.json", description),
)
"""Method, path below /api, and what answers; `openapi.py` describes each (a test)."""


def mounted(base: str, means: Means) -> Mount:
    """Return everything below /api."""
    app = Starlette(
        routes=[_route(method, path, answer, means) for method, path, answer in ROUTES],
        exception_handlers={
            HTTPException: _refused,
            ClientDisconnect: _gone,
            MailerError: _unavailable,
            TimeoutError: _unavailable,
        },
    )
    app.router.redirect_slashes = False
    return Mount(f"{base}/api", app)


def _route(
    method: str,
    path: str,
    answer: Callable[[Request, Means], Awaitable[Response]],
    means: Means,
) -> Route:
    async def answered(request: Request) -> Response:
        return await answer(request, means)

    return Route(path, answered, methods=[method])


async def _refused(request: Request, refused: Exception) -> Response:
    del request
    assert isinstance(refused, HTTPException)
    return of_status(refused.status_code, dict(refused.headers or {}))


async def _gone(request: Request, refused: Exception) -> Response:
    del request, refused
    return Response(status_code=400)


async def _unavailable(request: Request, trouble: Exception) -> Response:
    _log.error("a %s of the API could not be answered: %s", request.method, trouble)
    return problem(Reason.UNAVAILABLE, headers={"Retry-After": "5"})
