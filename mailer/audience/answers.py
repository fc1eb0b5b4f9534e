"""What somebody answered on a page, read as the attributes that the questions are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.model.attributes import AttributeSpec, AttributeType, coerce
from mailer.model.signup import Question


class Problem(StrEnum):
    """What is wrong with one answer; the page has the words."""

    MISSING = "missing"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    TEXT = "text"


_UNREADABLE = {
    AttributeType.NUMBER: Problem.NUMBER,
    AttributeType.DATE: Problem.DATE,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What was read.

    Args:
        values: Attributes by name; a question that was left open has none.
        problems: What is wrong, by attribute.
    """

    values: dict[str, object] = field(default_factory=dict[str, object])
    problems: dict[str, Problem] = field(default_factory=dict[str, Problem])


def field_of(attribute: str, choice: int | None = None) -> str:
    """Return the name of a question's field, or of one of its boxes to tick."""
    return f"a.{attribute}" if choice is None else f"a.{attribute}.{choice}"


def read_answers(
    questions: Sequence[Question],
    specs: Mapping[str, AttributeSpec],
    fields: Mapping[str, str],
) -> Answers:
    """Read the fields of a form.

    Args:
        fields: By name (`field_of`), without spaces around the values.
    """
    read = Answers()
    for question in questions:
        value = _value(question, specs[question.attribute], fields)
        if isinstance(value, Problem):
            read.problems[question.attribute] = value
        elif value is not None:
            read.values[question.attribute] = value
        elif question.required:
            read.problems[question.attribute] = Problem.MISSING
    return read


def _value(
    question: Question, spec: AttributeSpec, fields: Mapping[str, str]
) -> object | Problem | None:
    name = question.attribute
    said = fields.get(field_of(name), "")
    if spec.type is AttributeType.BOOLEAN:
        # A box that is not ticked is not sent: who saw it said no. A yes that is required
        # is an agreement, and only a tick gives it.
        return True if said else (None if question.required else False)
    if spec.type is AttributeType.TEXTS and question.choices:
        ticked = [
            choice
            for place, choice in enumerate(question.choices)
            if fields.get(field_of(name, place))
        ]
        return ticked or None
    if not said:
        return None
    if question.choices and said not in question.choices:
        return Problem.CHOICE
    try:
        return coerce(spec, said)
    except ValueError:
        return unreadable(spec.type)


def unreadable(type: AttributeType) -> Problem:
    """Return what is wrong with words that are no value of a type."""
    return _UNREADABLE.get(type, Problem.TEXT)
