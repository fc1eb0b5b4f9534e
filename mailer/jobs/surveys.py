"""Surveys: which there are, and writing down what somebody answered."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.errors import MailerError
from mailer.jobs.world import World
from mailer.model.event import Event, EventKind
from mailer.model.survey import Survey
from mailer.model.token import Reader
from mailer.store import ledger
from mailer.store.contacts import change_contacts, get_contact, mark_own
from mailer.store.database import Database
from mailer.store.events import note_event
from mailer.workspace.surveys import read_survey, survey_names

_log = logging.getLogger(__name__)


def shown_surveys(world: World) -> list[Survey]:
    """Return the surveys that the preferences page leads to; none that does not hold."""
    found: list[Survey] = []
    for name in survey_names(world.folder):
        try:
            found.append(read_survey(world.folder, name, world.specs))
        except MailerError as problem:
            _log.error("a survey is not shown: %s", problem)
    return [one for one in found if one.shown]


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody answered to a survey: each question with its answer."""

    title: str
    answers: tuple[tuple[str, object], ...]


def answers_of(
    world: World, attributes: Mapping[str, object]
) -> tuple[tuple[Answers, ...], frozenset[str]]:
    """Return what a person answered, by survey, and which attributes that is.

    A survey that does not hold is left out.
    """
    found: list[Answers] = []
    named: set[str] = set()
    for name in survey_names(world.folder):
        try:
            survey = read_survey(world.folder, name, world.specs)
        except MailerError as problem:
            _log.error("a survey is not shown: %s", problem)
            continue
        given = tuple(
            (one.label, attributes[one.attribute])
            for one in survey.questions
            if _is_answer(attributes.get(one.attribute))
        )
        if given:
            found.append(Answers(survey.title, given))
            named |= {one.attribute for one in survey.questions}
    return tuple(found), frozenset(named)


def _is_answer(value: object) -> bool:
    return value is not None and value not in ("", [], ())


def answer(
    database: Database,
    reader: Reader,
    survey: str,
    values: Mapping[str, object],
    now: datetime,
) -> bool:
    """Write down what a person answered, and that she did; imports leave it alone.

    Returns:
        Whether somebody is on record.
    """
    with database.write() as connection:
        # An import that reads her at this moment waits, or is waited for.
        ledger.lock(connection)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return False
        if values:
            known = contact.details
            details = replace(known, attributes={**known.attributes, **values})
            change_contacts(connection, [(contact.id, details)], now)
            mark_own(connection, contact, list(values), now)
            did = Event(EventKind.ANSWERED, now, survey)
            note_event(connection, contact.id, did)
    return True
