"""Which language a page is shown in: the person's, the link's, then the browser's."""

from starlette.requests import Request

from mailer.web.pages import Pages
from mailer.web.words import choose_language


def language_of(request: Request, pages: Pages, person: str | None = None) -> str:
    """Choose the language of an answer.

    Args:
        person: The language of the person that the link was made for, if that is known.
    """
    return choose_language(
        [person or "", request.query_params.get("lang", "")],
        request.headers.get("accept-language", ""),
        pages.languages,
    )
