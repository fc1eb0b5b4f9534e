"""`surveys/<name>.toml`: each mistake is told with its place and what may be there."""

from pathlib import Path

import pytest

from mailer.config.example import EXAMPLE_ATTRIBUTES
from mailer.errors import NotFoundError, WorkspaceError
from mailer.model.survey import SurveyKind
from mailer.workspace.surveys import read_survey

SPECS = {name: one.spec(name) for name, one in EXAMPLE_ATTRIBUTES.items()}
HEAD = 'title = "Tour"\n'
CITY = 'attribute = "city"\nlabel = "From where?"\n'


def survey_of(folder: Path, text: str):
    (folder / "surveys").mkdir(exist_ok=True)
    (folder / "surveys" / "tour.toml").write_text(HEAD + text)
    return read_survey(str(folder), "tour", SPECS)


def test_a_survey_is_read(tmp_path):
    survey = survey_of(tmp_path, f'[[questions]]\n{CITY}kind = "text"\n')
    (question,) = survey.questions
    assert (question.kind, question.attribute) == (SurveyKind.TEXT, "city")
    with pytest.raises(NotFoundError, match="tour"):
        read_survey(str(tmp_path), "tuor", SPECS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "questions.*missing"),
        (f'[[questions]]\n{CITY}kind = "slider"\n', "must be one of choice"),
        (f'[[questions]]\n{CITY}kind = "choice"\n', "needs choices"),
        (f'[[questions]]\n{CITY}kind = "scale"\n', "city is declared as text"),
        ('[[questions]]\nattribute = "ctiy"\nlabel = "?"\nkind = "text"\n', "'city'"),
        (f'[[questions]]\n{CITY}kind = "text"\n' * 2, "asked for twice"),
        (f'[[questions]]\n{CITY}kind = "text"\nchoice = 1\n', "no such setting"),
    ],
)
def test_mistakes_are_named(tmp_path, text, words):
    with pytest.raises(WorkspaceError, match=words):
        survey_of(tmp_path, text)
