"""What people, shops and robots write is never taken for a bounce."""

import pytest
from samples.letterbox import Sent, letterbox
from samples.people import AUTO_REPLIES, CHALLENGES, HUMAN, UNSUBSCRIBERS, message
from samples.samples import knowledge, line_ends

from mailer.model.notice import (
    AutoReply,
    Bounce,
    Challenge,
    Human,
    Report,
    Unsubscribe,
)
from mailer.triage.answers import own_words
from mailer.triage.message import open_message
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


@pytest.mark.parametrize("one", letterbox(), ids=lambda one: one.name)
def test_a_person_is_a_person_in_each_language_charset_and_mail_program(one: Sent):
    notice = sort(one.raw, knowledge())
    assert isinstance(notice, Human), notice
    message = open_message(one.raw)
    assert one.said.subject in message.subject
    assert "".join(one.said.text.split()) in "".join(own_words(message).split())


@pytest.mark.parametrize(
    "subject",
    [
        "=?gb2312?B?ztK1xLaptaW7?= =?GB2312?B?ucO709C1vQ==?=",
        "=?UTF-8?Q?=D0=B7=D0=B0=D0?=\r\n =?utf-8?Q?=BA=D0=B0=D0=B7?=",
    ],
)
def test_a_letter_that_is_parted_between_two_encoded_words_is_one(subject: str):
    found = open_message(f"Subject: {subject}\r\n\r\n".encode()).subject
    assert "\N{REPLACEMENT CHARACTER}" not in found
    assert found in {"заказ", "我的订单还没有到"}


@pytest.mark.parametrize(
    ("subject", "path", "kind"),
    [
        ("The tent for our vacation", "k@example.net", Human),
        ("Auto: passt das Dachzelt?", "k@example.net", Human),
        ("Automatic reply: Autumn sale", "k@example.net", AutoReply),
        ("On vacation", "", AutoReply),
    ],
)
def test_words_of_people_count_only_where_nobody_would_get_an_answer(
    subject: str, path: str, kind: type
):
    raw = message("I am there again on Monday.\n", subject, Return_Path=f"<{path}>")
    assert isinstance(sort(raw, knowledge()), kind)
