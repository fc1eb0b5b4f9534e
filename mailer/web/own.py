"""/m/…: behind the link that was mailed to a person's own address: her page.

Opening the link shows a button, because scanners open links; the button opens the page
once. What the page's forms send with them, a token of their own, ends after half an hour.
No cookie is set, and nobody who does not see the page can make its forms.
"""

import json
import logging

from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import AddressError, MailerError
from mailer.jobs import own_page as jobs
from mailer.jobs.agreeing import Offer, agree, click_records, offers, withdraw
from mailer.jobs.known import Known, known_about
from mailer.jobs.own_document import as_document
from mailer.jobs.page_links import open_page
from mailer.jobs.world import World
from mailer.model.address import Address, parse_address
from mailer.model.contact import Contact
from mailer.model.separate import Separate
from mailer.model.token import TokenKind
from mailer.store.page_requests import PageRequest, Purpose, find_request
from mailer.web.client import agent_of, client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means
from mailer.web.ownvalues import Typed, page_values
from mailer.workspace.partners import read_partners

_log = logging.getLogger(__name__)

_UNPROCESSABLE = 422
_FILE = "attachment; filename=my-data"


async def get(request: Request, means: Means) -> Response:
    """Show a button; nothing is opened, whoever looks."""
    number = _number(request, means)
    found = None if number is None else await _find(means, number)
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    return _door(request, means, found)


async def post(request: Request, means: Means) -> Response:
    """Open the page, or do what one of its forms asks for."""
    number = _number(request, means)
    found = None if number is None else await _find(means, number)
    if number is None or found is None:
        return means.pages.not_found(language_of(request, means.pages))
    form = await read_form(request)
    try:
        if found.purpose is Purpose.ADDRESS:
            return await _move(request, means, number, found)
        if "session" not in form:
            return await _open(request, means, number, found)
        return await _in_session(request, means, number, form)
    except (MailerError, TimeoutError) as problem:
        _log.warning("somebody's own page could not do as asked: %s", problem)
        return means.pages.problem(503, language=language_of(request, means.pages))


async def _in_session(
    request: Request, means: Means, number: int, form: dict[str, str]
) -> Response:
    """Do what a form asks for that only this page, while it is open, can have sent."""
    world = means.joining.world
    contact = None
    if means.tokens.number(TokenKind.SESSION, form["session"]) == number:
        contact = await means.reading.do(lambda: jobs.session_of(world, number))
    if contact is None:
        return _closed(request, means)
    if form.get("do") in {"erase", "erase-now"}:
        return await _erase(request, means, contact, form)
    return await _act(request, means, contact, form)


def _number(request: Request, means: Means) -> int | None:
    token: str = request.path_params["token"]
    return means.tokens.number(TokenKind.PAGE, token.rstrip(JUNK))


async def _find(means: Means, number: int) -> PageRequest | None:
    def look() -> PageRequest | None:
        with means.database.read() as connection:
            found = find_request(connection, number)
        known = found is not None and found.purpose is not Purpose.NOTE
        return found if known else None

    return await means.reading.do(look)


def _door(request: Request, means: Means, found: PageRequest) -> Response:
    open_still = found.opened_at is None and found.open_by > means.clock()
    return means.pages.page(
        "door",
        {
            "open": open_still,
            "new_address": (found.address or "") if open_still else "",
            "ask_url": "../me",
        },
        language=language_of(request, means.pages),
    )


def _closed(request: Request, means: Means) -> Response:
    values = {"open": False, "new_address": "", "ask_url": "../me"}
    return means.pages.page("door", values, language=language_of(request, means.pages))


async def _open(
    request: Request, means: Means, number: int, found: PageRequest
) -> Response:
    world = means.joining.world
    if not await means.leaving.do(lambda: open_page(world, number)):
        return _closed(request, means)
    assert found.contact_id is not None
    return await _page(request, means, found.contact_id)


async def _move(
    request: Request, means: Means, number: int, found: PageRequest
) -> Response:
    to = parse_address(found.address or "")
    world = means.joining.world
    moved = await means.leaving.do(lambda: jobs.move(world, number, to))
    if moved is jobs.Moved.CLOSED:
        return _closed(request, means)
    note = "moved" if moved is jobs.Moved.DONE else "taken"
    return _done(request, means, note, to.given)


async def _act(
    request: Request, means: Means, contact: Contact, form: dict[str, str]
) -> Response:
    world = means.joining.world
    match form.get("do", ""):
        case "save":
            read = await means.leaving.do(lambda: jobs.correct(world, contact, form))
            typed = Typed(form, read.problems) if read.problems else None
            note = "" if read.problems else ("saved" if read.values else "same")
            return await _page(request, means, contact.id, note, typed)
        case "json" | "html" as kind:
            return await _download(request, means, contact.id, kind)
        case "move":
            return await _ask_to_move(request, means, contact, form)
        case "share" | "unshare" | "follow" | "unfollow" as wish if "about" in form:
            note = await _say(request, means, contact, form["about"], wish)
            return await _page(request, means, contact.id, note)
        case "":
            return await _page(request, means, contact.id)
        case _:
            return means.pages.problem(400, language=language_of(request, means.pages))


async def _say(
    request: Request, means: Means, contact: Contact, about: str, wish: str
) -> str:
    """Write down that she agrees to a separate purpose, or no more; say what was done."""
    world = means.joining.world
    separates = await means.reading.do(lambda: _separates(world))
    separate = next((one for one in separates if one.id == about), None)
    if separate is None:
        return ""
    if wish.startswith("un"):
        await means.leaving.do(lambda: withdraw(world, contact, separate))
        return f"{wish}ed" if wish == "unfollow" else "unshared"
    address, agent = client_address(request, means.joining.proxies), agent_of(request)
    await means.leaving.do(lambda: agree(world, contact.id, separate, address, agent))
    return "shared"


def _separates(world: World) -> tuple[Separate, ...]:
    return (*read_partners(world.folder, world.specs), *click_records(world))


async def _erase(
    request: Request, means: Means, contact: Contact, form: dict[str, str]
) -> Response:
    """Ask once more, or do it."""
    if form["do"] == "erase-now":
        world = means.joining.world
        await means.leaving.do(lambda: jobs.erase_herself(world, contact))
        return _done(request, means, "erased", contact.address, contact.language)
    values = {"address": contact.address, "session": form["session"]}
    language = language_of(request, means.pages, contact.language)
    return means.pages.page("own-erase", values, language=language)


async def _ask_to_move(
    request: Request, means: Means, contact: Contact, form: dict[str, str]
) -> Response:
    to = _address(form.get("email", ""))
    if to is None:
        typed = Typed(form, {})
        return await _page(request, means, contact.id, "", typed, wrong_address=True)
    world, rules = means.joining.world, means.joining.rules
    due = await means.leaving.do(lambda: jobs.ask_to_move(world, rules, contact, to))
    return await _page(request, means, contact.id, "letter" if due else "no-letter")


def _address(said: str) -> Address | None:
    try:
        return parse_address(said)
    except AddressError:
        return None


async def _known(means: Means, contact_id: int) -> Known | None:
    world = means.joining.world
    return await means.reading.do(lambda: known_about(world, contact_id))


async def _offers(means: Means, known: Known) -> tuple[Offer[Separate], ...]:
    world = means.joining.world
    return await means.reading.do(lambda: offers(world, known.contact, _separates(world)))


async def _page(
    request: Request,
    means: Means,
    contact_id: int,
    note: str = "",
    typed: Typed | None = None,
    wrong_address: bool = False,  # noqa: FBT001, FBT002
) -> Response:
    known = await _known(means, contact_id)
    number = _number(request, means)
    if known is None or number is None:
        return _closed(request, means)
    language = language_of(request, means.pages, known.contact.language)
    values = page_values(known, means, language, typed, await _offers(means, known))
    return means.pages.page(
        "own",
        {
            **values,
            "note": note,
            "session": means.tokens.for_number(TokenKind.SESSION, number),
            "email": typed.fields.get("email", "") if typed and wrong_address else "",
            "wrong_address": wrong_address,
        },
        _UNPROCESSABLE if typed is not None else 200,
        language=language,
    )


async def _download(request: Request, means: Means, contact_id: int, kind: str) -> Response:
    known = await _known(means, contact_id)
    if known is None:
        return _closed(request, means)
    if kind == "json":
        document = as_document(known, means.clock())
        text = json.dumps(document, ensure_ascii=False, indent=2)
        answer = Response(text + "\n", media_type="application/json")
    else:
        language = language_of(request, means.pages, known.contact.language)
        values = page_values(known, means, language, None, await _offers(means, known))
        answer = means.pages.page("own-data", values, language=language)
    answer.headers["Content-Disposition"] = f"{_FILE}.{kind}"
    return answer


def _done(
    request: Request, means: Means, note: str, address: str, language: str | None = None
) -> Response:
    return means.pages.page(
        "own-done",
        {"note": note, "address": address},
        language=language_of(request, means.pages, language),
    )
