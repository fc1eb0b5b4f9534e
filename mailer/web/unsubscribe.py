"""/u/…: behind the unsubscribe link of every letter, and in its List-Unsubscribe header."""

from starlette.requests import Request
from starlette.responses import Response

from mailer.model.token import TokenKind
from mailer.web.leaving import leave, show
from mailer.web.means import Means


async def get(request: Request, means: Means) -> Response:
    """Show a page with a button; scanners come too, so nothing is changed."""
    return await show(request, means, TokenKind.UNSUBSCRIBE, "unsubscribe")


async def post(request: Request, means: Means) -> Response:
    """Leave at once."""
    return await leave(request, means, TokenKind.UNSUBSCRIBE)
