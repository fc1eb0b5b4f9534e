"""What somebody answered to a survey, read as the attributes that it is about."""

from collections.abc import Mapping, Sequence

from mailer.audience.answers import Answers, Problem, field_of
from mailer.model.attributes import AttributeSpec, AttributeType, coerce
from mailer.model.survey import SurveyKind, SurveyQuestion


def read_survey_answers(
    questions: Sequence[SurveyQuestion], fields: Mapping[str, str]
) -> Answers:
    """Read the fields of a survey's form; what was left open stays as it is known.

    Args:
        fields: By name (`field_of`), without spaces around the values.
    """
    read = Answers()
    for question in questions:
        value = _value(question, fields)
        if isinstance(value, Problem):
            read.problems[question.attribute] = value
        elif value is not None:
            read.values[question.attribute] = value
        elif question.required:
            read.problems[question.attribute] = Problem.MISSING
    return read


def _value(question: SurveyQuestion, fields: Mapping[str, str]) -> object | Problem | None:
    name = question.attribute
    said = fields.get(field_of(name), "")
    match question.kind:
        case SurveyKind.CHOICE:
            return _one_of(said, question.choices)
        case SurveyKind.SCALE:
            places = range(question.lowest, question.highest + 1)
            found = _one_of(said, [str(one) for one in places])
            return found if found is None or isinstance(found, Problem) else int(found)
        case SurveyKind.CHOICES:
            return [
                one
                for place, one in enumerate(question.choices)
                if fields.get(field_of(name, place))
            ] or None
        case SurveyKind.RANKING:
            return _ranked(question, fields)
        case SurveyKind.TEXT:
            return _text(name, said)


def _one_of(said: str, choices: Sequence[str]) -> str | Problem | None:
    if not said:
        return None
    return said if said in choices else Problem.CHOICE


def _ranked(
    question: SurveyQuestion, fields: Mapping[str, str]
) -> list[str] | Problem | None:
    """Return the choices in their order; what is not ranked is left out at the end."""
    name = question.attribute
    places = [fields.get(field_of(name, one), "") for one in range(len(question.choices))]
    ranked = [one for one in places if one]
    if not set(ranked) <= set(question.choices) or len(set(ranked)) != len(ranked):
        return Problem.CHOICE
    return ranked or None


def _text(name: str, said: str) -> object | Problem | None:
    if not said:
        return None
    # An attribute is one line: its segments, exports and letters are.
    line = " ".join(said.split())
    try:
        return coerce(AttributeSpec(name, AttributeType.TEXT, None), line)
    except ValueError:
        return Problem.TEXT
