"""What an acknowledgement says: a text of the workspace, with what is known filled in.

It never repeats what was written, so that nobody can make us send their words to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from jinja2 import StrictUndefined
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailer.compose.languages import FALLBACK, choose, in_small, locale_of, written
from mailer.errors import TemplateError

FOLDER = "templates/acknowledgements"
ENDING = ".txt"
NAMES = (
    "ticket", "at_work", "answer_by", "opens_at", "mailbox", "address", "person",
    "answers", "page",
)  # fmt: skip
"""What a text can show."""

HELPED = "helped"
"""The name of the text that a closing letter ends with."""

_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Suggested:
    """An article that may help at once: its title, and where it stands."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What an acknowledgement tells.

    Args:
        answer_by: By when a person answers.
        opens_at: When somebody is there again; now while somebody is.
        mailbox: The name that the mailbox signs with.
        person: The name of who wrote, or "".
        answers: Articles that match well, often none.
        page: Where the person follows the conversation; "" for nowhere.
    """

    ticket: int
    at_work: bool
    answer_by: datetime
    opens_at: datetime
    mailbox: str
    address: str
    person: str
    answers: tuple[Suggested, ...] = ()
    page: str = ""


def language_for(
    texts: Mapping[str, str], name: str, wished: str | None, fallback: str
) -> str:
    """Return in which of its languages a text is shown, as a tag.

    Args:
        texts: By file name, such as `received.nb.txt`; English is without a tag.
        wished: What the person speaks, when that is known.
        fallback: What the mailbox speaks.

    Raises:
        TemplateError: when there is no such text at all.
    """
    spoken = _spoken(texts, name)
    if not spoken:
        raise TemplateError(
            f"there is no {FOLDER}/{name}{ENDING}: write it, or name another"
        )
    last = next(iter(spoken)) if FALLBACK not in spoken else FALLBACK
    own = choose(in_small(fallback), spoken, last)
    return written(choose(wished, spoken, own))


def acknowledgement_text(
    texts: Mapping[str, str], name: str, language: str, zone: str, facts: Facts
) -> str:
    """Fill in a text.

    Args:
        language: As `language_for` returned it.
        zone: The mailbox's, in which times are told.

    Raises:
        TemplateError: names the file and what is wrong in it.
    """
    file = _spoken(texts, name)[in_small(language)]
    values = {
        "ticket": facts.ticket,
        "at_work": facts.at_work,
        "answer_by": moment_in_words(facts.answer_by, zone, language),
        "opens_at": moment_in_words(facts.opens_at, zone, language),
        "mailbox": facts.mailbox,
        "address": facts.address,
        "person": facts.person,
        "answers": facts.answers,
        "page": facts.page,
    }
    try:
        text = _ENGINE.from_string(texts[file]).render(values)
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError) as problem:
        known = ", ".join(NAMES)
        raise TemplateError(f"{FOLDER}/{file}: {problem}; a text has: {known}") from problem
    return text.strip()[:_LONGEST] + "\n"


def helped_text(texts: Mapping[str, str], name: str, language: str, page: str) -> str:
    """Fill in what a closing letter asks: whether the person was helped.

    Args:
        page: Where she says so.

    Raises:
        TemplateError: names the file and what is wrong in it.
    """
    file = _spoken(texts, name)[in_small(language)]
    try:
        return _ENGINE.from_string(texts[file]).render({"page": page}).strip() + "\n"
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError) as problem:
        raise TemplateError(f"{FOLDER}/{file}: {problem}; it has: page") from problem


def moment_in_words(at: datetime, zone: str, language: str) -> str:
    """Return a moment as people say it: `Friday 27 November, 12:00`."""
    there, locale = at.astimezone(ZoneInfo(zone)), locale_of(language)
    pattern = "EEEE, d. MMMM" if locale.language == "de" else "EEEE d MMMM"
    if locale.language in {"nb", "nn", "no", "da"}:
        pattern = "EEEE d. MMMM"
    day = format_date(there.date(), pattern, locale)
    # "en" alone is America's to Babel; hours from 0 to 24 are read everywhere.
    clock = "short" if locale.territory == "US" else "HH:mm"
    return f"{day}, {format_time(there.time(), clock, None, locale)}"


def has_text(texts: Mapping[str, str], name: str) -> bool:
    """Say whether there is a text of that name, in whatever language."""
    return bool(_spoken(texts, name))


def check_texts(texts: Mapping[str, str], name: str) -> str:
    """Return what is wrong with the texts of a mailbox, or ""."""
    facts = Facts(
        1,
        True,
        _EXAMPLE,
        _EXAMPLE,
        "Fjell & Fjord",
        "support@example.com",
        "Kari",
        page="https://example.com/t/token",
    )
    try:
        language_for(texts, name, None, FALLBACK)
        for language in _spoken(texts, name):
            for at_work in (True, False):
                for answers in ((), (Suggested("Returns", "https://example.com/answers"),)):
                    one = replace(facts, at_work=at_work, answers=answers)
                    acknowledgement_text(texts, name, written(language), "UTC", one)
    except (TemplateError, ValueError) as problem:
        return str(problem)
    return ""


def _spoken(texts: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the files of a text by language, in small letters."""
    found: dict[str, str] = {}
    for file in sorted(texts):
        stem, _, tag = file.removesuffix(ENDING).partition(".")
        if stem == name:
            found[in_small(tag) if tag else FALLBACK] = file
    return found


_EXAMPLE = datetime.fromisoformat("2026-11-27T11:00:00+00:00")
_ENGINE = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
