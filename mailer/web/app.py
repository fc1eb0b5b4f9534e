"""The table of routes, and the calm answer to everything that goes wrong.

Each page is one module with `get` and maybe `post`, and a template of the same name.
GET never changes anything: scanners follow every link in a letter.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.compose.links import Site
from mailer.errors import MailerError
from mailer.jobs.logbook import Logbook
from mailer.jobs.metrics import Meter
from mailer.model.token import TokenBox
from mailer.store.database import Database
from mailer.web import health, images, metrics, preferences, unsubscribe
from mailer.web.guard import HEADERS, Guard
from mailer.web.means import Means, Threads
from mailer.web.pages import Pages
from mailer.wiring import Workspace, utc_now
from mailer.workspace.webpages import read_web_pages

_log = logging.getLogger(__name__)

_READING, _LEAVING, _WATCHING = 4, 2, 1
"""Threads: few, so that pages never take all of the senders' database connections."""

_Page = Callable[[Request, Means], Awaitable[Response]]

_BUG = b"<!doctype html><html lang=en><title>Sorry</title><p>Sorry, this did not work."


def build_app(workspace: Workspace) -> Starlette:
    """Build the pages of a workspace.

    Raises:
        TemplateError: names the template, the line and what is wrong.
        WorkspaceError: when a template cannot be read, or `site.sender` cannot be.
    """
    return put_together(
        workspace.database,
        workspace.logbook,
        workspace.site(),
        read_web_pages(workspace.folder),
        utc_now,
        with_metrics=workspace.settings.site.metrics,
    )


def put_together(
    database: Database,
    logbook: Logbook,
    site: Site,
    templates: Mapping[str, str],
    clock: Callable[[], datetime],
    *,
    with_metrics: bool = True,
) -> Starlette:
    """Put the pages together from what they work with.

    Args:
        site: What links in letters begin with (its path may reach us or not), and who we
            are: customers see the sender's name on each page.
        templates: The sources of `templates/web` by file name.
        clock: Gives aware times in UTC.
        with_metrics: Answer /metrics.

    Raises:
        TemplateError: names the template, the line and what is wrong.
    """
    means = Means(
        database=database,
        logbook=logbook,
        tokens=TokenBox(logbook.ring),
        pages=Pages(templates, site.sender_name),
        meter=Meter(database, clock),
        clock=clock,
        reading=Threads(_READING),
        leaving=Threads(_LEAVING),
        watching=Threads(_WATCHING),
    )
    # A proxy may leave the path of the public address as it is, or take it away.
    bases = sorted({"", URL(site.public_url).path.rstrip("/")})
    routes = [
        route for base in bases for route in _routes(base, means, with_metrics=with_metrics)
    ]
    answers = _Answers(means.pages)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard)],
        exception_handlers={
            HTTPException: answers.not_possible,
            ClientDisconnect: answers.gone,
            MailerError: answers.unavailable,
            TimeoutError: answers.unavailable,
            Exception: answers.bug,
        },
    )
    # Nothing is ever redirected: RFC 8058 §3.1 forbids it for one-click.
    app.router.redirect_slashes = False
    return app


def _routes(base: str, means: Means, *, with_metrics: bool) -> list[Route]:
    """Return the table of routes."""
    routes = [
        _route(f"{base}/u/{{token:path}}", means, unsubscribe.get, unsubscribe.post),
        _route(f"{base}/p/{{token:path}}", means, preferences.get, preferences.post),
        _route(f"{base}/i/{{name:path}}", means, images.get),
        _route(f"{base}/health", means, health.get),
    ]
    if with_metrics:
        routes.append(_route(f"{base}/metrics", means, metrics.get))
    return routes


def _route(path: str, means: Means, get: _Page, post: _Page | None = None) -> Route:
    async def answer(request: Request) -> Response:
        page = post if post is not None and request.method == "POST" else get
        return await page(request, means)

    return Route(path, answer, methods=["GET"] if post is None else ["GET", "POST"])


class _Answers:
    """What is answered when a page cannot."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def not_possible(self, request: Request, problem: Exception) -> Response:
        """Answer to an unknown path, another method, a body that is no form."""
        del request
        assert isinstance(problem, HTTPException)
        if problem.status_code == 404:  # noqa: PLR2004 - Not Found
            return self._pages.not_found()
        return self._pages.problem(problem.status_code, problem.headers)

    async def unavailable(self, request: Request, problem: Exception) -> Response:
        """Answer while the database does not; the path holds a token: it is not logged."""
        _log.warning("a %s could not be answered: %s", request.method, problem)
        return self._pages.problem(503)

    async def gone(self, request: Request, problem: Exception) -> Response:
        """Answer to somebody who has hung up: nothing was done, nobody reads it."""
        del request, problem
        return Response(status_code=400)

    async def bug(self, request: Request, problem: Exception) -> Response:
        """Answer plainly; the server logs the traceback."""
        del request, problem
        return Response(_BUG, 500, HEADERS, "text/html")
