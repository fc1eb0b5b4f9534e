"""Leaving by a link from a letter, whichever page it is: the one mechanism behind them.

RFC 8058 §3.2: a POST with `List-Unsubscribe=One-Click` acts at once, without cookie, login,
redirect or question, and is answered when it is committed. The button of a page sends
`leave=list` or `leave=all` and has the same effect.
"""

import logging
from collections.abc import Mapping
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.errors import MailerError
from mailer.jobs.recognise import Standing, recognise
from mailer.jobs.undo_leaving import undo_leaving
from mailer.jobs.unsubscribe import Left, unsubscribe
from mailer.jobs.why_left import said_why, why_left
from mailer.model.consent import How
from mailer.model.reason import WhyLeft
from mailer.model.token import Reader, TokenKind
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.means import Means
from mailer.web.pages import RETRY_AFTER_S

_log = logging.getLogger(__name__)

_ONE_CLICK = ("list-unsubscribe", "one-click")
JUNK = "/.,;:!?'\"*()<>[]{}| \t\r\n\u00a0\u200b\u201d\u2019"
"""What mail programs and people put behind a link; no token ends with any of it."""


class Wish(StrEnum):
    """What a page's button asks for."""

    LIST = "list"
    ALL = "all"


def reader_of(request: Request, means: Means, kind: TokenKind) -> Reader | None:
    """Return who a link was made for; None when it is not ours, whatever was changed."""
    token: str = request.path_params["token"]
    return means.tokens.reader(kind, token.rstrip(JUNK))


async def show(request: Request, means: Means, kind: TokenKind, page: str) -> Response:
    """Show a page to the holder of a link; nothing is changed."""
    reader = reader_of(request, means, kind)
    if reader is None:
        return means.pages.not_found(language_of(request, means.pages))
    standing = await _standing(means, reader)
    return means.pages.page(
        page,
        {
            "title": standing.title,
            "address": masked(standing.address),
            "on_list": standing.on_list,
            "stopped": standing.stopped,
        },
        language=language_of(request, means.pages, standing.language),
    )


async def leave(request: Request, means: Means, kind: TokenKind) -> Response:
    """Do what a POST asks for, and answer when it is on record."""
    reader = reader_of(request, means, kind)
    if reader is None:
        return means.pages.not_found(language_of(request, means.pages))
    return await leave_as_asked(request, means, reader, await read_form(request))


async def leave_as_asked(
    request: Request, means: Means, reader: Reader, form: Mapping[str, str]
) -> Response:
    """Do what the fields of a form ask for."""
    name, value = _ONE_CLICK
    if form.get(name, "").lower() == value:
        return await _one_click(means, reader, language_of(request, means.pages))
    if "about" in form:
        return await _why(request, means, reader, form)
    if "undo" in form:
        return await _undo(request, means, reader, form["undo"])
    try:
        wish = Wish(form.get("leave", ""))
    except ValueError:
        return means.pages.problem(400, language=language_of(request, means.pages))
    return await _by_button(request, means, reader, wish)


async def _one_click(means: Means, reader: Reader, language: str) -> Response:
    """Answer to a mail program: short, and without a page that could go wrong."""
    say, headers = means.pages.say(language), {"Content-Language": language}
    try:
        await _unsubscribe(means, reader, How.ONE_CLICK, Wish.LIST)
    except (MailerError, TimeoutError) as problem:
        _log.warning("an unsubscribe request is not on record: %s", problem)
        return PlainTextResponse(
            say("Not now: please try again in a minute.") + "\n",
            503,
            {**headers, "Retry-After": str(RETRY_AFTER_S)},
        )
    return PlainTextResponse(say("You are unsubscribed.") + "\n", headers=headers)


async def _by_button(
    request: Request, means: Means, reader: Reader, wish: Wish
) -> Response:
    try:
        standing = await _standing(means, reader)
        left = await _unsubscribe(means, reader, How.PAGE, wish)
    except (MailerError, TimeoutError) as problem:
        _log.warning("a wish to leave is not on record: %s", problem)
        language = language_of(request, means.pages)
        return means.pages.problem(503, retry=wish.value, language=language)
    return _left(
        request, means, standing, left.entry, everything=wish is Wish.ALL, thanks=False
    )


def _left(
    request: Request,
    means: Means,
    standing: Standing,
    entry: int | None,
    *,
    everything: bool,
    thanks: bool,
) -> Response:
    """Say that somebody has left, how it is undone, and where she may say why."""
    tokens = means.tokens
    return means.pages.page(
        "left",
        {
            "title": standing.title,
            "address": masked(standing.address),
            "everything": everything,
            "thanks": thanks,
            "undo": "" if entry is None else tokens.for_number(TokenKind.UNDO, entry),
            "about": "" if entry is None else tokens.for_number(TokenKind.REASON, entry),
            "reasons": [one.value for one in WhyLeft],
        },
        language=language_of(request, means.pages, standing.language),
    )


async def _why(
    request: Request, means: Means, reader: Reader, form: Mapping[str, str]
) -> Response:
    """Write down why somebody left, by what only the answer to the button holds."""
    standing = await _standing(means, reader)
    number = means.tokens.number(TokenKind.REASON, form["about"])
    said = (
        None
        if number is None
        else said_why(number, form.get("reason", ""), form.get("words", ""))
    )
    everything = form.get("everything") == "yes"
    kept = said is not None and await means.joining.threads.do(
        lambda: why_left(
            means.database, reader.contact_id, reader.campaign_id, said, means.clock()
        )
    )
    if number is None or (said is not None and not kept):
        language = language_of(request, means.pages, standing.language)
        return means.pages.problem(400, language=language)
    return _left(
        request, means, standing, number, everything=everything, thanks=said is not None
    )


async def _undo(request: Request, means: Means, reader: Reader, token: str) -> Response:
    """Put a person back who pressed the button by mistake, and say what holds now."""
    number = means.tokens.number(TokenKind.UNDO, token)
    standing = await _standing(means, reader)
    language = language_of(request, means.pages, standing.language)
    if number is None:
        return means.pages.problem(400, language=language)
    undone = await means.leaving.do(
        lambda: undo_leaving(means.database, means.logbook, number, means.clock())
    )
    return means.pages.page(
        "undone",
        {"address": masked(standing.address), "done": bool(undone.lists)},
        language=language,
    )


async def _unsubscribe(means: Means, reader: Reader, how: How, wish: Wish) -> Left:
    """Leave, and come back when it is committed."""
    return await means.leaving.do(
        lambda: unsubscribe(
            means.database,
            means.logbook,
            reader,
            how,
            means.clock(),
            everything=wish is Wish.ALL,
        )
    )


async def _standing(means: Means, reader: Reader) -> Standing:
    return await means.reading.do(lambda: recognise(means.database, reader, means.clock()))


def masked(address: str) -> str:
    """Return an address so that only who has it knows it again: `j•••@example.com`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""
