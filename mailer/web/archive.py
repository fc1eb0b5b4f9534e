"""/archive/…: the letters of a list that wants them read by everybody, and their feed.

They are composed without a person: nobody's values, nobody's links. Search engines may find
them, which nothing else here allows.
"""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response

from mailer.compose.languages import locale_of
from mailer.jobs.reading import Page
from mailer.model.mailinglist import MailingList
from mailer.web.language import language_of
from mailer.web.means import Means

_PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}
_ATOM = "http://www.w3.org/2005/Atom"


async def get(request: Request, means: Means) -> Response:
    """Show the list of letters."""
    language = language_of(request, means.pages)
    found = await means.reading.do(lambda: _letters(request, means))
    if found is None:
        return means.pages.not_found(language)
    mailing_list, letters = found
    here = means.letters.site.archive(mailing_list.name)
    values = {
        "title": mailing_list.title,
        "purpose": mailing_list.purpose,
        "feed_url": f"{here}/feed.xml",
        "letters": [
            {
                "subject": one.subject,
                "url": f"{here}/{one.number}",
                "date": one.at.date().isoformat(),
                "day": format_date(one.at.date(), "long", locale_of(language)),
            }
            for one in letters
        ],
    }
    answer = means.pages.page("archive", values, language=language)
    answer.headers.update(_PUBLIC)
    return answer


async def letter(request: Request, means: Means) -> Response:
    """Show one letter."""
    name, number = request.path_params["name"], request.path_params["number"]

    def look() -> Page | None:
        mailing_list = means.letters.archived(name)
        if mailing_list is None:
            return None
        return means.letters.letter_of(mailing_list, number)

    page = await means.reading.do(look)
    if page is None:
        return means.pages.not_found(language_of(request, means.pages))
    answer = means.pages.letter(page.html)
    answer.headers.update(_PUBLIC)
    return answer


async def feed(request: Request, means: Means) -> Response:
    """Answer with the feed (RFC 4287)."""
    found = await means.reading.do(lambda: _letters(request, means))
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    mailing_list, letters = found
    body = _feed(means.letters.site.archive(mailing_list.name), mailing_list, letters)
    return Response(body, headers=_PUBLIC, media_type="application/atom+xml")


def _letters(request: Request, means: Means) -> tuple[MailingList, list[Page]] | None:
    mailing_list = means.letters.archived(request.path_params["name"])
    if mailing_list is None:
        return None
    return mailing_list, means.letters.letters_of(mailing_list)


def _feed(here: str, mailing_list: MailingList, letters: Sequence[Page]) -> bytes:
    """Write a feed (RFC 4287 §4.1)."""
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": mailing_list.language})
    SubElement(root, "id").text = here
    SubElement(root, "title").text = mailing_list.title
    SubElement(root, "subtitle").text = mailing_list.purpose
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": here})
    own = {"rel": "self", "type": "application/atom+xml", "href": f"{here}/feed.xml"}
    SubElement(root, "link", own)
    author = SubElement(root, "author")
    SubElement(author, "name").text = mailing_list.sender_name or mailing_list.title
    newest = max((one.at for one in letters), default=None)
    SubElement(root, "updated").text = _written(newest)
    for one in letters:
        entry = SubElement(root, "entry")
        SubElement(entry, "id").text = f"{here}/{one.number}"
        SubElement(entry, "title").text = one.subject
        SubElement(entry, "updated").text = _written(one.at)
        link = {"rel": "alternate", "type": "text/html", "href": f"{here}/{one.number}"}
        SubElement(entry, "link", link)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _written(at: datetime | None) -> str:
    """Write a time as feeds have it (RFC 3339); the epoch where there is none."""
    if at is None:
        return "1970-01-01T00:00:00Z"
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
