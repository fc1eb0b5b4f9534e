"""/health: can this program do its work? For whoever watches over it and starts it anew."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.errors import MailerError
from mailer.jobs.metrics import database_answers
from mailer.web.means import Means

VERSION = version("permission-mailer")


async def get(request: Request, means: Means) -> Response:
    """Answer 200, or 503 while the database cannot be read."""
    del request
    try:
        await means.watching.do(lambda: database_answers(means.database))
    except (MailerError, TimeoutError):
        return _answer("unavailable", "cannot be read", 503)
    return _answer("ok", "ok", 200)


def _answer(status: str, database: str, code: int) -> Response:
    return JSONResponse({"status": status, "database": database, "version": VERSION}, code)
