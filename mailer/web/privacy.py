"""/privacy: what is done with people's data, made from what is really configured.

Who changes a setting changes this page; it can promise nothing that is not done.
"""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from mailer.model.mailinglist import MailingList, OptIn
from mailer.model.partner import Partner
from mailer.model.privacy import Handling, Purpose, Receiver
from mailer.web.language import language_of
from mailer.web.means import Means
from mailer.workspace.partners import read_partners

_PUBLIC = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}


async def get(request: Request, means: Means) -> Response:
    """Show the page to everybody."""
    lists = await means.reading.do(means.lists)
    world = means.joining.world
    partners = await means.reading.do(lambda: read_partners(world.folder, world.specs))
    language = language_of(request, means.pages)
    values = values_of(
        _with(means.handling, partners), lists, means.letters.site.public_url
    )
    answer = means.pages.page(
        "privacy",
        {**values, "sender": means.letters.site.sender_address},
        language=language,
    )
    answer.headers.update(_PUBLIC)
    return answer


def _with(handling: Handling, partners: Sequence[Partner]) -> Handling:
    """Name the partners beside those who see something by what is configured."""
    named = tuple(Receiver(one.title, Purpose.PARTNER, one.purpose) for one in partners)
    return replace(handling, receivers=(*handling.receivers, *named))


def values_of(
    handling: Handling, lists: Sequence[MailingList], public_url: str
) -> dict[str, object]:
    """Return what the page's template works with."""
    labels = _labels(lists)
    return {
        "contact": handling.contact,
        "statement_url": handling.statement_url,
        "addresses": list(dict.fromkeys(one.postal_address for one in lists)),
        "lists": [
            {
                "title": one.title,
                "purpose": one.purpose,
                "language": one.language,
                "confirmed": one.opt_in is OptIn.DOUBLE,
                "join_url": f"{public_url}/join/{one.name}" if one.sign_up else "",
            }
            for one in lists
        ],
        "known": [
            labels.get(name) or name.replace("_", " ").capitalize()
            for name in handling.attributes
        ],
        "counts_clicks": any(one.count_links for one in lists),
        "records": [
            {
                "title": one.clicks.title,
                "purpose": one.clicks.purpose,
                "language": one.language,
            }
            for one in lists
            if one.clicks is not None
        ],
        "mailboxes": list(handling.mailboxes),
        "reads_mail": handling.reads_mail,
        "receivers": [
            {"name": one.name, "why": one.why.value, "words": one.words}
            for one in handling.receivers
        ],
        "encrypted": handling.encrypted,
        "kept": handling.kept,
        "own_url": f"{public_url}/me",
    }


def _labels(lists: Sequence[MailingList]) -> dict[str, str]:
    """Return what the lists' own pages call each attribute."""
    return {
        question.attribute: question.label
        for one in lists
        if one.sign_up is not None
        for question in one.sign_up.questions
    }
