"""/console/sign-in, /console/sign-out and /console/invited/…: who comes in, and leaves."""

from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs import staff as jobs
from mailer.jobs.sign_in import Knock, Opened, TooOften, Wrong, sign_in, sign_out
from mailer.web.client import client_address
from mailer.web.console.door import from_us, led_to, problem, shared, way_to
from mailer.web.console.looks import HEADERS
from mailer.web.console.means import Office, Visit
from mailer.web.form import read_form

_SEE_OTHER = 303
_WRONG = "Name, password and code do not belong together. A code can be used once."
_TOO_OFTEN = (
    "Too many attempts failed. Wait a quarter of an hour; an admin can see them with"
    " `mailer staff audit`."
)
_GONE = (
    "This link does not work: it was used, or is older than 48 hours."
    " Ask for a new one (`mailer staff invite`)."
)


async def show_sign_in(request: Request, office: Office) -> Response:
    """Ask for name, password and code."""
    return _form(office, request.query_params.get("to", ""))


async def do_sign_in(request: Request, office: Office) -> Response:
    """Let somebody in, under a new session, whatever the browser had before."""
    form = await read_form(request)
    if not from_us(request, office):
        return problem(office, 403, "This form came from another site.")
    knock = Knock(
        form.get("name", ""),
        form.get("password", ""),
        form.get("code", ""),
        client_address(request, office.proxies) or "",
    )
    now = office.clock()
    answer = await office.guarding.do(
        lambda: sign_in(office.database, office.tokens, knock, office.rules, now)
    )
    match answer:
        case Opened():
            response: Response = RedirectResponse(
                way_to(office, form.get("to", "")), _SEE_OTHER, HEADERS
            )
            response.set_cookie(
                office.cookie, answer.secret, path="/", secure=office.secure,
                httponly=True, samesite="lax",
            )  # fmt: skip
            return response
        case Wrong():
            return _form(office, form.get("to", ""), _WRONG, form.get("name", ""), 403)
        case TooOften():
            response = _form(office, form.get("to", ""), _TOO_OFTEN, "", 429)
            response.headers["Retry-After"] = str(int(office.rules.within.total_seconds()))
            return response


def _form(
    office: Office, to: str, wrong: str = "", name: str = "", status: int = 200
) -> Response:
    values = {**shared(None), "to": to, "wrong": wrong, "name": name}
    return office.looks.page("sign-in", values, office.clock(), status)


async def do_sign_out(request: Request, office: Office, visit: Visit) -> Response:
    """End the session."""
    del request
    now = office.clock()
    await office.working.do(lambda: sign_out(office.database, visit.who, now))
    response = led_to(office, "/sign-in")
    response.delete_cookie(
        office.cookie, path="/", secure=office.secure, httponly=True, samesite="lax"
    )
    return response


async def show_invited(request: Request, office: Office) -> Response:
    """Show what the program for codes needs, and ask for a password."""
    return await _invited(request, office, "", 200)


async def do_invited(request: Request, office: Office) -> Response:
    """Take the password and the first code of somebody who was invited."""
    form = await read_form(request)
    if not from_us(request, office):
        return problem(office, 403, "This form came from another site.")
    link, now = request.path_params["link"], office.clock()
    if form.get("password", "") != form.get("again", ""):
        return await _invited(request, office, "The two passwords differ.", 422)
    try:
        await office.guarding.do(
            lambda: jobs.accept(
                office.database, office.tokens, link, form.get("password", ""),
                form.get("code", ""), now,
            )
        )  # fmt: skip
    except NotFoundError:
        return problem(office, 404, _GONE)
    except RefusedError as mistake:
        return await _invited(request, office, str(mistake), 422)
    return led_to(office, "/sign-in")


async def _invited(request: Request, office: Office, wrong: str, status: int) -> Response:
    link, now = request.path_params["link"], office.clock()
    company = office.company or urlsplit(office.origin).netloc
    found = await office.guarding.do(
        lambda: jobs.invitation(office.database, office.tokens, link, company, now)
    )
    if found is None:
        return problem(office, 404, _GONE)
    code = segno.make(found.uri).svg_data_uri(scale=5, border=3, light="#fff")
    values = {**shared(None), "found": found, "code": code, "wrong": wrong}
    return office.looks.page("invited", values, now, status)
