"""The live preview's few answers: a page, a letter in a frame, and a stream of changes.

It shows people's values, so it is for the one who started it: it listens on loopback, its
address holds a key, and a request that names another host (DNS rebinding) is refused.
Nothing is ever changed by it.
"""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from anyio import to_thread
from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mailer.compose.checking import mistake
from mailer.errors import MailerError
from mailer.jobs.live_preview import LivePreview, Look, Shown, on_screen
from mailer.jobs.preview import NOTHING_REMOTE
from mailer.model.finding import Finding
from mailer.web.guard import Guard
from mailer.workspace.packaged import packaged_text

LOOK_EVERY_S = 0.05
"""How often files are looked at while a page is open."""

_STILL_THERE_S = 15.0
_PACKAGE = "mailer.web.live"
_VIEWS = {"letter": "Letter", "text": "Text", "headers": "Headers", "source": "Source"}
_WIDTHS = {"desktop": "Desktop", "phone": "Phone"}
_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_IMAGES = "img-src data: https: http:"
"""What a letter may load when its pictures are asked for."""

_Answer = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's controls say."""

    look: Look
    view: str
    width: str
    dark: bool
    images: bool

    @classmethod
    def of(cls, values: QueryParams) -> "Asked":
        """Read them from an address; what is wrong counts as not said."""
        view, width = values.get("view", ""), values.get("width", "")
        return cls(
            look=Look(
                values.get("list", ""),
                values.get("contact", "").strip(),
                values.get("language", ""),
            ),
            view=view if view in _VIEWS else "letter",
            width=width if width in _WIDTHS else "desktop",
            dark=values.get("dark") == "1",
            images=values.get("images") == "1",
        )

    def address(self, **others: str) -> str:
        """Write them into an address."""
        values = {
            "list": self.look.list_name,
            "contact": self.look.address,
            "language": self.look.language,
            "view": self.view,
            "width": self.width,
            "dark": "1" if self.dark else "",
            "images": "1" if self.images else "",
            **others,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


class OwnHost:
    """Refuses requests that were made for another host than this machine's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what names us."""
        if scope["type"] == "http":
            host = Request(scope).headers.get("host", "").lower()
            if host.removesuffix(f":{scope['server'][1]}") not in _HOSTS:
                refusal = PlainTextResponse("This page is not for other hosts.\n", 421)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def build_live(live: LivePreview, key: str, stop: asyncio.Event) -> Starlette:
    """Build the pages of a live preview.

    Args:
        key: What each address begins with.
        stop: Ends the streams of changes.
    """
    page = _Page(live, stop)

    def ours(path: str, answer: _Answer) -> Route:
        async def guarded(request: Request) -> Response:
            given: str = request.path_params["key"]
            if not hmac.compare_digest(given.encode(), key.encode()):
                return PlainTextResponse("There is nothing here.\n", 404)
            return await answer(request)

        return Route(f"/{{key}}/{path}", guarded, methods=["GET"])

    return Starlette(
        routes=[
            ours("", page.whole),
            ours("letter", page.letter),
            ours("stage", page.stage),
            ours("findings", page.findings),
            ours("changes", page.changes),
            ours("live.js", page.script),
            ours("live.css", page.styles),
        ],
        middleware=[Middleware(OwnHost), Middleware(Guard)],
    )


class _Page:
    """Answers requests."""

    def __init__(self, live: LivePreview, stop: asyncio.Event) -> None:
        self._live = live
        self._stop = stop
        names = ("page.html", "stage.html", "findings.html")
        self._jinja = Environment(
            loader=DictLoader({name: packaged_text(_PACKAGE, name) for name in names}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def whole(self, request: Request) -> Response:
        """Answer with all of the page."""
        asked = Asked.of(request.query_params)
        return await to_thread.run_sync(self._whole, asked)

    async def stage(self, request: Request) -> Response:
        """Answer with what shows the letter."""
        asked = Asked.of(request.query_params)
        return await to_thread.run_sync(
            lambda: self._html("stage.html", self._stage(asked))
        )

    async def findings(self, request: Request) -> Response:
        """Answer with what the check found."""
        asked = Asked.of(request.query_params)
        return await to_thread.run_sync(
            lambda: self._html("findings.html", {"findings": self._found(asked)})
        )

    async def letter(self, request: Request) -> Response:
        """Answer with the letter itself, for the frame."""
        asked = Asked.of(request.query_params)
        try:
            shown = await to_thread.run_sync(self._live.show, asked.look)
        except MailerError as problem:
            return PlainTextResponse(f"{problem}\n", 422)
        policy = NOTHING_REMOTE
        if asked.images:
            policy = policy.replace("img-src data:", _IMAGES)
        headers = {
            # No script runs in it, whatever is in the letter; only our page may frame it.
            "Content-Security-Policy": f"{policy}; frame-ancestors 'self';"
            " sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
            "X-Frame-Options": "SAMEORIGIN",
        }
        return HTMLResponse(on_screen(shown.html, dark=asked.dark), headers=headers)

    async def changes(self, request: Request) -> Response:
        """Answer with a stream that says when a file was saved."""
        return StreamingResponse(
            self._changes(request.query_params.get("stamp", "")),
            media_type="text/event-stream",
        )

    async def _changes(self, known: str) -> AsyncIterator[str]:
        quiet_s = _STILL_THERE_S
        while not self._stop.is_set():
            stamp = await to_thread.run_sync(self._live.stamp)
            if stamp != known:
                known, quiet_s = stamp, 0.0
                yield f"data: {stamp}\n\n"
            elif quiet_s >= _STILL_THERE_S:
                quiet_s = 0.0
                yield ": still there\n\n"
            await asyncio.sleep(LOOK_EVERY_S)
            quiet_s += LOOK_EVERY_S

    async def script(self, request: Request) -> Response:
        """Answer with the page's script."""
        del request
        return Response(packaged_text(_PACKAGE, "live.js"), media_type="text/javascript")

    async def styles(self, request: Request) -> Response:
        """Answer with the page's styles."""
        del request
        return Response(packaged_text(_PACKAGE, "live.css"), media_type="text/css")

    def _html(self, name: str, values: dict[str, object]) -> Response:
        body = self._jinja.get_template(name).render(values)
        return HTMLResponse(body, headers={"Content-Security-Policy": _POLICY})

    def _whole(self, asked: Asked) -> Response:
        stamp = self._live.stamp()
        lists: list[str] = []
        addresses: list[str] = []
        try:
            lists = [one.name for one in self._live.lists()]
            addresses = self._live.addresses(asked.look)
        except MailerError:
            # The stage says what is wrong.
            _log.debug("there are no lists to choose from", exc_info=True)
        values = {
            "template": self._live.template,
            "stamp": stamp,
            "lists": lists,
            "addresses": addresses,
            "views": _VIEWS,
            "widths": _WIDTHS,
            "findings": self._found(asked),
            **self._stage(asked),
        }
        return self._html("page.html", values)

    def _stage(self, asked: Asked) -> dict[str, object]:
        shown: Shown | None = None
        error: Finding | None = None
        try:
            shown = self._live.show(asked.look)
        except MailerError as problem:
            error = mistake(problem)
        return {
            "asked": asked,
            "shown": shown,
            "error": error,
            "frame": f"letter{asked.address(view='')}",
        }

    def _found(self, asked: Asked) -> tuple[Finding, ...]:
        return self._live.findings(asked.look)
