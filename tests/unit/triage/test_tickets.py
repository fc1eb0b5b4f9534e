"""Which ticket a message goes on, and by when an answer is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from frontdesks import NOW, SUPPORT, a_message

from mailer.model.ticket import Priority, Ticket, TicketKind, TicketState
from mailer.triage.mailboxes import NOWHERE
from mailer.triage.message import open_message
from mailer.triage.tickets import (
    Candidates,
    Ids,
    clean,
    dues_after_more,
    dues_of_new,
    goes_on,
    ids_of,
    name_of,
    priority_of,
    references_after,
    said_hash,
    ticket_for,
)

OLA = "ola@example.com"
TICKET = Ticket(
    1, "support", TicketState.WAITING, TicketKind.QUERY, Priority.NORMAL, "Tents", None,
    OLA, OLA, "Ola", "en", "", (), NOW, NOW, NOW, None, NOW, None, NOW, None, None, None,
    None, 1,
)  # fmt: skip
OTHER = replace(TICKET, id=2)


def test_what_only_we_can_make_goes_before_what_a_mail_program_writes():
    found = Candidates(TICKET, (OTHER,), (OTHER,), OTHER)
    assert ticket_for(found, "anybody@example.org", "x@example.org") is TICKET
    found = Candidates(None, (TICKET, OTHER), (OTHER,), OTHER)
    assert ticket_for(found, "anybody@example.org", "x@example.org") is TICKET


@pytest.mark.parametrize(
    "found", [Candidates(by_id=(TICKET,)), Candidates(by_number=TICKET)]
)
def test_ids_and_numbers_count_for_the_same_person_only(found: Candidates):
    assert ticket_for(found, OLA, OLA) is TICKET
    assert ticket_for(found, "eve@example.org", "eve@example.org") is None
    assert ticket_for(found, "", "") is None
    # Neither who writes with her address for answers, nor who writes by the same form.
    assert ticket_for(found, "eve@example.org", OLA) is None
    assert ticket_for(found, OLA, "eve@example.org") is None


def test_nobody_without_an_address_is_the_same_person_as_another_one():
    nameless = replace(TICKET, match="")
    assert ticket_for(Candidates(by_id=(nameless,)), "", OLA) is None


def test_ids_are_read_nearest_first_and_kept_oldest_first():
    message = open_message(
        a_message(
            subject="Re: Tents [#12]", In_Reply_To="<c@x.example>",
            References="<a@x.example> <b@x.example> <c@x.example>",
        )
    )  # fmt: skip
    assert ids_of(message) == Ids(
        "m1.ola@example.com",
        ("c@x.example", "b@x.example", "a@x.example"),
        ("a@x.example", "b@x.example", "c@x.example"),
        12,
    )


def test_references_keep_the_first_and_the_last():
    many = tuple(f"{n}@x.example" for n in range(1000))
    kept = references_after(Ids("own@x.example", (), many, None))
    assert (len(kept), kept[0], kept[-1]) == (20, "0@x.example", "own@x.example")


@pytest.mark.parametrize(
    "subject", ["[#99999999999999999999]", "#12", "[12]", "x" * 10_000]
)
def test_a_subject_without_a_ticket_in_it_names_none(subject: str):
    assert ids_of(open_message(a_message(subject=subject))).number is None


def test_a_ticket_is_gone_on_with_for_thirty_days_after_its_end():
    closed = replace(TICKET, state=TicketState.CLOSED, closed_at=NOW)
    assert goes_on(closed, NOW + timedelta(days=30))
    assert not goes_on(closed, NOW + timedelta(days=31))
    assert goes_on(TICKET, NOW + timedelta(days=1000))


def test_who_writes_again_has_an_answer_due_from_the_first_time_that_they_asked():
    dues = dues_after_more(TICKET, SUPPORT, NOW)
    assert dues.next == datetime(2026, 11, 26, 12, tzinfo=UTC)
    waiting = replace(TICKET, next_due_at=dues.next, state=TicketState.OPEN)
    later = dues_after_more(waiting, SUPPORT, NOW + timedelta(hours=3))
    assert later.next == dues.next


def test_nobody_is_promised_a_time_where_nobody_is():
    assert dues_of_new(NOWHERE, NOW).first is None
    assert dues_of_new(replace(SUPPORT, staff=()), NOW).first is None


def test_what_waits_for_the_person_is_not_due():
    dues = dues_of_new(SUPPORT, NOW)
    assert dues.soonest(TicketState.NEW) == dues.first
    assert dues.soonest(TicketState.WAITING) is None


def test_what_comes_to_abuse_goes_first():
    message = open_message(a_message(to="Abuse@shop.example"))
    assert priority_of(message) is Priority.HIGH


def test_the_same_said_in_another_layout_is_the_same():
    one = open_message(a_message("Do you\nship tents?\n\n> quoted\n"))
    other = open_message(a_message("do you  ship TENTS?", subject="other", number=9))
    assert said_hash(one) == said_hash(other)


def test_a_text_loses_what_no_header_or_database_holds():
    assert clean("a\x00b\x1b[2Jc\ud800\u2028d\n\te", 100) == "ab[2Jcd\n\te"


@pytest.mark.parametrize(
    "name",
    [
        "Ola Nordmann",
        "Anne-Lise O'Hara",
        "Dr. J. Müller (Bergen)",
        "मीना कुमारी",
        "山田太郎",
    ],
)
def test_a_name_is_greeted_by(name):
    assert name_of(f' "{name}" ') == name


@pytest.mark.parametrize(
    "words",
    [
        "Win at www example", "see spam.example", "https://spam.example", "a@b.example",
        "Call 0800 123456", "GET $$$ NOW", "Buy now! Cheap", "x" * 61,
    ],
)  # fmt: skip
def test_what_may_be_more_than_a_name_is_not_carried_to_others(words):
    assert name_of(words) == ""


@pytest.mark.parametrize("kind", ["text/markdown", "text/enriched", "text/x-no-such"])
def test_a_kind_of_text_that_nobody_knows_is_read_as_plain(kind):
    head = "From: ola@example.com\nMIME-Version: 1.0\n"
    alone = f"{head}Content-Type: {kind}\n\nDo you ship to Iceland?\n"
    assert open_message(alone.encode()).said == "Do you ship to Iceland?\n"
    beside = (
        f"{head}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n"
        f"--b\nContent-Type: {kind}\n\nother\n--b--\n"
    )
    assert open_message(beside.encode()).said == "Hello"
