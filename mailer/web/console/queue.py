"""/console/: what is due first, the search, the figures, and a ticket made by hand."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.errors import RefusedError
from mailer.jobs import console, desk_stats, staff, tickets
from mailer.jobs.new_ticket import Call, note_call
from mailer.jobs.notify_staff import browser_news
from mailer.model.staff import Deed
from mailer.store.staff import note_deed
from mailer.web.console.door import led_to, shared
from mailer.web.console.looks import HEADERS
from mailer.web.console.means import Office, Visit
from mailer.web.console.words import NEWS, SAID

_STATS_DAYS = 30
_AUDIT = 200
_PAGES_AT_MOST = 10_000


async def show(request: Request, office: Office, visit: Visit) -> Response:
    """Show the queue."""
    now = office.clock()
    view = request.query_params.get("view", "due")
    page = _page(request.query_params.get("page", "0"))

    def look() -> console.Queue:
        tickets.wake(office.database, now)
        return console.queue_for(office.database, visit.staff, view, page, now)

    found = await office.working.do(look)
    values = {**shared(visit), "queue": found, "page": page, "view": found.view}
    values["mark"] = _mark(found)
    values["said"] = SAID.get(request.query_params.get("said", ""), "")
    return office.looks.page("queue", values, now)


async def changes(request: Request, office: Office, visit: Visit) -> Response:
    """Answer whether the queue has changed, for a page that is open."""
    now = office.clock()
    view = request.query_params.get("view", "due")
    found, news = await office.working.do(
        lambda: (
            console.queue_for(office.database, visit.staff, view, 0, now),
            browser_news(office.world, visit.staff, now),
        )
    )
    told = [
        {"key": f"{one.news}-{one.ticket_id}-{one.mark}", "ticket": one.ticket_id,
         "words": NEWS[one.news]}
        for one in news
    ]  # fmt: skip
    values = {"mark": _mark(found), "counts": found.counts, "news": told}
    return JSONResponse(values, headers=HEADERS)


def _mark(found: console.Queue) -> str:
    """Return what is another when anything on the page is."""
    shown = [(one.id, one.version) for one in found.tickets[: console.PAGE]]
    return json.dumps([found.counts, shown[:20]], separators=(",", ":"))


def _page(text: str) -> int:
    short = text.isascii() and text.isdecimal() and len(text) <= 5  # noqa: PLR2004
    return min(int(text), _PAGES_AT_MOST) if short else 0


async def search(request: Request, office: Office, visit: Visit) -> Response:
    """Find tickets by words, addresses or number."""
    asked = request.query_params.get("q", "")[:200].replace("\0", "")
    found = await office.working.do(
        lambda: console.search_for(office.database, visit.staff, asked.split()[:10])
    )
    values = {**shared(visit), "asked": asked, "found": found}
    return office.looks.page("search", values, office.clock())


async def stats(request: Request, office: Office, visit: Visit) -> Response:
    """Show how the front desk keeps its promises."""
    del request
    now = office.clock()
    found = await office.working.do(
        lambda: desk_stats.stats(office.database, _STATS_DAYS, now)
    )
    mine = [one.facts() for one in found if visit.staff.sees(one.mailbox)]
    values = {**shared(visit), "rows": mine, "days": _STATS_DAYS}
    return office.looks.page("stats", values, now)


async def audit(request: Request, office: Office, visit: Visit) -> Response:
    """Show who did what, to those who may see it."""
    del request
    if not visit.staff.may(Deed.AUDIT):
        raise RefusedError("only an admin may see who did what")
    found = await office.working.do(
        lambda: staff.deeds(office.database, _AUDIT, None, None)
    )
    return office.looks.page("audit", {**shared(visit), "deeds": found}, office.clock())


async def show_new(request: Request, office: Office, visit: Visit) -> Response:
    """Ask what somebody said who called."""
    del request
    values = {**shared(visit), "mailboxes": _mailboxes(office, visit)}
    return office.looks.page("new", values, office.clock())


async def do_new(request: Request, office: Office, visit: Visit) -> Response:
    """Make a ticket of what somebody said."""
    del request
    form, now = visit.form, office.clock()
    mailbox = form.get("mailbox") or None
    if mailbox is not None and not visit.staff.sees(mailbox):
        raise RefusedError(f"you do not see the mailbox {mailbox}")
    call = Call(
        form.get("address", ""), form.get("name", ""), form.get("subject", ""),
        form.get("text", ""), mailbox or next(iter(_mailboxes(office, visit)), None),
    )  # fmt: skip

    def make() -> int:
        by = visit.staff.name
        made = note_call(office.database, office.pen.mailboxes, call, by, now)
        with office.database.write() as connection:
            note_deed(connection, by, "new", now, ticket_id=made.id, network=visit.network)
        return made.id

    number = await office.working.do(make)
    return led_to(office, f"/tickets/{number}", {"said": "new"})


def _mailboxes(office: Office, visit: Visit) -> list[str]:
    return [one.name for one in office.pen.mailboxes if visit.staff.sees(one.name)]
