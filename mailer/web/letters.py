"""/api/send: one letter to one address, with a key of its own, sent once."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.audience.wanted import LetterReader
from mailer.jobs.orders import Asked
from mailer.jobs.transact import (
    Answer,
    Faults,
    MustNot,
    OtherLetter,
    Outcome,
    Owed,
)
from mailer.web.contacts import IDEMPOTENCY, KEY_IS_WRONG, ZONES, let_in, strict_json
from mailer.web.form import read_body
from mailer.web.means import Means
from mailer.web.problems import Reason, problem

STATUS = 202


async def post(request: Request, means: Means) -> Response:
    """Take an order for a letter."""
    came = await let_in(request, means)
    if isinstance(came, Response):
        return came
    door, key = came
    idempotency = request.headers.get("idempotency-key", "")
    if not IDEMPOTENCY.fullmatch(idempotency):
        words = " Without it a letter could go out twice: an order's number will do."
        return problem(Reason.INVALID, KEY_IS_WRONG + words)
    body = await read_body(request)
    try:
        said = strict_json(body)
    except ValueError as wrong:
        return problem(Reason.NOT_JSON, str(wrong))
    reader = LetterReader(door.world.specs, ZONES, means.clock())
    wanted = reader.read_letter(said)
    if wanted is None:
        return problem(Reason.INVALID, faults=reader.faults)
    asked = Asked(f"key {key.name}", idempotency, body)
    return _told(
        await means.joining.threads.do(lambda: door.letters.send(reader, wanted, asked))
    )


def _told(outcome: Outcome) -> Response:
    match outcome:
        case Owed(letter):
            return JSONResponse({"result": Answer.QUEUED, "letter": letter}, STATUS)
        case Faults(faults):
            return problem(Reason.INVALID, faults=faults)
        case MustNot(detail):
            return problem(Reason.STAYS_AWAY, detail)
        case OtherLetter(letter):
            return problem(Reason.KEY_TAKEN, f"It belongs to letter {letter}.")
