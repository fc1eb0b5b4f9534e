"""The console's table of routes."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from mailer.errors import MailerError
from mailer.web.console import acting, blocks, entering, queue, ticket
from mailer.web.console.door import led_to, problem, refused, visited
from mailer.web.console.looks import FILES
from mailer.web.console.means import Office, Page

_Open = Callable[[Request, Office], Awaitable[Response]]
_T = "/tickets/{number:int}"
_M = f"{_T}/messages/{{message:int}}"

PAGES: tuple[tuple[str, str, Page], ...] = (
    ("GET", "/", queue.show),
    ("GET", "/changes", queue.changes),
    ("GET", "/search", queue.search),
    ("GET", "/stats", queue.stats),
    ("GET", "/audit", queue.audit),
    ("GET", "/blocks", blocks.show),
    ("POST", "/blocks", blocks.lift),
    ("GET", "/new", queue.show_new),
    ("POST", "/new", queue.do_new),
    ("POST", "/sign-out", entering.do_sign_out),
    ("GET", _T, ticket.show),
    ("GET", f"{_T}/letters/{{letter:int}}", ticket.letter),
    ("GET", f"{_T}/letters/{{letter:int}}/html", ticket.letter_html),
    ("GET", f"{_M}/html", ticket.message),
    ("GET", f"{_M}/source", ticket.source),
    ("GET", f"{_M}/attachments/{{place:int}}", ticket.attachment),
    ("GET", f"{_T}/files/{{file:int}}", ticket.file),
    ("POST", f"{_T}/here", ticket.changes),
    ("POST", f"{_T}/{{what}}", acting.act),
)
"""Method, path below the console, and what answers to who is signed in."""

OPEN: tuple[tuple[str, str, _Open], ...] = (
    ("GET", "/sign-in", entering.show_sign_in),
    ("POST", "/sign-in", entering.do_sign_in),
    ("GET", "/invited/{link}", entering.show_invited),
    ("POST", "/invited/{link}", entering.do_invited),
)
"""What answers to everybody."""


def mounted(base: str, office: Office) -> list[BaseRoute]:
    """Return /console, which leads to /console/, and everything below it."""
    routes = [_open(method, path, page, office) for method, path, page in OPEN]
    routes += [_route(method, path, page, office) for method, path, page in PAGES]
    routes += [_file(name, kind, office) for name, kind in FILES.items()]

    async def not_possible(request: Request, wrong: Exception) -> Response:
        del request
        assert isinstance(wrong, HTTPException)
        return problem(office, wrong.status_code, wrong.detail)

    async def unavailable(request: Request, wrong: Exception) -> Response:
        del request
        if isinstance(wrong, MailerError):
            return refused(office, wrong)
        return problem(office, 503, "This cannot be answered at the moment. Try again.")

    async def gone(request: Request, wrong: Exception) -> Response:
        del request, wrong
        return Response(status_code=400)

    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: not_possible,
            ClientDisconnect: gone,
            MailerError: unavailable,
            TimeoutError: unavailable,
        },
    )
    app.router.redirect_slashes = False

    async def inside(request: Request) -> Response:
        del request
        return led_to(office, "/")

    return [
        Route(f"{base}/console", inside, methods=["GET"]),
        Mount(f"{base}/console", app),
    ]


def _route(method: str, path: str, page: Page, office: Office) -> Route:
    async def answer(request: Request) -> Response:
        return await visited(request, office, page)

    return Route(path, answer, methods=[method])


def _open(method: str, path: str, page: _Open, office: Office) -> Route:
    async def answer(request: Request) -> Response:
        return await page(request, office)

    return Route(path, answer, methods=[method])


def _file(name: str, kind: str, office: Office) -> Route:
    async def answer(request: Request) -> Response:
        del request
        # Its address has a digest of it: another version has another address.
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(office.looks.files[name], headers=headers, media_type=kind)

    return Route(f"/{name}", answer, methods=["GET"])
