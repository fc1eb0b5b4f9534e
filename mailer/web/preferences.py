"""/p/…: behind the preferences link of every letter: which list it is, and leaving it."""

from starlette.requests import Request
from starlette.responses import Response

from mailer.model.token import TokenKind
from mailer.web.leaving import leave, show
from mailer.web.means import Means


async def get(request: Request, means: Means) -> Response:
    """Show which list the letter was from; scanners come too, so nothing is changed."""
    return await show(request, means, TokenKind.PREFERENCES, "preferences")


async def post(request: Request, means: Means) -> Response:
    """Leave the list, or all of them."""
    return await leave(request, means, TokenKind.PREFERENCES)
