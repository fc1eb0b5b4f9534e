"""/b/…: a letter as a browser shows it, behind the signed link that stands in it.

It is composed again for the person that it went to, and holds nothing that the letter does
not. Whoever has the letter has the link, so nothing here is changed, kept or found.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailer.model.token import TokenKind
from mailer.web.language import language_of
from mailer.web.leaving import JUNK
from mailer.web.means import Means

LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
    " allow-top-navigation-by-user-activation"
)
"""What a letter may do in a browser: show itself and its images, and be left by a link."""


async def get(request: Request, means: Means) -> Response:
    """Show a letter to whoever has its link."""
    token: str = request.path_params["token"]
    number = means.tokens.delivery(TokenKind.BROWSER, token.rstrip(JUNK))
    page = None
    if number is not None:
        page = await means.reading.do(lambda: means.letters.of_person(number))
    if page is None:
        return means.pages.not_found(language_of(request, means.pages))
    return HTMLResponse(page.html, headers={"Content-Security-Policy": LETTER_POLICY})
