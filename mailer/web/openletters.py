"""What the description of the API says about sending letters."""

from typing import Any

from mailer.audience.wanted import LETTER_FIELDS
from mailer.jobs.transact import Answer
from mailer.web.letters import STATUS
from mailer.web.problems import PROBLEMS, Reason

_PROBLEMS = (
    Reason.NOT_JSON, Reason.NO_KEY, Reason.TOO_SLOW, Reason.STAYS_AWAY, Reason.KEY_TAKEN,
    Reason.TOO_LARGE, Reason.WRONG_TYPE, Reason.INVALID, Reason.UNAVAILABLE,
)  # fmt: skip


def post_send() -> dict[str, Any]:
    """Describe `POST /api/send`."""
    answers: dict[str, Any] = {
        str(STATUS): _answer(
            "The letter leaves next, or has left: a repeated request is answered alike.",
            "application/json",
            "Owed",
        )
    }
    for reason in _PROBLEMS:
        words = f"`{reason.value}`: {PROBLEMS[reason].title}."
        status = str(PROBLEMS[reason].status)
        if status in answers:
            answers[status]["description"] += f" {words}"
        else:
            answers[status] = _answer(words, "application/problem+json", "Problem")
    return {
        "operationId": "postSend",
        "summary": "Send one transactional letter to one address.",
        "description": (
            "The template's kind must be transactional. It is composed at once, so that"
            " what is wrong with the data is said here. It leaves before journeys and"
            " campaigns."
        ),
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": (
                    "Names the letter, as an order's number does: however often it is asked"
                    " for, it is one letter. Remembered for seven days at least."
                ),
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Letter"}}
            },
        },
        "responses": dict(sorted(answers.items())),
    }


def _answer(words: str, kind: str, schema: str) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": words, "content": {kind: {"schema": reference}}}


def letter_schema() -> dict[str, Any]:
    """Describe what is posted."""
    properties: dict[str, Any] = {
        "template": {"type": "string", "description": "The template's name."},
        "to": {"type": "string", "format": "email"},
        "data": {
            "type": ["object", "null"],
            "description": "What the letter is sent with, as [data] in letter.toml says.",
        },
        "list": {
            "type": ["string", "null"],
            "description": "In whose name it goes; a list of the person's when not said.",
        },
        "language": {
            "type": ["string", "null"],
            "description": "As nb or en-GB; the person's when not said.",
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["template", "to"],
        "properties": {name: properties[name] for name in LETTER_FIELDS},
    }


def owed_schema() -> dict[str, Any]:
    """Describe what is answered."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["result", "letter"],
        "properties": {
            "result": {"type": "string", "enum": list(Answer)},
            "letter": {"type": "integer", "description": "The letter's number."},
        },
    }
