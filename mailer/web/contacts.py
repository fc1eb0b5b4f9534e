"""/api/contacts: the door for shops and tills, with a key, done once however often sent.

Browsers have no business here: there is no cookie, and no other site's page is let in.
"""

import json
import re
from collections.abc import Callable
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.audience.posted import Fault, PostReader
from mailer.jobs.api_keys import key_behind
from mailer.jobs.once import Repeated, Ticketed, once
from mailer.jobs.post_contact import Away, Done, Door, Later, Outcome, Result, post_contact
from mailer.model.mode import Mode
from mailer.store.apikeys import ApiKey
from mailer.web.form import read_body
from mailer.web.means import Means
from mailer.web.problems import Reason, problem

STATUS = {
    Result.JOINED: 201,
    Result.RENEWED: 200,
    Result.ALREADY_ON: 200,
    Result.ASKED: 202,
    Result.WAITING: 202,
}
IDEMPOTENCY = re.compile(r"[\x21-\x7e]{1,255}")
KEY_IS_WRONG = "Idempotency-Key must be 1 to 255 printable ASCII characters."
ZONES = frozenset(available_timezones())
_DIGITS_MAX = 1000
_AGAIN_S = {"Retry-After": "5"}


async def post(request: Request, means: Means) -> Response:
    """Take what is posted about one person."""
    came = await let_in(request, means)
    if isinstance(came, Response):
        return came
    return await _take(request, means, *came)


async def let_in(request: Request, means: Means) -> tuple[Door, ApiKey] | Response:
    """Let a request with a key in; else return what it is answered with."""
    door = means.joining.door
    if door is None:
        return problem(Reason.NOT_HERE)
    key = await _key(request, means)
    if key is None:
        return problem(
            Reason.NO_KEY,
            "Send Authorization: Bearer with a key that `mailer api-key add` made.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return problem(Reason.WRONG_TYPE)
    return door, key


async def _take(request: Request, means: Means, door: Door, key: ApiKey) -> Response:
    idempotency = request.headers.get("idempotency-key")
    if idempotency is not None and not IDEMPOTENCY.fullmatch(idempotency):
        return problem(Reason.INVALID, KEY_IS_WRONG)
    body = await read_body(request)
    try:
        said = strict_json(body)
    except ValueError as wrong:
        return problem(Reason.NOT_JSON, str(wrong))
    reader = PostReader(door.world.specs, ZONES, means.clock())
    posted = reader.read(said)
    if posted is None:
        return problem(Reason.INVALID, faults=reader.faults)

    def work() -> Outcome:
        return post_contact(door, key.name, posted)

    return await _done(means, door, _ticket(door, key, idempotency, body), work)


def _ticket(
    door: Door, key: ApiKey, idempotency: str | None, body: bytes
) -> Ticketed | None:
    if idempotency is None:
        return None
    return Ticketed(key.id, idempotency, body, door.world.mode is Mode.REHEARSAL)


async def _done(
    means: Means, door: Door, ticket: Ticketed | None, work: Callable[[], Outcome]
) -> Response:
    def in_thread() -> Outcome | Repeated:
        if ticket is None:
            return work()
        return once(means.database, door.ring, ticket, work, means.clock())

    return _told(await means.joining.threads.do(in_thread))


async def _key(request: Request, means: Means) -> ApiKey | None:
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return await means.reading.do(lambda: key_behind(means.database, said.strip()))


def _told(outcome: Outcome | Repeated) -> Response:
    match outcome:
        case Done(result, contact_id):
            body = {"result": result.value, "contact": contact_id}
            return JSONResponse(body, STATUS[result])
        case Away(detail):
            return problem(Reason.STAYS_AWAY, detail)
        case Fault():
            return problem(Reason.INVALID, faults=[outcome])
        case Later():
            return problem(Reason.TOO_MANY, headers={"Retry-After": "600"})
        case Repeated.OTHER_BODY:
            return problem(Reason.KEY_REUSED)
        case Repeated.GOING_ON:
            return problem(Reason.GOING_ON, headers=_AGAIN_S)


def strict_json(body: bytes) -> object:
    """Read JSON that says one thing to everybody (RFC 8259): UTF-8, each name once.

    Raises:
        ValueError: in words for who wrote the program.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise ValueError(f"Byte {wrong.start} is no UTF-8.") from None
    try:
        found: object = json.loads(
            text,
            object_pairs_hook=_each_once,
            parse_constant=_no_constant,
            parse_int=_number,
        )
    except json.JSONDecodeError as wrong:
        raise ValueError(
            f"Line {wrong.lineno}, column {wrong.colno}: {wrong.msg}."
        ) from None
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None
    return found


def _number(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise ValueError(f"A number has more than {_DIGITS_MAX} digits.")
    return int(digits)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name stands twice in one object.")
    # The answer has to name it, and nobody can write half a character down.
    if any("\ud800" <= one <= "\udfff" for name in found for one in name):
        raise ValueError("A name holds half of a surrogate pair.")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON.")
