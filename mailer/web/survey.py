"""/p/…/NAME: a survey, behind a letter's link or from the preferences page.

A link is forwarded with its letter: so nothing that is known stands in the form, and
opening it changes nothing.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mailer.audience.answers import Problem, field_of
from mailer.audience.surveying import read_survey_answers
from mailer.errors import NotFoundError
from mailer.jobs.surveys import answer
from mailer.model.survey import Survey, SurveyKind, SurveyQuestion
from mailer.model.token import Reader, TokenKind
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.leaving import reader_of
from mailer.web.means import Means
from mailer.workspace.surveys import read_survey

_UNPROCESSABLE = 422


async def get(request: Request, means: Means) -> Response:
    """Show the questions."""
    found = await _found(request, means)
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    return _form(request, means, found[1], {}, {})


async def post(request: Request, means: Means) -> Response:
    """Take the answers."""
    found = await _found(request, means)
    if found is None:
        return means.pages.not_found(language_of(request, means.pages))
    reader, survey = found
    fields = await read_form(request)
    read = read_survey_answers(survey.questions, fields)
    if read.problems:
        return _form(request, means, survey, fields, read.problems)
    await means.joining.threads.do(
        lambda: answer(means.database, reader, survey.name, read.values, means.clock())
    )
    return _form(request, means, survey, {}, {}, done=True)


async def _found(request: Request, means: Means) -> tuple[Reader, Survey] | None:
    reader = reader_of(request, means, TokenKind.PREFERENCES)
    if reader is None:
        return None
    world, name = means.joining.world, str(request.path_params["name"])
    try:
        survey = await means.reading.do(
            lambda: read_survey(world.folder, name, world.specs)
        )
    except NotFoundError:
        return None
    return reader, survey


def _form(
    request: Request,
    means: Means,
    survey: Survey,
    fields: Mapping[str, str],
    problems: Mapping[str, Problem],
    *,
    done: bool = False,
) -> Response:
    return means.pages.page(
        "survey",
        {
            "title": survey.title,
            "intro": survey.intro,
            "survey_language": survey.language,
            "done": done,
            "questions": [_question(one, fields, problems) for one in survey.questions],
        },
        _UNPROCESSABLE if problems else 200,
        language=language_of(request, means.pages, survey.language),
    )


def _question(
    question: SurveyQuestion, fields: Mapping[str, str], problems: Mapping[str, Problem]
) -> dict[str, object]:
    name = question.attribute
    choices: tuple[str, ...] = question.choices
    if question.kind is SurveyKind.SCALE:
        choices = tuple(map(str, range(question.lowest, question.highest + 1)))
    return {
        "field": field_of(name),
        "label": question.label,
        "kind": question.kind.value,
        "required": question.required,
        "value": fields.get(field_of(name), ""),
        "low": question.low,
        "high": question.high,
        "problem": problems.get(name, ""),
        "choices": [
            {
                "field": field_of(name, place),
                "words": one,
                "ticked": bool(fields.get(field_of(name, place))),
                "ranked": fields.get(field_of(name, place), ""),
            }
            for place, one in enumerate(choices)
        ],
    }
