"""Whom a segment picks: counted, and the first of them with what its rule reads of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import NotFoundError, did_you_mean
from mailer.model.attributes import AttributeSpec
from mailer.model.evaluate import Facts, Value, holds, values
from mailer.model.expression import parse
from mailer.model.mailinglist import MailingList
from mailer.model.rule import HistoryRule, Received, Rule, leaves
from mailer.model.ruletext import clauses, unparse
from mailer.store.database import Database
from mailer.store.facts import Asked, campaign_names, count, first
from mailer.store.lists import all_lists
from mailer.workspace.lists import read_list, read_lists


@dataclass(frozen=True, slots=True)
class Questions:
    """Where segments are asked, and when.

    Args:
        folder: The workspace's folder.
        specs: The declared attributes by name.
        zone: The zone that counts where a contact's own is missing or unknown.
        rehearsed: A rehearsal's letters count as received too.
    """

    database: Database
    folder: str
    specs: Mapping[str, AttributeSpec]
    now: datetime
    zone: str = "UTC"
    rehearsed: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Some of a list's people, or of all contacts.

    Args:
        name: Such as `newsletter/norway`; the list's name for everyone on it.
        list_id: None for all contacts, whether they are on a list or not.
        rule: None for everyone.
    """

    name: str
    list_id: str | None
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people a segment picks.

    Args:
        asked: How many people of its list there are, or contacts when it has none.
        clauses: Each clause that must hold with how many of those asked it holds for.
        notes: What is perhaps not meant as it is written.
    """

    segment: Segment
    picked: int
    asked: int
    clauses: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Previewed:
    """Somebody whom a segment picks.

    Args:
        values: What the rule reads of them, by name; None for what is missing.
        history: What it asks of their past, with its answer.
    """

    contact_id: int | None
    address: str
    values: Mapping[str, Value | None]
    history: Mapping[str, bool]


def segments_of(questions: Questions, target: str, rule: str | None) -> tuple[Segment, ...]:
    """Return what a target names.

    Args:
        target: `LIST/SEGMENT`; `LIST` for all of its segments, or with a rule for the rule
            among its people; "" for a rule among all contacts.
        rule: A rule as text, instead of a segment's.

    Raises:
        NotFoundError: when there is no such list or segment.
        ExpressionError: when a rule is none; names the place and the nearest right name.
    """
    name, _, segment = target.partition("/")
    mailing_list = read_list(questions.folder, name) if name else None
    if rule is not None:
        return (_by_rule(questions, mailing_list, target, rule),)
    if mailing_list is None:
        raise NotFoundError("name a list, as in newsletter/norway, or give a rule")
    known = _list_ids(questions)
    if segment:
        return (_by_name(questions, mailing_list, segment, known),)
    everyone = Segment(mailing_list.name, mailing_list.id, None)
    named = (_by_name(questions, mailing_list, one, known) for one in mailing_list.segments)
    return (everyone, *named)


def count_segments(
    questions: Questions, segments: Iterable[Segment]
) -> tuple[Counted, ...]:
    """Count whom each of some segments picks, in one statement each."""
    with questions.database.read() as connection:
        campaigns = campaign_names(connection)
        counted: list[Counted] = []
        for segment in segments:
            parts = clauses(segment.rule) if segment.rule is not None else ()
            rules = [part for _, part in parts] if len(parts) > 1 else []
            whole = [] if segment.rule is None else [segment.rule]
            found = count(connection, _asked(questions, segment), [*whole, *rules])
            picked = found.picked[0] if whole else found.asked
            texts = [text for text, _ in parts] if rules else []
            counted.append(
                Counted(
                    segment,
                    picked,
                    found.asked,
                    tuple(zip(texts, found.picked[1:], strict=True)),
                    unheard_of(segment.rule, campaigns),
                )
            )
    return tuple(counted)


def unheard_of(rule: Rule | None, campaigns: frozenset[str]) -> tuple[str, ...]:
    """Say which campaigns a rule asks of that there never were; they may be yet to come."""
    if rule is None:
        return ()
    asked = (leaf.campaign for leaf in leaves(rule) if isinstance(leaf, Received))
    return tuple(
        f"no campaign was ever called {name!r}{did_you_mean(name, campaigns)}"
        for name in asked
        if name not in campaigns
    )


def preview_segment(
    questions: Questions, segment: Segment, limit: int
) -> tuple[Previewed, ...]:
    """Return the first people whom a segment picks, with what its rule reads of them."""
    with questions.database.read() as connection:
        people = first(connection, _asked(questions, segment), segment.rule, limit)
    return tuple(_previewed(segment.rule, one) for one in people)


def _asked(questions: Questions, segment: Segment) -> Asked:
    return Asked(segment.list_id, questions.now, questions.zone, questions.rehearsed)


def _by_rule(
    questions: Questions, mailing_list: MailingList | None, target: str, text: str
) -> Segment:
    if "/" in target:
        raise NotFoundError(
            f"{target} is a segment with a rule of its own: give a rule or a segment"
        )
    rule = parse(text, questions.specs, "the rule", _list_ids(questions))
    list_id = None if mailing_list is None else mailing_list.id
    return Segment(target or "all contacts", list_id, rule)


def _by_name(
    questions: Questions, mailing_list: MailingList, segment: str, lists: frozenset[str]
) -> Segment:
    file = f"lists/{mailing_list.name}.toml"
    if segment not in mailing_list.segments:
        raise NotFoundError(
            f"{file} has no segment {segment!r}"
            f"{did_you_mean(segment, mailing_list.segments)}"
        )
    text = mailing_list.segments[segment]
    rule = parse(text, questions.specs, f"{file}, segment {segment}", lists)
    return Segment(f"{mailing_list.name}/{segment}", mailing_list.id, rule)


def _list_ids(questions: Questions) -> frozenset[str]:
    """Return the ids of all lists: those of files, and those that people were once on."""
    with questions.database.read() as connection:
        seen = all_lists(connection)
    return frozenset({*seen, *(one.id for one in read_lists(questions.folder))})


def _previewed(rule: Rule | None, facts: Facts) -> Previewed:
    history = () if rule is None else leaves(rule)
    return Previewed(
        facts.person.contact_id,
        facts.person.address,
        {} if rule is None else values(rule, facts),
        {
            unparse(leaf): holds(leaf, facts)
            for leaf in history
            if isinstance(leaf, HistoryRule)
        },
    )
