"""/console/tickets/…: one conversation with its person, and what a message brought."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from mailer.compose.languages import in_small
from mailer.errors import NotFoundError
from mailer.jobs import console
from mailer.jobs.answering import last_of_person
from mailer.jobs.canned import fill_in, names
from mailer.jobs.show_letter import ShownLetter, show_letter
from mailer.jobs.surveys import Answers, answers_of
from mailer.jobs.tickets import file_as_sent, message_as_it_came
from mailer.model.attached import Attached
from mailer.model.staff import Deed
from mailer.model.ticket import DUE_STATES, Priority, Ticket, TicketKind, steps_of
from mailer.store.staff import note_deed
from mailer.web.console.door import shared
from mailer.web.console.looks import HEADERS
from mailer.web.console.means import Office, Visit
from mailer.web.console.words import SAID, SNOOZES

_FRAME_STYLE = (
    "body{margin:0;padding:1rem;background:#fff;color:#111;"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;max-width:100%}td,th{padding:.2rem;text-align:left}"
    "blockquote{margin:0 0 0 .5rem;padding-left:.75rem;border-left:3px solid #999}"
)
_FRAME = b64encode(sha256(_FRAME_STYLE.encode()).digest()).decode()
_FILE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody had written in each of a ticket's forms; None for the draft.

    Args:
        passing: What is said to whom a message goes on to.
    """

    text: str | None = None
    cc: str = ""
    note: str = ""
    to: str = ""
    passing: str = ""


_NOTHING = Kept()


async def show(request: Request, office: Office, visit: Visit) -> Response:
    """Show a ticket: the conversation in one column, the person in the other."""
    said = SAID.get(request.query_params.get("said", ""), "")
    whole = request.query_params.get("all") == "1"
    return await page(request, office, visit, said=said, whole=whole)


async def page(  # noqa: PLR0913 - each is a thing of its own
    request: Request,
    office: Office,
    visit: Visit,
    *,
    said: str = "",
    wrong: str = "",
    kept: Kept = _NOTHING,
    status: int = 200,
    whole: bool = False,
) -> Response:
    """Answer with a ticket's page.

    Args:
        said: What was done just now.
        wrong: Why it was not done.
        kept: What somebody had written.
    """
    number, now = request.path_params["number"], office.clock()
    desk = await office.working.do(
        lambda: console.desk_for(
            office.database, office.ring, visit.staff, number, now, whole=whole
        )
    )
    ticket = desk.found.ticket
    beside = await office.working.do(lambda: _beside(office, desk))
    text = kept.text
    if text is None:
        text = desk.draft.text if desk.draft else ""
        begun = await office.working.do(
            lambda: _begun(request, office, visit, ticket, beside)
        )
        if begun:
            text = f"{text.rstrip()}\n\n{begun}".lstrip() if text else begun
    sent = request.query_params.get("letter", "") if said else ""
    values = {
        **shared(visit),
        "desk": desk,
        "ticket": ticket,
        "why": {one.incoming_id: one for one in desk.found.decisions},
        "steps": {one.value for one in steps_of(ticket.state)},
        "kinds": [one.value for one in TicketKind],
        "priorities": [one.value for one in Priority],
        "snoozes": SNOOZES,
        "said": said,
        "wrong": wrong,
        "text": text,
        "kept": kept,
        "beside": beside,
        "signature": office.signature(visit.staff, ticket.mailbox),
        "undo": sent if sent.isascii() and sent.isdecimal() else "",
        "may_erase": visit.staff.may(Deed.ERASE),
    }
    return office.looks.page("ticket", values, now, status)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the workspace's files have for a ticket.

    Args:
        canned: The names of texts that are used often.
        articles: Title and address of those that may answer what was asked last; none
            where nobody owes an answer.
        answers: What the person answered to surveys.
        others: What else is known of her, by name.
    """

    canned: tuple[str, ...]
    articles: tuple[tuple[str, str], ...]
    answers: tuple[Answers, ...]
    others: dict[str, object]


def _beside(office: Office, desk: console.Desk) -> Beside:
    ticket, contact = desk.found.ticket, desk.person.contact
    last = last_of_person(list(desk.found.entries))
    articles: tuple[tuple[str, str], ...] = ()
    if last is not None and ticket.state in DUE_STATES:
        asked = f"{last.subject}\n{last.text}"
        found = office.shelf.suggest(asked, in_small(ticket.language))
        site = office.pen.site
        articles = tuple((one.title, site.article(one.name, one.language)) for one in found)
    known = dict(contact.attributes) if contact else {}
    answers, named = answers_of(office.world, known)
    others = {name: value for name, value in known.items() if name not in named}
    return Beside(names(office.world.folder), articles, answers, others)


def _begun(
    request: Request, office: Office, visit: Visit, ticket: Ticket, beside: Beside
) -> str:
    """Return what an answer is begun with, where a text or an article was chosen."""
    if request.method != "GET":
        return ""
    canned = request.query_params.get("canned", "")
    if canned in beside.canned:
        return fill_in(office.world.folder, canned, ticket, visit.staff.name)
    chosen = request.query_params.get("article", "")
    found = (one for one in beside.articles if one[1] == chosen)
    return next((f"{title}: {address}\n" for title, address in found), "")


async def changes(request: Request, office: Office, visit: Visit) -> Response:
    """Answer at which version a ticket is, and who is there, for a page that is open."""
    number, now = request.path_params["number"], office.clock()
    form = visit.form
    version = form.get("version", "")
    seen = int(version) if version.isascii() and version.isdecimal() else 0

    def look() -> dict[str, object]:
        text = form.get("text") if form.get("typed") == "1" else None
        here = console.be_here(
            office.database, visit.staff, number, text, min(seen, 2**31), now
        )
        found = console.seen_by(office.database, visit.staff, number)
        return {
            "version": found.ticket.version,
            "here": [{"name": one.name, "writing": one.writing} for one in here],
        }

    return JSONResponse(await office.working.do(look), headers=HEADERS)


async def message(request: Request, office: Office, visit: Visit) -> Response:
    """Show a message's HTML, made harmless, in a frame that can do nothing."""
    raw = await _raw(request, office, visit)
    found = console.message_html(raw)
    if found is None:
        raise NotFoundError("this message has no HTML")
    html, images = found
    left_out = f"<p><small>{images} image(s) left out.</small></p>" if images else ""
    body = (
        "<!doctype html><html><head><meta charset=utf-8><title>Message</title>"
        f"<style>{_FRAME_STYLE}</style></head>"
        f"<body>{html}{left_out}</body></html>"
    )
    return HTMLResponse(
        body,
        headers={
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{_FRAME}'; sandbox allow-popups"
                " allow-popups-to-escape-sandbox; frame-ancestors 'self'"
            ),
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
        },
    )


async def letter(request: Request, office: Office, visit: Visit) -> Response:
    """Show a letter of ours in a frame, below the way back to its ticket."""
    found = await _letter(request, office, visit)
    values = {
        "ticket": request.path_params["number"],
        "which": request.path_params["letter"],
        "subject": found.subject,
    }
    return office.looks.page("letter", {**shared(visit), **values}, office.clock())


async def letter_html(request: Request, office: Office, visit: Visit) -> Response:
    """Show a letter of ours as its person got it; nothing in it works or is loaded."""
    found = await _letter(request, office, visit)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox;"
        " frame-ancestors 'self'"
    )
    return HTMLResponse(
        found.html
        or f"<!doctype html><title>Letter</title><pre>{escape(found.text)}</pre>",
        headers={
            "Content-Security-Policy": policy,
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
        },
    )


async def _letter(request: Request, office: Office, visit: Visit) -> ShownLetter:
    number, which = request.path_params["number"], request.path_params["letter"]

    def look() -> ShownLetter:
        console.require_letter(office.database, visit.staff, number, which)
        return show_letter(office.world, which)

    return await office.working.do(look)


async def source(request: Request, office: Office, visit: Visit) -> Response:
    """Give out a message as it came, to be saved."""
    raw = await _raw(request, office, visit)
    return _file(raw, f"message-{request.path_params['message']}.eml")


async def attachment(request: Request, office: Office, visit: Visit) -> Response:
    """Give out an attachment, to be saved: it is never shown, whatever it says it is."""
    raw = await _raw(request, office, visit)
    name, content = console.attachment(raw, request.path_params["place"])
    number, now = request.path_params["number"], office.clock()

    def note() -> None:
        with office.database.write() as connection:
            note_deed(
                connection, visit.staff.name, "saved an attachment", now,
                ticket_id=number, network=visit.network,
            )  # fmt: skip

    await office.working.do(note)
    return _file(content, name)


async def file(request: Request, office: Office, visit: Visit) -> Response:
    """Give out a file that went with a letter of ours, to be saved."""
    number, which = request.path_params["number"], request.path_params["file"]

    def look() -> Attached:
        found = console.seen_by(office.database, visit.staff, number)
        return file_as_sent(office.database, found, which)

    found = await office.working.do(look)
    return _file(found.content, found.name)


def _file(content: bytes, name: str) -> Response:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    how = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content,
        headers={**_FILE, "Content-Disposition": how},
        media_type="application/octet-stream",
    )


async def _raw(request: Request, office: Office, visit: Visit) -> bytes:
    number, which = request.path_params["number"], request.path_params["message"]

    def look() -> bytes:
        found = console.seen_by(office.database, visit.staff, number)
        return message_as_it_came(office.database, found, which)

    return await office.working.do(look)
