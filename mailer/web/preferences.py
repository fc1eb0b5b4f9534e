"""/p/…: behind every letter's preferences link: lists, how often, a pause, the language."""

import logging
from collections.abc import Mapping

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import MailerError, NotFoundError
from mailer.jobs import preferences as jobs
from mailer.jobs import wishes
from mailer.jobs.page_links import ask_by_link
from mailer.jobs.preferences import CHANNEL, CHANNELS, PAUSES_DAYS, Preferences
from mailer.jobs.surveys import shown_surveys
from mailer.jobs.topics import topics_of_lists
from mailer.model.attributes import AttributeType
from mailer.model.frequency import Frequency
from mailer.model.token import Reader, TokenKind
from mailer.model.zone import zone_names
from mailer.web.client import agent_of, client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.leaving import leave_as_asked, masked, reader_of
from mailer.web.means import Means

_log = logging.getLogger(__name__)

_KIND = TokenKind.PREFERENCES
_LOOKS = ("full", "plain")
_TOPIC = "topic."
_PAUSES = frozenset(map(str, PAUSES_DAYS))
_FREQUENCIES = frozenset(one.value for one in Frequency)
_LANGUAGES = {"en": "English", "nb": "Norsk", "de": "Deutsch"}
"""What languages call themselves; another one shows its tag."""


async def get(request: Request, means: Means) -> Response:
    """Show what the person has chosen; scanners come too, so nothing is changed."""
    reader = reader_of(request, means, _KIND)
    if reader is None:
        return means.pages.not_found(language_of(request, means.pages))
    return await _show(request, means, reader)


async def post(request: Request, means: Means) -> Response:
    """Do what one of the buttons asks for, and show what holds from now on."""
    reader = reader_of(request, means, _KIND)
    if reader is None:
        return means.pages.not_found(language_of(request, means.pages))
    form = await read_form(request)
    try:
        note = await _do(request, means, reader, form)
    except (MailerError, TimeoutError) as problem:
        _log.warning("a choice is not on record: %s", problem)
        return means.pages.problem(503, language=language_of(request, means.pages))
    if isinstance(note, Reader):
        return await leave_as_asked(request, means, note, form)
    if not note:
        return means.pages.problem(400, language=language_of(request, means.pages))
    return await _show(request, means, reader, note)


async def _do(  # noqa: PLR0911 - one for each button
    request: Request, means: Means, reader: Reader, form: dict[str, str]
) -> str | Reader:
    """Do what a form asks for.

    Returns:
        What to say of it, "" when it could not be; or who leaves which list by it.
    """
    database, logbook, now = means.database, means.logbook, means.clock()
    match form:
        case {"page": _}:
            return await _send_link(request, means, reader)
        case {"join": name}:
            return await _join(request, means, reader, name)
        case {"leave_list": list_id}:
            other = await means.reading.do(
                lambda: jobs.reader_on(database, reader, list_id)
            )
            # Nobody but our own page names a list here; what it does not know changes none.
            form["leave"] = "list" if other is not None else ""
            return other or reader
        case {"pause": days} if days in _PAUSES:
            done = await means.leaving.do(
                lambda: jobs.pause(database, logbook, reader, int(days), now)
            )
            return "paused" if done else ""
        case {"resume": _}:
            done = await means.leaving.do(
                lambda: jobs.resume(database, logbook, reader, now)
            )
            return "resumed" if done else ""
        case {"topics": list_id}:
            return await _choose(means, reader, list_id, form)
        case (
            {"frequency": _}
            | {"language": _}
            | {"time_zone": _}
            | {"channel": _}
            | {"looks": _}
        ):
            return await _write_down(means, reader, form)
        case _:
            return reader


async def _choose(means: Means, reader: Reader, list_id: str, form: dict[str, str]) -> str:
    """Write down which topics of a list are ticked."""
    folder, now = means.joining.world.folder, means.clock()
    there = await means.reading.do(lambda: topics_of_lists(folder))
    if list_id not in there:
        return ""
    ticked = [one.id for one in there[list_id] if form.get(f"{_TOPIC}{one.id}")]
    done = await means.joining.threads.do(
        lambda: wishes.choose(means.database, reader, list_id, ticked, now)
    )
    return "topics" if done else ""


def _channels(means: Means) -> tuple[str, ...]:
    """Return the ways to be reached that may be chosen; none where nobody declared it."""
    spec = means.joining.world.specs.get(CHANNEL)
    return CHANNELS if spec is not None and spec.type is AttributeType.TEXT else ()


async def _write_down(means: Means, reader: Reader, form: dict[str, str]) -> str:
    """Write down what says neither yes nor no to letters."""
    database, now = means.database, means.clock()
    match form:
        case {"frequency": often} if often in _FREQUENCIES:
            done = await means.joining.threads.do(
                lambda: wishes.want(database, reader, Frequency(often), now)
            )
            return "frequency" if done else ""
        case {"looks": looks} if looks in _LOOKS:
            done = await means.joining.threads.do(
                lambda: wishes.look_like(database, reader, now, plain=looks == "plain")
            )
            return "looks" if done else ""
        case {"channel": channel} if channel in _channels(means):
            done = await means.joining.threads.do(
                lambda: jobs.reach_by(database, reader, channel, now)
            )
            return "channel" if done else ""
        case {"time_zone": zone} if zone in zone_names():
            done = await means.joining.threads.do(
                lambda: jobs.live_in(database, reader, zone, now)
            )
            return "time_zone" if done else ""
        case {"language": language} if language in means.pages.languages:
            done = await means.joining.threads.do(
                lambda: jobs.speak(database, reader, language, now)
            )
            return "language" if done else ""
        case _:
            return ""


async def _send_link(request: Request, means: Means, reader: Reader) -> str:
    """Mail the link to the person's own page; who holds a forwarded letter gets none."""
    address = client_address(request, means.joining.proxies)
    world, rules = means.joining.world, means.joining.rules
    asked = await means.joining.threads.do(
        lambda: ask_by_link(world, rules, reader.contact_id, address)
    )
    return "page" if asked else ""


async def _join(request: Request, means: Means, reader: Reader, name: str) -> str:
    address, agent = client_address(request, means.joining.proxies), agent_of(request)
    try:
        desk = await means.reading.do(lambda: means.joining.desk(name))
    except NotFoundError:
        return ""
    on = await means.joining.threads.do(lambda: jobs.join(desk, reader, address, agent))
    return {True: "joined", False: "letter", None: ""}[on]


async def _show(request: Request, means: Means, reader: Reader, note: str = "") -> Response:
    folder = means.joining.world.folder
    found = await means.reading.do(
        lambda: jobs.preferences(
            means.database,
            reader,
            means.joining.open_lists(),
            topics_of_lists(folder),
            means.clock(),
        )
    )
    language = language_of(request, means.pages, found.language)
    there = await means.reading.do(lambda: shown_surveys(means.joining.world))
    token = means.tokens.for_reader(_KIND, reader)
    surveys = [
        {"title": one.title, "language": one.language, "url": f"{token}/{one.name}"}
        for one in there
    ]
    return means.pages.page(
        "preferences",
        {**_values(found, note, means, language), "surveys": surveys},
        language=language,
    )


def _values(
    found: Preferences, note: str, means: Means, language: str
) -> Mapping[str, object]:
    until = found.paused_until
    return {
        "address": masked(found.address),
        "note": note,
        "places": [
            {
                "id": one.list_id,
                "name": one.name,
                "title": one.title,
                "purpose": one.purpose,
                "on": one.on,
                "waits": one.waits,
                "topics": [
                    {
                        "field": f"{_TOPIC}{topic.id}",
                        "words": topic.said(language),
                        "chosen": topic.id in one.chosen,
                    }
                    for topic in one.topics
                ],
            }
            for one in found.places
        ],
        "stopped": found.stopped,
        "paused_until": "" if until is None else format_date(until, locale=language),
        "pauses": PAUSES_DAYS,
        "frequency": "" if found.frequency is None else found.frequency.value,
        "frequencies": [one.value for one in Frequency],
        "looks": "plain" if found.plain else "full",
        "channels": _channels(means),
        "channel": found.channel,
        "time_zone": found.time_zone or "",
        "time_zones": sorted(zone_names()),
        "language": language,
        "languages": [
            {"tag": tag, "name": _LANGUAGES.get(tag, tag)}
            for tag in sorted(means.pages.languages)
        ],
    }
