"""The table of routes, and the calm answer to everything that goes wrong.

Each page is one module with `get` and maybe `post`, and a template of the same name.
GET never changes anything: scanners follow every link in a letter.
"""

import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from ipaddress import ip_network

from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.config.hooks import hook_keys_of
from mailer.config.privacy import handling_of
from mailer.errors import MailerError
from mailer.jobs.agreeing import lists_that_ask
from mailer.jobs.articles import FreshShelf
from mailer.jobs.clicks import Clicks
from mailer.jobs.hooks import HookDoor
from mailer.jobs.letters import Pen
from mailer.jobs.logbook import Logbook
from mailer.jobs.metrics import Meter
from mailer.jobs.post_contact import Door
from mailer.jobs.reading import Reading
from mailer.jobs.sign_up_desk import Desks
from mailer.jobs.transact import LetterDesk
from mailer.model.mailinglist import MailingList
from mailer.model.mode import Mode
from mailer.model.privacy import NOTHING_SAID, Handling
from mailer.model.token import TokenBox
from mailer.store.database import Database
from mailer.triage.mailboxes import Mailbox
from mailer.triage.ranking import Articles, Shelf
from mailer.web import (
    answers,
    api,
    archive,
    browser,
    confirm,
    contact,
    follow,
    health,
    hooks,
    images,
    join,
    metrics,
    mine,
    own,
    preferences,
    privacy,
    survey,
    ticket,
    unsubscribe,
)
from mailer.web.console import app as console
from mailer.web.console.means import Office
from mailer.web.console.office import office_of
from mailer.web.follow import Shortcut
from mailer.web.guard import HEADERS, Guard
from mailer.web.language import language_of
from mailer.web.means import Joining, Means, Threads
from mailer.web.pages import Pages
from mailer.web.words import words_of
from mailer.wiring import Workspace, utc_now
from mailer.workspace.catalogues import read_catalogues
from mailer.workspace.webpages import read_web_pages

_log = logging.getLogger(__name__)

_REHEARSAL = (
    "This is a rehearsal: letters go to nobody, and the links in them change nothing."
)

_READING, _LEAVING, _WATCHING, _JOINING, _HEARING = 4, 2, 1, 1, 1
"""Threads: few, so that pages never take all of the senders' database connections."""

_Page = Callable[[Request, Means], Awaitable[Response]]


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
        Pages(
            read_web_pages(workspace.folder),
            workspace.site().sender_name,
            words_of(read_catalogues(workspace.folder)),
            _REHEARSAL if workspace.settings.mode == "rehearsal" else "",
            f"{URL(workspace.site().public_url).path.rstrip('/')}/privacy",
        ),
        utc_now,
        _joining(workspace),
        limits=workspace.world().limits,
        lists=workspace.mailing_lists,
        handling=handling_of(workspace.settings),
        with_metrics=workspace.settings.site.metrics,
        shelf=FreshShelf(workspace.folder),
        office=office_of(workspace, _REHEARSAL),
        mailboxes=workspace.mailboxes(),
        hooks=_hooks(workspace),
    )


def _hooks(workspace: Workspace) -> HookDoor:
    keys = hook_keys_of(workspace.folder, workspace.settings.hooks, os.environ)
    return HookDoor(workspace.database, keys, utc_now)


def _joining(workspace: Workspace) -> Joining:
    proxies = workspace.settings.site.trusted_proxies
    world = workspace.world()
    desks = Desks(world, workspace.ring, workspace.settings.sign_up.rules())
    return Joining(
        desks.of,
        desks.open_lists,
        tuple(ip_network(one) for one in proxies),
        Threads(_JOINING),
        world,
        workspace.settings.sign_up.rules(),
        # Where nobody has said, nobody is written to.
        rehearsing=world.mode is not Mode.LIVE,
        door=Door(world, workspace.ring, desks.of, LetterDesk(world, workspace.ring)),
    )


def put_together(  # noqa: PLR0913 - each is a thing of its own, and build_app names them all
    database: Database,
    logbook: Logbook,
    site: Site,
    pages: Pages,
    clock: Callable[[], datetime],
    joining: Joining,
    *,
    limits: Limits | None = None,
    lists: Callable[[], Sequence[MailingList]] = tuple,
    handling: Handling = NOTHING_SAID,
    with_metrics: bool = True,
    shelf: Articles | None = None,
    office: Office | None = None,
    mailboxes: tuple[Mailbox, ...] = (),
    hooks: HookDoor | None = None,
) -> Starlette:
    """Put the pages together from what they work with.

    Args:
        site: What links in letters begin with (its path may reach us or not), and who we
            are.
        pages: What renders each page, for as many apps as you like.
        clock: Gives aware times in UTC.
        joining: What the pages work with where people join by themselves.
        limits: What composing a letter may cost.
        lists: Reads the lists as they are now, for their archives and the privacy page.
        handling: What is done with people's data, for the privacy page.
        with_metrics: Answer /metrics.
        shelf: The articles that people help themselves with.
        office: What the console works with; None where there is none.
        mailboxes: Where people write to.
        hooks: Takes what providers post; None where none may.
    """
    tokens = TokenBox(logbook.ring)
    means = Means(
        database=database,
        logbook=logbook,
        tokens=tokens,
        pages=pages,
        meter=Meter(database, clock),
        clock=clock,
        reading=Threads(_READING),
        leaving=Threads(_LEAVING),
        watching=Threads(_WATCHING),
        joining=joining,
        letters=Reading(
            database,
            Pen(site, tokens, limits or Limits()),
            lists,
            rehearsing=joining.rehearsing,
        ),
        clicks=Clicks(database, lambda: lists_that_ask(joining.world)),
        lists=lists,
        handling=handling,
        shelf=shelf or Shelf(),
        mailboxes=mailboxes,
        hearing=Threads(_HEARING),
        hooks=hooks,
    )
    # A proxy may leave the path of the public address as it is, or take it away.
    bases = sorted({"", URL(site.public_url).path.rstrip("/")})
    routes: list[BaseRoute] = [
        route for base in bases for route in _routes(base, means, with_metrics=with_metrics)
    ]
    routes += [api.mounted(base, means) for base in bases]
    if office is not None:
        routes += [route for base in bases for route in console.mounted(base, office)]
    answers = _Answers(means.pages)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Shortcut, means, bases), Middleware(Guard)],
        exception_handlers={
            HTTPException: answers.not_possible,
            ClientDisconnect: answers.gone,
            MailerError: answers.unavailable,
            TimeoutError: answers.unavailable,
            Exception: answers.bug,
        },
    )
    # No form is ever redirected: RFC 8058 §3.1 forbids it for one-click.
    app.router.redirect_slashes = False
    app.state.clicks = means.clicks
    return app


def _routes(base: str, means: Means, *, with_metrics: bool) -> list[Route]:
    """Return the table of routes."""
    routes = [
        _route(f"{base}/u/{{token:path}}", means, unsubscribe.get, unsubscribe.post),
        _route(f"{base}/p/{{token}}/{{name}}", means, survey.get, survey.post),
        _route(f"{base}/p/{{token:path}}", means, preferences.get, preferences.post),
        _route(f"{base}/r/{{token:path}}", means, follow.get),
        _route(f"{base}/i/{{name:path}}", means, images.get),
        _route(f"{base}/b/{{token:path}}", means, browser.get),
        _route(f"{base}/archive/{{name}}", means, archive.get),
        _route(f"{base}/archive/{{name}}/feed.xml", means, archive.feed),
        _route(f"{base}/archive/{{name}}/{{number:int}}", means, archive.letter),
        _route(f"{base}/answers", means, answers.get),
        _route(f"{base}/answers/{{name}}", means, answers.article),
        _route(f"{base}/contact/{{name}}", means, contact.get, contact.post),
        _route(f"{base}/t/{{token:path}}", means, ticket.get, ticket.post),
        _route(f"{base}/c/{{token:path}}", means, confirm.get, confirm.post),
        _route(f"{base}/me", means, mine.get, mine.post),
        _route(f"{base}/privacy", means, privacy.get),
        _route(f"{base}/m/{{token:path}}", means, own.get, own.post),
        _route(f"{base}/join/{{name}}", means, join.get, join.post),
        _route(f"{base}/health", means, health.get),
        _posted(f"{base}/hooks/{{provider}}", means),
    ]
    if with_metrics:
        routes.append(_route(f"{base}/metrics", means, metrics.get))
    return routes


def _route(path: str, means: Means, get: _Page, post: _Page | None = None) -> Route:
    async def answer(request: Request) -> Response:
        page = post if post is not None and request.method == "POST" else get
        return await page(request, means)

    return Route(path, answer, methods=["GET"] if post is None else ["GET", "POST"])


def _posted(path: str, means: Means) -> Route:
    async def answer(request: Request) -> Response:
        return await hooks.post(request, means)

    return Route(path, answer, methods=["POST"])


class _Answers:
    """What is answered when a page cannot."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        # Made beforehand: what is wrong may be in the making of pages.
        self._bugs = {one: pages.problem(500, language=one) for one in pages.languages}

    async def not_possible(self, request: Request, problem: Exception) -> Response:
        """Answer to an unknown path, another method, a body that is no form."""
        assert isinstance(problem, HTTPException)
        language = language_of(request, self._pages)
        if problem.status_code == 404:  # noqa: PLR2004 - Not Found
            return self._pages.not_found(language)
        return self._pages.problem(problem.status_code, problem.headers, language=language)

    async def unavailable(self, request: Request, problem: Exception) -> Response:
        """Answer while the database does not; the path holds a token: it is not logged."""
        _log.warning("a %s could not be answered: %s", request.method, problem)
        return self._pages.problem(503, language=language_of(request, self._pages))

    async def gone(self, request: Request, problem: Exception) -> Response:
        """Answer to somebody who has hung up: nothing was done, nobody reads it."""
        del request, problem
        return Response(status_code=400)

    async def bug(self, request: Request, problem: Exception) -> Response:
        """Answer plainly; the server logs the traceback."""
        del problem
        made = self._bugs[language_of(request, self._pages)]
        return Response(made.body, 500, {**HEADERS, **made.headers})
