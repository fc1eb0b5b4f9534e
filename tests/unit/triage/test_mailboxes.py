"""Mailboxes: their hours as people write them, and which one a message was written to."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.triage.addresses import mailboxes
from mailer.triage.mailboxes import Mailbox, is_no_reply, mailbox_of, problems_of
from mailer.triage.officehours import read_hours
from mailer.triage.workinghours import Shift, at_work, due

HOURS = read_hours(("mon-fri 09:00-17:00", "sat 10:00-14:00"), ("12-25",), "Europe/Oslo")
SUPPORT = Mailbox(
    "support", "support@shop.example", aliases=frozenset({"help@shop.example"})
)
SALES = Mailbox("sales", "sales@shop.example")


def test_hours_are_read_for_each_day_of_a_span():
    assert HOURS is not None
    assert HOURS.week[0] == HOURS.week[4] == (Shift(540, 1020),)
    assert HOURS.week[5] == (Shift(600, 840),)
    assert HOURS.week[6] == ()


def test_a_span_may_go_over_the_weeks_end_and_a_shift_over_midnight():
    hours = read_hours(("sat-mon 22:00-06:00",), (), "UTC")
    assert hours is not None
    assert [bool(day) for day in hours.week] == [
        True,
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    assert hours.week[0] == (Shift(1320, 1800),)


def test_a_day_off_each_year_is_one_in_every_year():
    assert HOURS is not None
    assert {date(2026, 12, 25), date(2041, 12, 25)} <= HOURS.days_off
    christmas = datetime(2026, 12, 25, 10, tzinfo=UTC)
    assert not at_work(HOURS, christmas)
    assert due(HOURS, christmas, timedelta(hours=1)) == datetime(
        2026, 12, 26, 10, tzinfo=UTC
    )


def test_a_leap_day_off_is_one_when_there_is_one():
    hours = read_hours(("mon-sun 09:00-17:00",), ("02-29",), "UTC")
    assert hours is not None
    assert date(2028, 2, 29) in hours.days_off


@pytest.mark.parametrize(
    ("lines", "off"),
    [
        (("mo-fr 9-17",), ()),
        (("mon 09:00-25:00",), ()),
        (("mon 09:70-17:00",), ()),
        (("mon 24:00-06:00",), ()),
        (("mon 09:00-12:00", "mon 11:00-17:00"), ()),
        (("mon 09:00-12:00",), ("2026-02-30",)),
        (("mon 09:00-12:00",), ("Christmas",)),
    ],
)
def test_hours_that_cannot_be_are_told(lines, off):
    with pytest.raises(ValueError, match=r"must be|there is no|over one another|begins"):
        read_hours(lines, off, "UTC")


def test_a_message_belongs_to_the_first_mailbox_that_it_names():
    both = (SUPPORT, SALES)
    assert mailbox_of(("x@y.example", "Sales@Shop.example"), both) is SALES
    assert mailbox_of(("help@shop.example",), both) is SUPPORT
    assert mailbox_of(("support+abc@shop.example",), both) is SUPPORT
    assert mailbox_of(("b+123@shop.example",), both) is None


@pytest.mark.parametrize(
    "address",
    [
        "noreply@x.example", "no-reply@x.example", "shop.no_reply@x.example",
        "donotreply@x.example", "do-not-reply-42@x.example", "keine-antwort@x.example",
        "ikke-svar@x.example", "nepasrepondre@x.example", "noreply+news@x.example",
    ],
)  # fmt: skip
def test_addresses_that_tell_people_not_to_answer_are_known(address: str):
    assert is_no_reply(address)


@pytest.mark.parametrize(
    "address",
    ["support@noreply.example", "noras.reply@x.example", "nora@x.example",
     "replies@x.example", "svar@x.example", "antwort@x.example"],
)  # fmt: skip
def test_other_addresses_are_not_taken_for_them(address: str):
    assert not is_no_reply(address)


def test_a_mailbox_without_hours_or_anybody_is_no_promise():
    assert [one[:10] for one in problems_of(SUPPORT)] == ["nobody is ", "nobody rea"]
    assert not SUPPORT.promises
    held = Mailbox("support", "support@shop.example", hours=HOURS, read_by="Kari reads it")
    assert list(problems_of(held)) == []
    assert held.promises


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("ola@example.com, Kari <kari@example.com>", ["ola", "kari"]),
        ('"Dahl, x@example.com" <ola@example.com>, a@example.com', ["ola", "a"]),
        ("All: a@example.com, B <b@example.com>; c@example.com (d@example.com)", "abc"),
        ("Nordmann, Ola <ola@example.com>", ["ola"]),
        ('"never closed <a@example.com>, b@example.com', "ab"),
        ("undisclosed-recipients:;", []),
    ],
)
def test_a_field_names_its_addresses_with_names_and_without(field, found):
    assert mailboxes(field) == [f"{one}@example.com" for one in found]
