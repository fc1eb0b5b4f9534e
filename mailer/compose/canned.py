"""Answers that are given often: texts of the workspace, with the ticket filled in."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import StrictUndefined
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailer.errors import NotFoundError, TemplateError, did_you_mean

FOLDER = "templates/canned"
ENDING = ".txt"
NAMES = ("ticket", "person", "subject", "staff")
"""What a text can show."""

_LONGEST = 20_000
_ENGINE = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Canned:
    """A text: its name, and its name in a language."""

    name: str
    language: str
    file: str


def canned_of(texts: Mapping[str, str]) -> tuple[Canned, ...]:
    """List the texts by name; `parcel.nb.txt` is `parcel` in Norwegian."""
    found: list[Canned] = []
    for file in sorted(texts):
        stem = file.removesuffix(ENDING)
        name, _, language = stem.partition(".")
        found.append(Canned(name, language, file))
    return tuple(found)


def canned_text(
    texts: Mapping[str, str], name: str, language: str, values: Mapping[str, object]
) -> str:
    """Fill in a text, in the ticket's language where there is one.

    Args:
        values: What `NAMES` names.

    Raises:
        NotFoundError: when there is no such text.
        TemplateError: names the file and what is wrong in it.
    """
    own = language.partition("-")[0].lower()
    mine = [one for one in canned_of(texts) if one.name == name]
    if not mine:
        known = {one.name for one in canned_of(texts)}
        raise NotFoundError(
            f"there is no {FOLDER}/{name}{ENDING}{did_you_mean(name, known)}"
        )
    spoken = {one.language: one.file for one in mine}
    file = spoken.get(own) or spoken.get("") or mine[0].file
    try:
        text = _ENGINE.from_string(texts[file]).render({one: values[one] for one in NAMES})
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError) as problem:
        known_names = ", ".join(NAMES)
        raise TemplateError(
            f"{FOLDER}/{file}: {problem}; a text has: {known_names}"
        ) from problem
    return text.strip()[:_LONGEST] + "\n"
