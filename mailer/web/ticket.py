"""/t/…: the page of a conversation, behind the link in its acknowledgement.

Whoever has the link may read the conversation and add to it, as whoever has the letter
may. What staff note for each other never stands here.
"""

from starlette.requests import Request
from starlette.responses import Response

from mailer.compose.acknowledging import moment_in_words
from mailer.jobs.write_to_us import Followed, follow_ticket, say_helped, typed_on_ticket
from mailer.model.ticket import EntryKind, TicketState
from mailer.model.token import TokenKind
from mailer.triage.mailboxes import NOWHERE, Mailbox
from mailer.triage.tickets import clean
from mailer.web.contact import (
    TEXT_AT_MOST,
    is_once,
    keep,
    moment_of,
    new_once,
)
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means

_UNPROCESSABLE, _TOO_MANY = 422, 429
_ANSWERING = frozenset({TicketState.NEW, TicketState.OPEN, TicketState.SNOOZED})


async def get(request: Request, means: Means) -> Response:
    """Show the conversation; nothing is changed."""
    found = await _found(request, means)
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    return _page(request, means, found)


async def post(request: Request, means: Means) -> Response:
    """Take what the person adds, or whether she was helped."""
    found = await _found(request, means)
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    fields = await read_form(request)
    if fields.get("helped") in {"yes", "no"}:
        helped = fields["helped"] == "yes"
        await means.joining.threads.do(
            lambda: say_helped(
                means.database, found.ticket.id, helped=helped, now=means.clock()
            )
        )
        return _page(request, means, await _found(request, means) or found, note="helped")
    text = clean(fields.get("text", "").replace("\r\n", "\n"), TEXT_AT_MOST)
    if not text.strip():
        return _page(request, means, found, problem="missing")
    now, once = means.clock(), fields.get("once", "")
    once, at = (once, moment_of(once, now)) if is_once(once, now) else (new_once(now), now)
    typed = typed_on_ticket(
        found.ticket, _mailbox(means, found).address, means.tokens, text, once, at
    )
    if not await keep(request, means, typed):
        return means.pages.problem(
            _TOO_MANY, language=language_of(request, means.pages, found.ticket.language)
        )
    return _page(request, means, found, note="sent")


async def _found(request: Request, means: Means) -> Followed | None:
    token: str = request.path_params["token"]
    number = means.tokens.number(TokenKind.TICKET_PAGE, token.rstrip(JUNK))
    if number is None:
        return None
    return await means.reading.do(lambda: follow_ticket(means.database, number))


def _mailbox(means: Means, found: Followed) -> Mailbox:
    named = [one for one in means.mailboxes if one.name == found.ticket.mailbox]
    return next(iter((*named, *means.mailboxes)), NOWHERE)


def _page(
    request: Request, means: Means, found: Followed, *, note: str = "", problem: str = ""
) -> Response:
    ticket, mailbox = found.ticket, _mailbox(means, found)
    language = language_of(request, means.pages, ticket.language)
    due = ticket.due_at if ticket.state in _ANSWERING else None
    values = {
        "number": ticket.id,
        "subject": ticket.subject,
        "stands": _stands(ticket.state),
        "answer_by": moment_in_words(due, mailbox.zone, language)
        if due is not None and due > means.clock()
        else "",
        "entries": [
            {
                "ours": one.kind is EntryKind.REPLY,
                "text": one.text,
                "at": moment_in_words(one.at, mailbox.zone, language),
                "iso": one.at.isoformat(),
            }
            for one in found.entries
        ],
        "open": bool(mailbox.address),
        "helped": found.helped,
        "note": note,
        "problem": problem,
        "once": new_once(means.clock()),
    }
    status = _UNPROCESSABLE if problem else 200
    return means.pages.page("ticket", values, status, language=language)


def _stands(state: TicketState) -> str:
    """Return how it stands as its person sees it."""
    match state:
        case TicketState.CLOSED:
            return "closed"
        case TicketState.WAITING:
            return "answered"
        case _:
            return "open"
