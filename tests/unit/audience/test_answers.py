"""Answers on a page, read as attributes."""

import pytest

from mailer.audience.answers import Problem, field_of, read_answers
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.signup import Question

SPECS = {kind.value: AttributeSpec(kind.value, kind) for kind in AttributeType}
TENTS = ("tents", "stoves")


def read(question: Question, **fields: str):
    return read_answers(
        [question], SPECS, {f"a.{name}": one for name, one in fields.items()}
    )


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("text", "Kåre", "Kåre"),
        ("number", "7.5", 7.5),
        ("date", "2026-12-24", "2026-12-24"),
        ("boolean", "yes", True),
        ("texts", "tents, stoves", ["tents", "stoves"]),
    ],
)
def test_an_answer_is_of_its_attribute_s_type(name, said, value):
    assert read(Question(name), **{name: said}).values == {name: value}


@pytest.mark.parametrize(
    ("name", "said", "problem"),
    [
        ("number", "many", Problem.NUMBER),
        ("date", "24.12.", Problem.DATE),
        ("text", "a\x07b", Problem.TEXT),
        ("text", "x" * 5000, Problem.TEXT),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_no_value(name, said, problem):
    answers = read(Question(name), **{name: said})
    assert (answers.values, answers.problems) == ({}, {name: problem})


@pytest.mark.parametrize("name", [one for one in SPECS if one != "boolean"])
def test_a_question_may_be_left_open_unless_it_is_required(name):
    assert read(Question(name)).values == {}
    assert read(Question(name)).problems == {}
    assert read(Question(name, required=True)).problems == {name: Problem.MISSING}


def test_a_box_that_is_not_ticked_is_a_no_and_a_required_one_must_be_ticked():
    assert read(Question("boolean")).values == {"boolean": False}
    assert read(Question("boolean", required=True)).problems == {"boolean": Problem.MISSING}


def test_only_what_is_offered_can_be_chosen():
    text, texts = Question("text", choices=TENTS), Question("texts", choices=TENTS)
    assert read(text, text="stoves").values == {"text": "stoves"}
    assert read(text, text="boats").problems == {"text": Problem.CHOICE}
    ticked = {field_of("texts", 1): "yes", field_of("texts", 7): "yes"}
    assert read_answers([texts], SPECS, ticked).values == {"texts": ["stoves"]}
    assert read(texts, texts="boats").values == {}


def test_what_was_not_asked_is_not_taken():
    assert read(Question("text"), text="x", number="5").values == {"text": "x"}
