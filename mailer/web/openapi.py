"""The description of the API (OpenAPI 3.1), made from what is really configured."""

from collections.abc import Mapping
from typing import Any

from mailer.audience.posted import EVIDENCE, FIELDS, MAX_FORM
from mailer.jobs.post_contact import Result
from mailer.model.attributes import MAX_TEXT, MAX_TEXTS, AttributeSpec, AttributeType
from mailer.model.consent import Basis
from mailer.web.contacts import STATUS
from mailer.web.openletters import letter_schema, owed_schema, post_send
from mailer.web.problems import PROBLEMS, Reason

Schema = dict[str, Any]

_WORDS = {
    Result.JOINED: "The person is on the list from now on.",
    Result.RENEWED: "She was on it; this consent holds for longer, or for newer words.",
    Result.ALREADY_ON: "She was on the list; what was said about her is known now.",
    Result.ASKED: "No evidence was sent: a letter asks her to confirm.",
    Result.WAITING: "She was asked before; no other letter goes out.",
}
_OWN = (
    Reason.NOT_JSON, Reason.NO_KEY, Reason.TOO_SLOW, Reason.STAYS_AWAY, Reason.GOING_ON,
    Reason.TOO_LARGE, Reason.WRONG_TYPE, Reason.INVALID, Reason.KEY_REUSED,
    Reason.TOO_MANY, Reason.UNAVAILABLE,
)  # fmt: skip
_TYPES: dict[AttributeType, Schema] = {
    AttributeType.TEXT: {"type": "string", "maxLength": MAX_TEXT},
    AttributeType.NUMBER: {"type": "number"},
    AttributeType.BOOLEAN: {"type": "boolean"},
    AttributeType.DATE: {"type": "string", "format": "date"},
    AttributeType.TEXTS: {
        "type": "array",
        "items": {"type": "string", "maxLength": MAX_TEXT},
        "maxItems": MAX_TEXTS,
    },
}


def describe(
    public_url: str, specs: Mapping[str, AttributeSpec], version: str
) -> dict[str, Any]:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mailer: a door for shops and tills",
            "version": version,
            "description": "Sign people up with the evidence of their consent.",
        },
        "servers": [{"url": public_url}],
        "security": [{"key": []}],
        "paths": {
            "/api/contacts": {"post": _post_contact()},
            "/api/send": {"post": post_send()},
            "/api/openapi.json": {"get": _itself()},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Contact": _contact(specs),
                "Letter": letter_schema(),
                "Owed": owed_schema(),
                "Consent": _consent(),
                "Done": _done(),
                "Problem": _problem(),
            },
        },
        "x-problems": {
            reason.value: {"status": known.status, "title": known.title}
            for reason, known in PROBLEMS.items()
        },
    }


def _post_contact() -> Schema:
    return {
        "operationId": "postContact",
        "summary": "Put a person on a list, or have her asked by letter.",
        "description": (
            "With `consent` she is on the list at once. Without it she gets the"
            " confirmation letter, once. Who has left, or must not get mail, stays away"
            " (409): only she can come back, on the sign-up page. Doing it twice changes"
            " nothing."
        ),
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": (
                    "A repeated request with the same key is answered as the first was,"
                    " for seven days."
                ),
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("Contact")}},
        },
        "responses": _answers(),
    }


def _answers() -> Schema:
    answers: Schema = {}
    for result, status in STATUS.items():
        words = f"`{result.value}`: {_WORDS[result]}"
        known = answers.get(str(status))
        if known is not None:
            known["description"] += f" {words}"
        else:
            answers[str(status)] = _answer(words, "application/json", "Done")
    for reason in _OWN:
        status, title = (
            PROBLEMS[reason].status,
            f"`{reason.value}`: {PROBLEMS[reason].title}.",
        )
        known = answers.get(str(status))
        if known is not None:
            known["description"] += f" {title}"
        else:
            answers[str(status)] = _answer(title, "application/problem+json", "Problem")
    return dict(sorted(answers.items()))


def _itself() -> Schema:
    words = "The description."
    return {
        "operationId": "describe",
        "summary": "This description.",
        "security": [],
        "responses": {
            "200": {
                "description": words,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }


def _answer(words: str, kind: str, schema: str) -> Schema:
    return {"description": words, "content": {kind: {"schema": _ref(schema)}}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _contact(specs: Mapping[str, AttributeSpec]) -> Schema:
    properties: dict[str, Schema] = {
        "address": {"type": "string", "format": "email"},
        "list": {"type": "string", "description": "The name of the list's file."},
        "attributes": {
            "type": "object",
            "additionalProperties": False,
            "description": "What is known beside the address; null says nothing.",
            "properties": {
                name: {"anyOf": [_TYPES[one.type], {"type": "null"}]}
                for name, one in specs.items()
            },
        },
        "language": {"type": ["string", "null"], "description": "As nb or en-GB."},
        "time_zone": {
            "type": ["string", "null"],
            "description": "As Europe/Oslo; only with `consent`.",
        },
        "consent": {"anyOf": [_ref("Consent"), {"type": "null"}]},
    }
    return _object({name: properties[name] for name in FIELDS}, ["address", "list"])


def _consent() -> Schema:
    moment = {"type": "string", "format": "date-time"}
    properties: dict[str, Schema] = {
        "wording": {
            "type": "integer",
            "minimum": 1,
            "description": "The version of the list's words that the person saw.",
        },
        "form": {
            "type": "string",
            "maxLength": MAX_FORM,
            "description": "Where she agreed: the form, the till. Nothing personal.",
        },
        "at": moment | {"description": "When she agreed, with an offset."},
        "network_address": {
            "type": ["string", "null"],
            "description": "The IP address that she agreed from, where there is one.",
        },
        "basis": {"type": "string", "enum": list(Basis), "default": Basis.EXPRESS.value},
        "confirmed_at": {
            "anyOf": [moment, {"type": "null"}],
            "description": "When she confirmed by a letter of yours: double_opt_in.",
        },
        "purchase_at": {
            "anyOf": [moment, {"type": "null"}],
            "description": "When she bought something: implied then ends in two years.",
        },
    }
    return _object({name: properties[name] for name in EVIDENCE}, ["wording", "form", "at"])


def _done() -> Schema:
    return _object(
        {
            "result": {"type": "string", "enum": list(Result)},
            "contact": {
                "type": ["integer", "null"],
                "description": "The person's number; webhooks name her by it.",
            },
        },
        ["result", "contact"],
    )


def _problem() -> Schema:
    fault = _object(
        {"pointer": {"type": "string"}, "detail": {"type": "string"}},
        ["pointer", "detail"],
    )
    return _object(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": fault},
        },
        ["type", "title", "status"],
    )


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }
