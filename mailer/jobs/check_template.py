"""Checking a template: its letters are composed and measured, and what was found is told.

Nothing is sent. Nothing is fetched unless the links are to be tried.
"""

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.compose.checking import Facts, SpamScore, check, links_to_try, mistake
from mailer.compose.head import TEST_MARK
from mailer.compose.making import OPTIONAL_NAMES
from mailer.compose.prepared import Prepared, prepare
from mailer.compose.template import SETTINGS_FILE
from mailer.errors import CannotComposeError, MailerError, WorkspaceError
from mailer.jobs.audience import audiences_of
from mailer.jobs.frozen import Frozen
from mailer.jobs.preview import as_if_sent, sample_person
from mailer.jobs.world import World
from mailer.model.finding import Finding, Rule, Severity, worst_first
from mailer.model.letter import Letter
from mailer.model.mailinglist import MailingList
from mailer.model.person import Person
from mailer.store.prospects import first_people, lacking_by_name
from mailer.wire.links import dead_links
from mailer.workspace.clients import read_clients
from mailer.workspace.spamassassin import is_installed, spam_score
from mailer.workspace.templates import read_template

_MEASURED = 20
"""So many people's letters are composed, to find the largest."""


Letters = list[tuple[str, Letter]]
"""Letters that were composed, each with the tag of its language."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked beside the template itself.

    Args:
        links: Try the links: this asks the web servers that they lead to.
        spam: Ask SpamAssassin, when it is installed.
    """

    links: bool = False
    spam: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one template found.

    Args:
        html_bytes: Of the largest letter that was composed; 0 when none could be.
    """

    template: str
    subject: str
    html_bytes: int
    findings: tuple[Finding, ...]


def check_template(
    world: World, name: str, mailing_list: MailingList, asked: Asked, now: datetime
) -> Checked:
    """Check one template as it would go to a list.

    Raises:
        NotFoundError: when there is no template by that name.
    """
    try:
        source = read_template(world.folder, name)
        prepared = prepare(
            source, mailing_list, 0, world.specs, world.site, world.tokens, world.limits
        )
    except WorkspaceError as problem:
        return Checked(name, "", 0, (mistake(problem),))
    people, lacking, readers = _asked_for(world, prepared, mailing_list, now)
    sample = sample_person(source)
    samples = [sample._replace(language=one) for one in prepared.languages]
    readers = [as_if_sent(source, one) for one in readers]
    letters, faults = _composed(prepared, [*samples, *readers], now)
    sizes, findings = findings_of(prepared, letters, Facts("", 0, people, lacking), asked)
    letter = letters[0][1] if letters else None
    subject = _measured(letter)[0] if letter else ""
    return Checked(name, subject, max(sizes, default=0), worst_first([*faults, *findings]))


def findings_of(
    prepared: Prepared, letters: Letters, facts: Facts, asked: Asked
) -> tuple[list[int], list[Finding]]:
    """Measure some letters, ask whom is to be asked, and check each language.

    Args:
        letters: Letters that were composed, each with its language.
        facts: What is known about all of them; what letters show is added.

    Returns:
        The size of the largest HTML in each language, and what was found.
    """
    more: list[Finding] = []
    facts = replace(facts, mailing_list=prepared.mailing_list)
    if asked.links:
        urls = {url: None for seen in prepared.seen for url in links_to_try(seen)}
        facts = replace(facts, dead=dead_links([*urls]))
    sizes: list[int] = []
    for seen in prepared.seen:
        ours = [letter for language, letter in letters if language == seen.language]
        if not ours:
            more += check(seen, facts, read_clients())
            continue
        letter = max(ours, key=lambda one: len(one.content))
        subject, size = _measured(letter)
        here = replace(facts, subject=subject, html_bytes=size)
        if asked.spam and is_installed():
            here = replace(here, spam=_spam(letter, more))
        more += check(seen, here, read_clients())
        sizes.append(size)
    # What stands in a layout is found in each language.
    return sizes, [*dict.fromkeys(more)]


def _spam(letter: Letter, more: list[Finding]) -> SpamScore | None:
    try:
        return spam_score(letter.content)
    except WorkspaceError as problem:
        more.append(Finding(Severity.NOTE, Rule.SPAM, str(problem), "nothing"))
        return None


def _asked_for(
    world: World, prepared: Prepared, mailing_list: MailingList, now: datetime
) -> tuple[int | None, dict[str, int], list[Person]]:
    """Return how many the list's people are, what they lack, and the first of them."""
    needs = tuple(sorted(prepared.needs))
    content = Frozen(prepared.source, mailing_list, "", "", world.specs, needs)
    (audience,) = audiences_of(content, now, None, world.zone, ask_needs=True)
    with world.database.read() as connection:
        people, lacking = lacking_by_name(connection, audience, now)
        first = first_people(connection, audience, now, _MEASURED)
    readers = [
        Person(one.id, one.address, dict(one.attributes), one.language, one.time_zone)
        for one in first
    ]
    return people or None, lacking, readers


def _composed(
    prepared: Prepared, readers: Iterable[Person], now: datetime
) -> tuple[Letters, list[Finding]]:
    """Compose some letters; their links leave no list."""
    letters: Letters = []
    faults: list[Finding] = []
    for one in readers:
        try:
            letter = prepared.compose(one, 0, 0, now, test=True)
        except CannotComposeError as problem:
            faults.append(_fault(prepared, one, problem))
            continue
        letters.append((prepared.language_for(one), letter))
    return letters, [*dict.fromkeys(faults)]


def _fault(prepared: Prepared, reader: Person, problem: CannotComposeError) -> Finding:
    lacks = prepared.needs - reader.attributes.keys() - OPTIONAL_NAMES
    if reader.contact_id is not None or not lacks:
        whose = "the sample" if reader.contact_id is None else reader.address
        return mistake(MailerError(f"{problem} (so it is for {whose})"))
    return Finding(
        Severity.WARNING,
        Rule.TEMPLATE,
        f"the made-up person of [sample] gets no letter: {problem}",
        "give the sample what the letter needs",
        prepared.source.shown(SETTINGS_FILE),
    )


def _measured(letter: Letter) -> tuple[str, int]:
    """Return a letter's subject, and the size of its HTML in bytes."""
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    part = message.get_body(("html",))
    html = b"" if part is None else part.get_payload(decode=True)
    subject = str(message["subject"]).removeprefix(TEST_MARK)
    return subject, len(html) if isinstance(html, bytes) else 0
