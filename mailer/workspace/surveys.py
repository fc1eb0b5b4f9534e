"""`surveys/<name>.toml`: what a survey asks, checked and turned into a value."""

import re
from collections.abc import Mapping

from mailer.errors import NotFoundError, WorkspaceError, did_you_mean
from mailer.model.attributes import AttributeSpec
from mailer.model.survey import (
    LONGEST_SCALE,
    TYPE_OF,
    Survey,
    SurveyKind,
    SurveyQuestion,
)
from mailer.workspace.files import inside
from mailer.workspace.folder import names
from mailer.workspace.tomlfiles import Table, read_toml

KIND = "surveys"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def survey_names(folder: str) -> list[str]:
    """Return the names of all surveys, sorted."""
    return names(folder, KIND)


def read_survey(folder: str, name: str, specs: Mapping[str, AttributeSpec]) -> Survey:
    """Read one survey by the name of its file.

    Raises:
        NotFoundError: when there is no such file.
        WorkspaceError: names the place that is wrong, and what may be there.
    """
    known = names(folder, KIND)
    shown = f"{KIND}/{name}.toml"
    if name not in known:
        raise NotFoundError(f"there is no survey {name!r}{did_you_mean(name, known)}")
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{shown}: its name stands in links: write it with small letters, digits,"
            " '-' or '_'"
        )
    file = Table(read_toml(inside(folder, shown), shown), shown)
    survey = Survey(
        name=name,
        title=file.text("title"),
        language=file.text("language", "en"),
        questions=tuple(_question(one, specs) for one in file.tables("questions")),
        intro=file.text("intro", "").strip(),
        shown=file.flag("shown", default=True),
    )
    file.end()
    asked = [one.attribute for one in survey.questions]
    if not asked:
        raise WorkspaceError(f"{shown}: [[questions]] is missing: what is asked")
    for one in asked:
        if asked.count(one) > 1:
            raise WorkspaceError(f"{shown}: {one} is asked for twice")
    return survey


def _question(table: Table, specs: Mapping[str, AttributeSpec]) -> SurveyQuestion:
    kind = table.text("kind")
    if kind not in set(SurveyKind):
        raise WorkspaceError(
            f"{table.where}: kind is {kind!r}, but must be one of {', '.join(SurveyKind)}"
        )
    question = SurveyQuestion(
        attribute=table.text("attribute"),
        label=table.text("label"),
        kind=SurveyKind(kind),
        choices=tuple(table.texts("choices")),
        lowest=table.number("lowest", 1),
        highest=table.number("highest", 5),
        low=table.text("low", ""),
        high=table.text("high", ""),
        required=table.flag("required", default=False),
    )
    table.end()
    _check_choices(table.where, question)
    _check_attribute(table.where, question, specs)
    return question


def _check_choices(where: str, question: SurveyQuestion) -> None:
    chosen = {SurveyKind.CHOICE, SurveyKind.CHOICES, SurveyKind.RANKING}
    if (question.kind in chosen) != bool(question.choices):
        needs = "needs choices" if question.kind in chosen else "has no choices"
        raise WorkspaceError(f"{where}: a question of the kind {question.kind} {needs}")
    if len(set(question.choices)) != len(question.choices):
        raise WorkspaceError(f"{where}: a choice is there twice")
    if not 1 <= question.highest - question.lowest < LONGEST_SCALE:
        raise WorkspaceError(
            f"{where}: a scale goes from lowest up to highest in at most {LONGEST_SCALE}"
            " steps"
        )


def _check_attribute(
    where: str, question: SurveyQuestion, specs: Mapping[str, AttributeSpec]
) -> None:
    spec = specs.get(question.attribute)
    if spec is None:
        raise WorkspaceError(
            f"{where}: no such attribute {question.attribute!r}"
            f"{did_you_mean(question.attribute, specs)}; config.toml declares them"
        )
    wanted = TYPE_OF[question.kind]
    if spec.type is not wanted:
        raise WorkspaceError(
            f"{where}: answers of the kind {question.kind} become {wanted}, but"
            f" {question.attribute} is declared as {spec.type}"
        )
