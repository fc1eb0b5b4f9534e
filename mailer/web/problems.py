"""What the API answers when it cannot: problem details (RFC 9457), one for each reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from starlette.responses import JSONResponse

from mailer.audience.posted import Fault


class Reason(StrEnum):
    """Why the API does not do something; `type` of a problem names it."""

    NO_KEY = "no-key"
    NOT_JSON = "not-json"
    INVALID = "invalid"
    STAYS_AWAY = "stays-away"
    KEY_REUSED = "idempotency-key-reused"
    KEY_TAKEN = "idempotency-key-taken"
    GOING_ON = "still-going-on"
    TOO_MANY = "too-many"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    WRONG_TYPE = "wrong-type"
    NOT_HERE = "not-here"
    WRONG_METHOD = "wrong-method"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Known:
    """A reason with its status and what it is called."""

    status: int
    title: str


PROBLEMS = {
    Reason.NO_KEY: Known(401, "No key of this API was shown"),
    Reason.NOT_JSON: Known(400, "The body is not JSON that can be read in one way"),
    Reason.INVALID: Known(422, "Something in the request is wrong"),
    Reason.STAYS_AWAY: Known(409, "This person stays away"),
    Reason.KEY_REUSED: Known(422, "The Idempotency-Key was used for another request"),
    Reason.KEY_TAKEN: Known(409, "The Idempotency-Key was used for another letter"),
    Reason.GOING_ON: Known(409, "The same request is being worked on"),
    Reason.TOO_MANY: Known(429, "Too many people were signed up at once"),
    Reason.TOO_LARGE: Known(413, "The body is larger than 64 KiB"),
    Reason.TOO_SLOW: Known(408, "The body did not come in time"),
    Reason.WRONG_TYPE: Known(415, "The body must be application/json, not compressed"),
    Reason.NOT_HERE: Known(404, "There is nothing here"),
    Reason.WRONG_METHOD: Known(405, "This cannot be done here"),
    Reason.UNAVAILABLE: Known(503, "This cannot be done at the moment"),
}

_BY_STATUS = {
    413: Reason.TOO_LARGE,
    408: Reason.TOO_SLOW,
    415: Reason.WRONG_TYPE,
    404: Reason.NOT_HERE,
    405: Reason.WRONG_METHOD,
}
_IN_A_FRAGMENT = "/?:@!$&'()*+,;=~"
"""What stands there as it is, beside letters and digits (RFC 3986 §3.5)."""
_TYPE = "/api/openapi.json#/x-problems/"


def problem(
    reason: Reason,
    detail: str = "",
    *,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Answer with a problem (RFC 9457 §3).

    Args:
        detail: What is wrong this time, in words for who wrote the program.
        faults: Each mistake with its place in the body.
    """
    known = PROBLEMS[reason]
    body: dict[str, object] = {
        "type": f"{_TYPE}{reason.value}",
        "title": known.title,
        "status": known.status,
    }
    if detail:
        body["detail"] = detail
    if faults:
        body["errors"] = [
            {"pointer": _fragment(one.pointer), "detail": one.detail} for one in faults
        ]
    return JSONResponse(
        body, known.status, headers or {}, media_type="application/problem+json"
    )


def _fragment(pointer: str) -> str:
    """Write a pointer as the fragment of a URI (RFC 6901 §6)."""
    return f"#{quote(pointer, safe=_IN_A_FRAGMENT)}"


def of_status(status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer to what the web server itself refuses."""
    reason = _BY_STATUS.get(status)
    if reason is not None:
        return problem(reason, headers=headers)
    return JSONResponse(
        {"type": "about:blank", "title": "This cannot be done", "status": status},
        status,
        headers or {},
        media_type="application/problem+json",
    )
