"""/join/…: the page where people join a list by themselves; it works as a form elsewhere.

The answer is the same whoever the address belongs to, and nothing that stands is changed
by what is typed here. A field that people do not see and robots fill in is the only trap.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from mailer.audience.answers import Problem, field_of, read_answers
from mailer.audience.joining import Answer
from mailer.errors import AddressError, NotFoundError
from mailer.jobs.sign_up import Desk, Wish, sign_up
from mailer.model.address import Address, parse_address
from mailer.model.attributes import AttributeType
from mailer.model.mailinglist import OptIn
from mailer.model.separate import Separate
from mailer.model.signup import Question
from mailer.web.client import agent_of, client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.means import Means

_EMAIL = "email"
_TRAP = "website"
_UNPROCESSABLE, _TOO_MANY = 422, 429


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the form, and what is wrong with it.

    Args:
        problems: By the name of the field; the address's is under `email`.
    """

    fields: Mapping[str, str]
    problems: Mapping[str, Problem]


_NOTHING = _Typed({}, {})


async def get(request: Request, means: Means) -> Response:
    """Show the form."""
    desk, language = await _desk(request, means), language_of(request, means.pages)
    if desk is None:
        return means.pages.not_found(language)
    return _form(means, desk, _NOTHING, language)


async def post(request: Request, means: Means) -> Response:
    """Take a sign-up."""
    desk, language = await _desk(request, means), language_of(request, means.pages)
    if desk is None:
        return means.pages.not_found(language)
    fields = await read_form(request)
    asked = desk.mailing_list.sign_up
    assert asked is not None
    answers = read_answers(asked.questions, desk.world.specs, fields)
    address = _address(fields.get(_EMAIL, ""))
    problems = dict(answers.problems)
    if isinstance(address, Problem):
        problems[_EMAIL] = address
    if isinstance(address, Problem) or problems:
        return _form(means, desk, _Typed(fields, problems), language)
    wish = Wish(
        address,
        answers.values,
        language,
        client_address(request, means.joining.proxies),
        agent_of(request),
        also=frozenset(one.id for one in desk.separates if fields.get(_box(one))),
    )
    if not fields.get(_TRAP):
        decided = await means.joining.threads.do(lambda: sign_up(desk, wish))
        if decided is Answer.LATER:
            return means.pages.problem(_TOO_MANY, language=language)
    return _thanks(means, desk, address, language)


async def _desk(request: Request, means: Means) -> Desk | None:
    name: str = request.path_params["name"]
    try:
        return await means.reading.do(lambda: means.joining.desk(name))
    except NotFoundError:
        return None


def _address(said: str) -> Address | Problem:
    if not said:
        return Problem.MISSING
    try:
        return parse_address(said)
    except AddressError:
        return Problem.TEXT


def _form(means: Means, desk: Desk, typed: _Typed, language: str) -> Response:
    mailing_list = desk.mailing_list
    assert mailing_list.sign_up is not None
    return means.pages.page(
        "join",
        {
            "title": mailing_list.title,
            "purpose": mailing_list.purpose,
            "words": mailing_list.wording.text,
            "list_language": mailing_list.language,
            "postal_address": mailing_list.postal_address,
            "email": typed.fields.get(_EMAIL, ""),
            "email_problem": typed.problems.get(_EMAIL, ""),
            "boxes": [
                {
                    "field": _box(one),
                    "title": one.title,
                    "purpose": one.purpose,
                    "words": one.wording.text,
                    "ticked": bool(typed.fields.get(_box(one))),
                }
                for one in desk.separates
            ],
            "questions": [
                _question(desk, one, typed) for one in mailing_list.sign_up.questions
            ],
        },
        _UNPROCESSABLE if typed.problems else 200,
        language=language,
    )


def _box(separate: Separate) -> str:
    """Return the field of a separate purpose: ticked, or not sent."""
    return f"also.{separate.id}"


def _question(desk: Desk, question: Question, typed: _Typed) -> dict[str, object]:
    name = question.attribute
    kind = desk.world.specs[name].type
    several = kind is AttributeType.TEXTS and bool(question.choices)
    return {
        "field": field_of(name),
        "label": question.label or name.replace("_", " ").capitalize(),
        "type": kind.value,
        "required": question.required,
        "value": typed.fields.get(field_of(name), ""),
        "problem": typed.problems.get(name, ""),
        "choices": [
            {
                "field": field_of(name, place) if several else "",
                "words": choice,
                "chosen": bool(typed.fields.get(field_of(name, place)))
                if several
                else typed.fields.get(field_of(name)) == choice,
            }
            for place, choice in enumerate(question.choices)
        ],
    }


def _thanks(means: Means, desk: Desk, address: Address, language: str) -> Response:
    return means.pages.page(
        "joined",
        {
            "title": desk.mailing_list.title,
            "address": address.given,
            "by_letter": desk.mailing_list.opt_in is OptIn.DOUBLE,
        },
        language=language,
    )
