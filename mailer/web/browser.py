"""/b/…: a letter as a browser shows it, behind the signed link that stands in it.

It is composed again for the person that it went to, and holds nothing that the letter does
not. Whoever has the letter has the link, so nothing here is changed, kept or found.
"""

from starlette.requests import Request
from starlette.responses import Response

from mailer.model.token import TokenKind
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means


async def get(request: Request, means: Means) -> Response:
    """Show a letter to whoever has its link."""
    token: str = request.path_params["token"]
    number = means.tokens.delivery(TokenKind.BROWSER, token.rstrip(JUNK))
    page = None
    if number is not None:
        page = await means.reading.do(lambda: means.letters.of_person(number))
    if page is None:
        return means.pages.not_found(language_of(request, means.pages))
    return means.pages.letter(page.html)
