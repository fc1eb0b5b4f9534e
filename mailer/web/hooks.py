"""/hooks/…: what services that take our letters tell; kept before it is answered."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.jobs.hooks import HookAnswer
from mailer.model.hook import Provider
from mailer.web.form import read_body
from mailer.web.means import Means

_BYTES_AT_MOST = 8_000_000
_WITHIN_S = 30.0
_STATUS = {
    HookAnswer.KEPT: 200,
    HookAnswer.NOT_SET_UP: 404,
    # Amazon posts again what a server could not do, and nothing that it refused.
    HookAnswer.LATER: 503,
    # Mailgun asks again after anything but 200 and 406: should the key be a wrong one here,
    # nothing is lost while it is put right.
    HookAnswer.REFUSED: 403,
}


async def post(request: Request, means: Means) -> Response:
    """Keep what a provider posts; 503 asks for it again."""
    name = str(request.path_params["provider"])
    if means.hooks is None or name not in set(Provider):
        return _answer(HookAnswer.NOT_SET_UP)
    door, provider = means.hooks, Provider(name)
    body = await read_body(request, _WITHIN_S, _BYTES_AT_MOST)
    headers = {key.lower(): value for key, value in request.headers.items()}
    return _answer(await means.hearing.do(lambda: door.take(provider, headers, body)))


def _answer(answer: HookAnswer) -> Response:
    return JSONResponse({"result": answer.value}, _STATUS[answer])
