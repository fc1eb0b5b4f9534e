"""Letters that are composed before anything leaves, to find out what a template lacks."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailer.compose.checking import Facts
from mailer.compose.prepared import Prepared
from mailer.errors import CannotComposeError
from mailer.jobs.check_template import Asked, Letters, findings_of
from mailer.model.contact import Contact
from mailer.model.finding import Finding
from mailer.model.person import Person

Faulty = tuple[tuple[str, str], ...]
"""Addresses, each with why its letter cannot be composed."""


def try_letters(
    prepared: Sequence[Prepared],
    tried: Sequence[Sequence[Contact]],
    now: datetime,
    *,
    spam: bool,
) -> tuple[Faulty, list[Finding]]:
    """Compose some letters of each list, so that faults show before any has left.

    Args:
        tried: Some people of each list, in the order of `prepared`.
        spam: Ask SpamAssassin too, when it is installed.

    Returns:
        Whose letters cannot be composed, and what is wrong with the others.
    """
    faulty: list[tuple[str, str]] = []
    findings: dict[Finding, None] = {}
    for each, people in zip(prepared, tried, strict=True):
        letters, of_these = _composed(each, people, now)
        faulty += of_these
        facts = Facts("", 0, people=len(people))
        _, found = findings_of(each, letters, facts, Asked(spam=spam))
        findings |= dict.fromkeys(found)
    return tuple(faulty), list(findings)


def _composed(
    prepared: Prepared, people: Iterable[Contact], now: datetime
) -> tuple[Letters, Faulty]:
    letters: Letters = []
    faulty: list[tuple[str, str]] = []
    for one in people:
        person = Person(
            one.id, one.address, dict(one.attributes), one.language, one.time_zone
        )
        try:
            letter = prepared.compose(person, 0, 0, now)
        except CannotComposeError as problem:
            faulty.append((one.address, str(problem)))
            continue
        letters.append((prepared.language_for(person), letter))
    return letters, tuple(faulty)
