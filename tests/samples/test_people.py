"""What people, shops and robots write is never taken for a bounce."""

import pytest
from samples.people import AUTO_REPLIES, CHALLENGES, HUMAN, UNSUBSCRIBERS
from samples.samples import knowledge, line_ends

from mailer.model.notice import (
    AutoReply,
    Bounce,
    Challenge,
    Human,
    Report,
    Unsubscribe,
)
from mailer.triage.sort import sort

ALL = HUMAN | AUTO_REPLIES | UNSUBSCRIBERS | CHALLENGES


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_message_of_a_person_is_a_bounce(name: str):
    for raw in line_ends(ALL[name]):
        assert not isinstance(sort(raw, knowledge()), Bounce | Report)


@pytest.mark.parametrize("name", sorted(HUMAN))
def test_a_person_is_a_person(name: str):
    assert isinstance(sort(HUMAN[name], knowledge()), Human)


@pytest.mark.parametrize("name", sorted(AUTO_REPLIES))
def test_a_machine_that_answers_for_somebody_is_none(name: str):
    assert isinstance(sort(AUTO_REPLIES[name], knowledge()), AutoReply)


@pytest.mark.parametrize("name", sorted(UNSUBSCRIBERS))
def test_who_wants_no_more_letters_is_understood(name: str):
    assert isinstance(sort(UNSUBSCRIBERS[name], knowledge()), Unsubscribe)


@pytest.mark.parametrize("name", sorted(CHALLENGES))
def test_a_challenge_is_understood(name: str):
    assert isinstance(sort(CHALLENGES[name], knowledge()), Challenge)


def test_an_absence_says_when_it_ends():
    for name in ("Outlook", "a German absence"):
        notice = sort(AUTO_REPLIES[name], knowledge())
        assert isinstance(notice, AutoReply)
        assert str(notice.back_on) == "2026-12-04"
