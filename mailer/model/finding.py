"""What a check found in a letter before it is sent: how bad, where, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What follows from a finding."""

    ERROR = "error"
    """A campaign does not start."""
    WARNING = "warning"
    """Some readers get something that they cannot use; it is shown."""
    NOTE = "note"
    """Worth knowing."""


class Rule(StrEnum):
    """What was looked at."""

    TEMPLATE = "template"
    SIZE = "size"
    LANGUAGE = "language"
    IMAGE = "image"
    CONTRAST = "contrast"
    LINK = "link"
    FALLBACK = "fallback"
    SUPPORT = "support"
    SUBJECT = "subject"
    DUTY = "duty"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Args:
        words: What is wrong.
        todo: What to do about it.
        file: As people know it, such as `templates/mail/sale/body.html`; "" for the letter
            as a whole.
        line: In that file, from 1; None where the file has none or it is not known.
    """

    severity: Severity
    rule: Rule
    words: str
    todo: str
    file: str = ""
    line: int | None = None

    @property
    def where(self) -> str:
        """The place in words; "" for the letter as a whole."""
        return self.file if self.line is None else f"{self.file}, line {self.line}"

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "severity": self.severity.value,
            "rule": self.rule.value,
            "words": self.words,
            "todo": self.todo,
            "file": self.file,
            "line": self.line,
        }


_ORDER = {severity: number for number, severity in enumerate(Severity)}


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Put findings in the order in which they are read: by severity, then by place."""
    return tuple(
        sorted(findings, key=lambda one: (_ORDER[one.severity], one.file, one.line or 0))
    )


def errors_of(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that stop a campaign."""
    return tuple(one for one in findings if one.severity is Severity.ERROR)
