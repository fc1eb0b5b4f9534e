"""Who may look: the session's cookie, where a form comes from, and what it carries.

A form counts only with the session's own key in it and from a page of ours; the cookie is
for this host alone, no script can read it, and other sites' forms do not send it.
"""

import hmac
import logging
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailer.errors import AddressError, MailerError, NotFoundError, RefusedError
from mailer.jobs.sign_in import form_key, session_behind
from mailer.triage.attaching import BYTES_AT_MOST
from mailer.web.client import client_address
from mailer.web.console.looks import HEADERS
from mailer.web.console.means import Office, Page, Visit
from mailer.web.form import read_form_with_files

_log = logging.getLogger(__name__)
_SEE_OTHER = 303
_SENT_AT_MOST = BYTES_AT_MOST + 500_000
_SENT_WITHIN_S = 120.0
_WAY = re.compile(r"/[\w/.~%-]{0,200}(?:\?[\w=&%+.~-]{0,300})?")


async def visited(request: Request, office: Office, page: Page) -> Response:
    """Answer with a page to who is signed in; others are asked to sign in."""
    secret = request.cookies.get(office.cookie, "")
    network = client_address(request, office.proxies) or ""
    who = None
    if secret:
        now = office.clock()
        who = await office.working.do(
            lambda: session_behind(office.database, secret, office.rules, now)
        )
    if who is None:
        return to_sign_in(request, office)
    key = form_key(secret)
    form: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    if request.method == "POST":
        form, files = await read_form_with_files(request, _SENT_WITHIN_S, _SENT_AT_MOST)
        shown = form.pop("form_key", "")
        if not from_us(request, office) or not hmac.compare_digest(
            shown.encode(), key.encode()
        ):
            _log.warning("a form of the console came from elsewhere, and was not heeded")
            return problem(office, 403, "This form is not of this session. Open it again.")
    visit = Visit(who, key, form, network, tuple(files))
    try:
        return await page(request, office, visit)
    except MailerError as mistake:
        return refused(office, mistake, visit)


def refused(office: Office, mistake: MailerError, visit: Visit | None = None) -> Response:
    """Answer that something cannot be, and what helps."""
    status = 503
    match mistake:
        case NotFoundError():
            status = 404
        case RefusedError():
            status = 409
        case AddressError():
            status = 422
        case _:
            _log.warning("a page of the console could not be answered: %s", mistake)
    return problem(office, status, str(mistake), visit)


def problem(
    office: Office, status: int, words: str, visit: Visit | None = None
) -> Response:
    """Answer with a page that says what is wrong."""
    values = {**shared(visit), "status": status, "words": words}
    return office.looks.page("problem", values, office.clock(), status)


def shared(visit: Visit | None) -> dict[str, object]:
    """Return what every page has."""
    if visit is None:
        return {"staff": None, "form_key": "", "view": ""}
    return {"staff": visit.staff, "form_key": visit.form_key, "view": ""}


def from_us(request: Request, office: Office) -> bool:
    """Say whether a form was sent by a page of ours, as the browser has it.

    Browsers say so in Sec-Fetch-Site (Fetch Metadata §2) and Origin (RFC 6454 §7); a
    program that says nothing has no cookie to misuse.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin is None or origin == office.origin:
        return True
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


def to_sign_in(request: Request, office: Office) -> Response:
    """Lead to the page for signing in, and back to where somebody wanted to go."""
    wanted = request.url.path.partition("/console")[2] or "/"
    if request.url.query:
        wanted = f"{wanted}?{request.url.query}"
    address = f"{office.path}/sign-in"
    if request.method == "GET" and _WAY.fullmatch(wanted) and wanted != "/":
        address = f"{address}?to={quote(wanted, safe='')}"
    return RedirectResponse(address, _SEE_OTHER, HEADERS)


def way_to(office: Office, wanted: str) -> str:
    """Return an address below the console, whatever is asked for."""
    inside = _WAY.fullmatch(wanted) and not wanted.startswith("//")
    return f"{office.path}{wanted}" if inside else f"{office.path}/"


def led_to(office: Office, way: str, said: Mapping[str, str] | None = None) -> Response:
    """Lead to a page after a form was heeded, so that reloading does not repeat it."""
    query = "&".join(f"{name}={quote(value)}" for name, value in (said or {}).items())
    address = f"{office.path}{way}" + (f"?{query}" if query else "")
    return RedirectResponse(address, _SEE_OTHER, HEADERS)
