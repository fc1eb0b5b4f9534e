"""A survey: questions whose answers become what is known about who answers."""

from dataclasses import dataclass
from enum import StrEnum

from mailer.model.attributes import AttributeType


class SurveyKind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    CHOICES = "choices"
    SCALE = "scale"
    RANKING = "ranking"
    TEXT = "text"


TYPE_OF = {
    SurveyKind.CHOICE: AttributeType.TEXT,
    SurveyKind.CHOICES: AttributeType.TEXTS,
    SurveyKind.SCALE: AttributeType.NUMBER,
    SurveyKind.RANKING: AttributeType.TEXTS,
    SurveyKind.TEXT: AttributeType.TEXT,
}
"""What the attribute must be that an answer becomes."""

LONGEST_SCALE = 11


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question.

    Args:
        attribute: Which attribute the answer becomes.
        choices: What may be chosen, or is put in order.
        lowest, highest: The ends of a scale, with their words in `low` and `high`.
    """

    attribute: str
    label: str
    kind: SurveyKind
    choices: tuple[str, ...] = ()
    lowest: int = 1
    highest: int = 5
    low: str = ""
    high: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What `surveys/<name>.toml` says.

    Args:
        shown: The preferences page leads to it; a letter's link always may.
    """

    name: str
    title: str
    language: str
    questions: tuple[SurveyQuestion, ...]
    intro: str = ""
    shown: bool = True
