"""The console's pages: templates of the program, its style and its script.

Everything that a customer wrote is escaped; nothing is loaded from elsewhere, no script
stands in a page, and the policy that goes with each says so to the browser.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.responses import HTMLResponse, Response

from mailer.workspace.packaged import packaged_text

_PACKAGE = "mailer.web.console"
_TEMPLATES = (
    "_layout.html", "_tickets.html", "audit.html", "blocks.html", "invited.html",
    "letter.html", "new.html", "problem.html", "queue.html", "search.html", "sign-in.html",
    "stats.html", "ticket.html",
)  # fmt: skip
FILES = {"console.css": "text/css", "console.js": "text/javascript"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Browsers say where a form was sent from only if the page lets them.
    "Referrer-Policy": "same-origin",
}
_DAY = timedelta(days=1)


class ConsoleLooks:
    """Renders the console's pages.

    Args:
        path: Where the console is, as browsers see it.
        zone: In which times are shown.
    """

    def __init__(
        self, path: str, zone: ZoneInfo, company: str = "", notice: str = ""
    ) -> None:
        self._jinja = Environment(
            loader=DictLoader({one: packaged_text(_PACKAGE, one) for one in _TEMPLATES}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.files = {name: packaged_text(_PACKAGE, name).encode() for name in FILES}
        digests = (hashlib.sha256(self.files[one]).hexdigest()[:12] for one in FILES)
        self._always = {
            "root": path,
            "company": company,
            "notice": notice,
            "version": dict(zip(FILES, digests, strict=True)),
        }
        # Jinja's own types name only the filters that it brings along.
        filters = cast("Any", self._jinja.filters)
        filters["at"] = partial(_at, zone=zone)
        filters["until"] = _until

    def page(
        self, name: str, values: Mapping[str, Any], now: datetime, status: int = 200
    ) -> Response:
        """Answer with a page, under its template's name without `.html`."""
        html = self._jinja.get_template(f"{name}.html").render(
            {"now": now, **self._always, **values}
        )
        return HTMLResponse(html, status, HEADERS)


def _at(moment: datetime, *, zone: ZoneInfo) -> str:
    """Write a moment as it is on the desk's own clock."""
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M}"


def _until(moment: datetime, now: datetime) -> str:
    """Write how far a moment is, as people say it."""
    apart = moment - now
    words = _length(abs(apart))
    return f"in {words}" if apart >= timedelta(0) else f"{words} late"


def _length(apart: timedelta) -> str:
    if apart >= 2 * _DAY:
        return f"{apart.days} days"
    minutes = int(apart.total_seconds()) // 60
    if minutes >= 120:  # noqa: PLR2004 - two hours
        return f"{minutes // 60} h"
    return f"{minutes} min"
