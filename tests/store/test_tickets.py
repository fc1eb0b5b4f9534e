"""What a person writes becomes one ticket, and is acknowledged once, on both databases."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from frontdesks import (
    NOW,
    SUPPORT,
    a_desk,
    a_mailbox,
    a_message,
    acknowledgement,
    all_tickets,
    decisions,
    everything,
    take,
)
from samples.people import AUTO_REPLIES, CHALLENGES, HUMAN
from sqlalchemy import select, text

from mailer.jobs.blocks import block
from mailer.jobs.erase import erase, finish_erasures, look
from mailer.jobs.forget_tickets import forget_old_tickets
from mailer.jobs.incoming import Desk, handle_all
from mailer.jobs.logbook import Logbook
from mailer.model.consent import SuppressionReason
from mailer.model.contact import Details
from mailer.model.delivery import CauseKind
from mailer.model.event import EventKind
from mailer.model.key import Key, KeyRing, Purpose
from mailer.model.kind import Lane
from mailer.model.letter import Letter
from mailer.model.suppression import Suppression
from mailer.model.ticket import EntryKind, Priority, TicketKind, TicketState
from mailer.store import schema, tickets
from mailer.store.alarms import open_alarms
from mailer.store.contacts import create_contacts, new_row
from mailer.store.database import open_database
from mailer.store.events import events_of
from mailer.store.incoming import keep as keep_incoming
from mailer.store.suppressions import suppress
from mailer.store.tables import DeliveryRow, table
from mailer.store.tickets import of_person
from mailer.triage.deskrules import DeskRule, Treatment
from mailer.triage.quotas import Quotas

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def desk(database, logbook, ring, tmp_path) -> Desk:
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


def new_contact(connection, ring: KeyRing, match: str) -> int:
    details = Details({}, None, None)
    row = new_row(match, ring.suppression_hash(match), match, details, NOW)
    (contact_id,) = create_contacts(connection, [row])
    return contact_id


def with_quotas(desk: Desk, **most: int) -> Desk:
    return replace(desk, front=replace(desk.front, quotas=Quotas(**most)))


def letters(desk: Desk) -> list:
    with desk.database.read() as connection:
        return list(connection.execute(select(table(DeliveryRow))))


def parsed(letter: Letter | None):
    assert letter is not None
    return message_from_bytes(letter.content, policy=policy.default)


def test_a_persons_message_is_a_ticket_with_its_due_times(desk):
    take(desk, a_message())
    (ticket,) = all_tickets(desk)
    assert (ticket.mailbox, ticket.state, ticket.subject) == ("support", "new", "Tents")
    assert (ticket.address, ticket.person) == ("ola@example.com", "Ola Nordmann")
    # Four hours today, four tomorrow, and 40 in a week of 40.
    assert ticket.first_due_at == datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert ticket.solve_due_at == datetime(2026, 12, 2, 12, tzinfo=UTC)
    assert ticket.due_at == ticket.first_due_at


def test_who_writes_did_something_and_spam_robots_and_who_is_blocked_did_not(desk, ring):
    with desk.database.write() as connection:
        known = new_contact(connection, ring, "ola@example.com")
        other = new_contact(connection, ring, "kari@example.com")
    take(desk, a_message())
    take(desk, a_message(sender="kari@example.com", number=2, X_Spam_Flag="YES"))
    take(
        desk, a_message(sender="kari@example.com", number=3, Auto_Submitted="auto-replied")
    )
    with desk.database.read() as connection:
        (did,) = events_of(connection, known, 9)
        assert events_of(connection, other, 9) == []
    block(desk.database, (SUPPORT,), frozenset(), ("kari@example.com", ""), "Ola", NOW)
    take(desk, a_message("You again!", "kari@example.com", number=4))
    with desk.database.read() as connection:
        assert events_of(connection, other, 9) == []
    assert (did.kind, did.at, did.about) == (EventKind.REPLIED, NOW, "ticket 1")


@pytest.mark.parametrize(
    ("to", "read_from", "mailbox"),
    [
        ("support@shop.example", "", "support"),
        ("billing@shop.example", "", "billing"),
        ("undisclosed-recipients:;", "", "support"),
        # A copy that nobody is named in, and one that names both.
        ("undisclosed-recipients:;", "billing", "billing"),
        ("support@shop.example, billing@shop.example", "billing", "billing"),
        ("support@shop.example, billing@shop.example", "support", "support"),
        # One server's mailbox holds what is written to others, too.
        ("billing@shop.example", "support", "billing"),
        ("billing@shop.example", "everything", "billing"),
        ("undisclosed-recipients:;", "everything", "support"),
        ("undisclosed-recipients:;", "gone", "support"),
    ],
)
def test_of_several_mailboxes_it_is_the_one_that_it_was_read_from(
    desk, to, read_from, mailbox
):
    others = (
        replace(
            SUPPORT, name="billing", address="billing@shop.example", aliases=frozenset()
        ),
        replace(SUPPORT, name="everything", address="", aliases=frozenset()),
    )
    desk = replace(desk, front=replace(desk.front, mailboxes=(SUPPORT, *others)))
    raw = f"From: ola@example.com\nTo: {to}\nSubject: Tents\n\nDo you ship?\n".encode()
    with desk.database.write() as connection:
        keep_incoming(connection, raw, "imap", NOW, mailbox=read_from or None)
    assert len(list(handle_all(desk, NOW))) == 1
    assert [one.mailbox for one in all_tickets(desk)] == [mailbox]


def test_it_is_acknowledged_in_the_first_lane_as_rfc_3834_has_it(desk):
    number = take(desk, a_message(References="<a@example.com> <b@example.com>"))
    (owed,) = letters(desk)
    assert (owed.cause_kind, owed.cause_id) == (CauseKind.INCOMING, number)
    assert (owed.kind, owed.lane, owed.address) == (
        "acknowledgement", Lane.ANSWERS, "ola@example.com",
    )  # fmt: skip
    letter = acknowledgement(desk, number)
    assert letter is not None
    assert (letter.sender, letter.recipient) == ("", "ola@example.com")
    head = parsed(letter)
    assert head["From"] == "Fjell & Fjord <support@shop.example>"
    assert head["To"] == "Ola Nordmann <ola@example.com>"
    assert head["Subject"] == "Re: Tents [#1]"
    assert head["Auto-Submitted"] == "auto-replied"
    assert head["X-Auto-Response-Suppress"] == "All"
    assert head["In-Reply-To"] == "<m1.ola@example.com>"
    assert head["References"].split() == [
        "<a@example.com>", "<b@example.com>", "<m1.ola@example.com>",
    ]  # fmt: skip
    assert re.fullmatch(r"support\+[a-z2-7]{37}@shop\.example", head["Reply-To"])
    said = head.get_content()
    assert "Its number here is 1." in said
    assert "by Thursday 26 November, 13:00" in said
    assert "Iceland" not in said
    (decided,) = decisions(desk, 1)
    assert (decided.delivery_id, decided.rule) == (owed.id, None)


def test_it_names_the_article_that_answers_and_none_where_none_does(desk):
    asked = a_message("Do you ship to Iceland, and to which other countries?")
    letter = acknowledgement(desk, take(desk, asked))
    assert letter is not None
    text = message_from_bytes(letter.content, policy=policy.default).get_content()
    assert "Which countries we deliver to" in text
    assert "https://mail.shop.example/answers/abroad?lang=en" in text
    other = a_message("Lunch on Thursday?", "eva@example.org", subject="Hi", number=2)
    letter = acknowledgement(desk, take(desk, other))
    assert letter is not None
    text = message_from_bytes(letter.content, policy=policy.default).get_content()
    assert "/answers/" not in text


def test_outside_working_hours_it_says_when_somebody_is_there_again(desk):
    friday_evening = datetime(2026, 11, 27, 20, tzinfo=UTC)
    number = take(desk, a_message(), friday_evening)
    said = parsed(acknowledgement(desk, number)).get_content()
    assert "back on Monday 30 November, 09:00" in said
    assert "by Monday 30 November, 17:00" in " ".join(said.split())


@pytest.mark.parametrize(
    ("language", "words"),
    [("nb", "svarer deg innen torsdag 26. november"), ("de", "Donnerstag, 26. November")],
)
def test_it_speaks_the_mailboxs_language(
    database, logbook, ring, tmp_path, language: str, words: str
):
    mailbox = a_mailbox(language=language)
    desk = a_desk(database, logbook, ring, tmp_path, mailbox)
    number = take(desk, a_message())
    assert words in " ".join(parsed(acknowledgement(desk, number)).get_content().split())


def test_the_answer_to_an_acknowledgement_goes_on_its_ticket_and_gets_none(desk):
    number = take(desk, a_message())
    head = parsed(acknowledgement(desk, number))
    # From another address: only who has the letter has its signed id.
    other = a_message(
        "And how long does it take?", "Ola at work <ola@work.example>", number=2,
        subject="something else", In_Reply_To=head["Message-ID"],
    )  # fmt: skip
    take(desk, other, NOW + AN_HOUR)
    (ticket,) = all_tickets(desk)
    with desk.database.read() as connection:
        said = [(one.kind, one.author) for one in tickets.entries_of(connection, ticket.id)]
    assert said == [
        (EntryKind.CAME, "ola@example.com"),
        (EntryKind.ACKNOWLEDGEMENT, ""),
        (EntryKind.CAME, "ola@work.example"),
    ]
    assert [one.rule for one in decisions(desk, ticket.id)] == [None, 12]
    assert len(letters(desk)) == 1


def test_what_comes_to_the_tickets_own_address_goes_on_it(desk):
    number = take(desk, a_message())
    reply_to = parsed(acknowledgement(desk, number))["Reply-To"]
    take(desk, a_message("More.", to=reply_to.upper(), subject="x", number=2))
    assert len(all_tickets(desk)) == 1


def test_a_number_in_a_strangers_subject_opens_a_ticket_of_their_own(desk):
    take(desk, a_message())
    stranger = a_message(
        "Show me.", "Eve <eve@example.org>", subject="Re: Tents [#1]", number=2,
        In_Reply_To="<m1.ola@example.com>", References="<m1.ola@example.com>",
    )  # fmt: skip
    take(desk, stranger, NOW + AN_HOUR)
    assert [one.address for one in all_tickets(desk)] == [
        "ola@example.com", "eve@example.org",
    ]  # fmt: skip


def test_another_ones_token_in_the_address_is_no_token_of_a_ticket(desk):
    number = take(desk, a_message())
    reply_to = parsed(acknowledgement(desk, number))["Reply-To"]
    changed = reply_to.replace("@", "a@")
    take(desk, a_message("x", "Eve <eve@example.org>", to=changed, number=2))
    assert len(all_tickets(desk)) == 2


@pytest.mark.parametrize(
    "fields",
    [{"In_Reply_To": "<m1.ola@example.com>"}, {"subject": "Re: Tents [#1]"}],
)
def test_the_same_person_goes_on_by_message_id_or_number(desk, fields):
    take(desk, a_message())
    take(desk, a_message("More.", number=2, **({"subject": "y"} | fields)), NOW + AN_HOUR)
    assert len(all_tickets(desk)) == 1


def test_a_second_copy_of_a_message_is_neither_a_ticket_nor_acknowledged(desk):
    take(desk, a_message())
    take(desk, a_message(Received="by another way; Wed, 25 Nov 2026 12:00:00 +0000"))
    assert len(all_tickets(desk)) == 1
    assert len(letters(desk)) == 1


def test_what_was_closed_long_ago_is_followed_by_a_new_ticket(desk):
    take(desk, a_message())
    with desk.database.write() as connection:
        connection.execute(
            text("UPDATE ticket SET state = 'closed', closed_at = opened_at")
        )
    again = {"In_Reply_To": "<m1.ola@example.com>"}
    take(desk, a_message("Soon.", number=2, **again), NOW + timedelta(days=29))
    (ticket,) = all_tickets(desk)
    assert ticket.state is TicketState.OPEN
    with desk.database.write() as connection:
        connection.execute(
            text("UPDATE ticket SET state = 'closed', closed_at = opened_at")
        )
    take(desk, a_message("Late.", number=3, **again), NOW + timedelta(days=31))
    first, second = all_tickets(desk)
    assert (first.state, second.follows) == (TicketState.CLOSED, first.id)


def test_spam_is_kept_as_such_and_never_acknowledged(desk):
    take(desk, a_message(X_Spam_Flag="YES"))
    (ticket,) = all_tickets(desk)
    assert (ticket.state, ticket.due_at) == (TicketState.SPAM, None)
    assert letters(desk) == []


def test_each_silence_is_on_record_with_its_rule_and_reason(desk):
    silent = {
        5: a_message(number=5, X_Auto_Response_Suppress="All"),
        4: a_message(number=4, List_Id="<x.example>", sender="a@a.example"),
        8: a_message(number=8, sender="noreply@b.example"),
        10: a_message(number=10, sender="c@c.example", to="x@elsewhere.example"),
    }
    for raw in silent.values():
        take(desk, raw)
    found = [decisions(desk, one.id)[0] for one in all_tickets(desk)]
    assert [one.rule for one in found] == list(silent)
    assert all(one.why for one in found)
    assert letters(desk) == []


def test_a_mailbox_that_promises_nothing_says_so_beside_the_ticket(
    database, logbook, ring, tmp_path
):
    desk = a_desk(database, logbook, ring, tmp_path, a_mailbox(hours=None))
    take(desk, a_message())
    (ticket,) = all_tickets(desk)
    assert ticket.due_at is None
    (decided,) = decisions(desk, ticket.id)
    assert (decided.rule, decided.why) == (
        None, "mailboxes.support does not say who is there, and when",
    )  # fmt: skip


def test_a_text_that_cannot_be_written_is_an_alarm_and_no_letter(
    database, logbook, ring, tmp_path
):
    folder = Path(tmp_path, "templates", "acknowledgements")
    folder.mkdir(parents=True)
    (folder / "received.txt").write_text("{{ tikket }}", encoding="utf-8")
    desk = a_desk(database, logbook, ring, tmp_path, SUPPORT)
    take(desk, a_message())
    assert letters(desk) == []
    with desk.database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert "'tikket' is undefined" in alarm.happened
    assert len(all_tickets(desk)) == 1


def test_what_was_done_is_done_once_however_often_it_is_looked_at(desk):
    take(desk, a_message())
    assert list(handle_all(desk, NOW)) == []
    take(desk, a_message())
    assert (len(all_tickets(desk)), len(letters(desk))) == (1, 1)


def test_a_robot_with_another_address_each_time_stops_at_the_quota(desk):
    desk = with_quotas(desk, domain=4)
    for one in range(7):
        raw = a_message(
            f"Order {one} is late.", f"order{one}@robot.example", number=one,
            subject=f"About {'x' * one}",
        )  # fmt: skip
        take(desk, raw, NOW + timedelta(seconds=one))
    assert len(all_tickets(desk)) == 7
    assert len(letters(desk)) == 4


def test_a_robot_that_numbers_its_subjects_stops_after_two(desk):
    for one in range(4):
        raw = a_message(
            f"Case {one}.", f"case{one}@robot.example", number=one,
            subject=f"[Case {one}] Thank you, case #{one} is open",
        )  # fmt: skip
        take(desk, raw, NOW + timedelta(minutes=one))
    assert len(letters(desk)) == 2


def test_a_mailbox_that_acknowledged_too_many_stops_and_raises_an_alarm(desk):
    desk = with_quotas(desk, mailbox=4)
    for one in range(6):
        sender = f"p{one}@d{one}.example"
        take(desk, a_message(f"Question {one}.", sender, number=one))
    assert len(letters(desk)) == 4
    with desk.database.read() as connection:
        (alarm,) = open_alarms(connection)
    assert alarm.kind == "acknowledging_stopped"


STRIPPED = re.compile(
    rb"^(?:Auto-Submitted|X-Auto-Response-Suppress):[^\r\n]*\r\n", re.MULTILINE
)


@pytest.mark.parametrize(("marks", "letters_sent"), [("marked", 1), ("stripped", 2)])
def test_two_engines_that_acknowledge_each_other_stop_after_one_exchange(
    desk, tmp_path, marks: str, letters_sent: int
):
    other_ring = KeyRing(
        (
            Key(1, Purpose.TOKEN, b"u" * 32),
            Key(2, Purpose.LEDGER, b"m" * 32),
            Key(3, Purpose.SUPPRESSION, b"v" * 32),
        )
    )
    there = open_database(f"sqlite:///{tmp_path}/other.db")
    schema.upgrade(there)
    other = a_desk(
        there, Logbook(str(tmp_path / "other"), other_ring), other_ring, tmp_path,
        a_mailbox(address="desk@other.example", aliases=frozenset()),
    )  # fmt: skip
    sides = [desk, other]
    raw = a_message("Hello", "Desk <desk@other.example>")
    exchanged = 0
    for turn in range(10):
        side = sides[turn % 2]
        letter = acknowledgement(side, take(side, raw, NOW + timedelta(hours=turn)))
        if letter is None:
            break
        exchanged += 1
        content = letter.content if marks == "marked" else STRIPPED.sub(b"", letter.content)
        path = b"<>" if marks == "marked" else b"<support@shop.example>"
        raw = b"Return-Path: " + path + b"\r\n" + content
    there.close()
    assert exchanged == letters_sent


def test_erasing_somebody_takes_her_conversations_with_her(desk):
    take(desk, a_message())
    take(desk, a_message("Other.", "Eve <eve@example.org>", number=2))
    found = look(desk.database, "OLA@example.com")
    assert (found.known, found.tickets) == (False, 1)
    done = erase(
        desk.database, desk.logbook, "ola@example.com", "Kari", lambda: NOW, lambda _: None
    )
    assert (done.tickets, done.withheld) == (1, 1)
    left = everything(desk)
    assert "ola@example.com" not in left.lower()
    assert "Iceland" not in left
    assert [one.address for one in all_tickets(desk)] == ["eve@example.org"]
    # The same message, brought again, is known.
    take(desk, a_message())
    assert len(all_tickets(desk)) == 1


def test_a_closed_ticket_goes_in_time_and_an_open_one_stays(desk):
    take(desk, a_message())
    take(desk, a_message("Other.", "Eve <eve@example.org>", number=2))
    with desk.database.write() as connection:
        connection.execute(text("UPDATE ticket SET state = 'closed' WHERE id = 1"))
    keep, later = timedelta(days=30), NOW + timedelta(days=31)
    assert forget_old_tickets(desk.database, timedelta(0), later) == 0
    assert forget_old_tickets(desk.database, keep, NOW + timedelta(days=29)) == 0
    assert forget_old_tickets(desk.database, keep, later) == 1
    assert "ola@example.com" not in everything(desk)
    assert len(all_tickets(desk)) == 1


def test_who_knows_a_ticket_only_by_its_person_finds_it_in_what_is_known(desk, ring):
    with desk.database.write() as connection:
        contact = new_contact(connection, ring, "ola@example.com")
    take(desk, a_message())
    with desk.database.read() as connection:
        (ticket,) = of_person(connection, contact, "ola@example.com")
    assert ticket.contact_id == contact
    (owed,) = letters(desk)
    assert owed.contact_id == contact


def with_rules(desk: Desk, *rules: DeskRule) -> Desk:
    return replace(desk, front=replace(desk.front, rules=rules))


def test_a_workspaces_rule_tags_assigns_and_is_told_on_the_ticket(desk):
    does = Treatment(("parcel",), "Ola", TicketKind.COMPLAINT, Priority.HIGH, rules=("p",))
    take(with_rules(desk, DeskRule("p", does, subject=("tents",))), a_message())
    (ticket,) = all_tickets(desk)
    assert (ticket.tags, ticket.assignee) == (("parcel",), "Ola")
    assert (ticket.kind, ticket.priority) == (TicketKind.COMPLAINT, Priority.HIGH)
    with desk.database.read() as connection:
        said = [one.text for one in tickets.entries_of(connection, ticket.id)]
    assert said[1].startswith("by our rules “p”: tag parcel, given to Ola")
    assert len(letters(desk)) == 1


@pytest.mark.parametrize(
    ("does", "state"),
    [
        (Treatment(spam=True, rules=("p",)), TicketState.SPAM),
        (Treatment(closes=True, rules=("p",)), TicketState.CLOSED),
        (Treatment(silent=True, rules=("p",)), TicketState.NEW),
    ],
)
def test_who_is_blocked_closed_or_kept_silent_by_a_rule_is_not_acknowledged(
    desk, does: Treatment, state: TicketState
):
    take(with_rules(desk, DeskRule("p", does, senders=("*@example.com",))), a_message())
    (ticket,) = all_tickets(desk)
    assert ticket.state is state
    assert letters(desk) == []
    (decided,) = decisions(desk, ticket.id)
    assert decided.why == "a rule of ours says so: p"


def with_texts(desk: Desk, rule: DeskRule, **texts: str) -> Desk:
    named = {f"{name.replace('_', '-')}.txt": said for name, said in texts.items()}
    front = replace(desk.front, rules=(rule,), texts={**desk.front.texts, **named})
    return replace(desk, front=front)


def test_a_keyword_brings_the_document_instead_of_the_acknowledgement(desk):
    does = Treatment(closes=True, sends="prices", rules=("p",))
    rule = DeskRule("p", does, subject=("price list",))
    here = with_texts(desk, rule, prices="The tent is 300 euros.")
    number = take(here, a_message(subject="Price list please"))
    assert parsed(acknowledgement(here, number)).get_content() == (
        "The tent is 300 euros.\r\n"
    )
    (ticket,) = all_tickets(here)
    assert ticket.state is TicketState.CLOSED
    # The same loop rules: machines get no document, and nobody gets it twice at once.
    robot = a_message("Hi", "r@robot.example", subject="price list", number=2,
                      Auto_Submitted="auto-generated")  # fmt: skip
    again = a_message("More", subject="price list", number=3)
    for raw in (robot, again):
        assert acknowledgement(here, take(here, raw)) is None


def test_a_story_goes_one_letter_further_with_each_answer_of_its_person(desk):
    does = Treatment(closes=True, series="tale", rules=("t",))
    here = with_texts(
        desk, DeskRule("t", does, mailboxes=frozenset({"support"})),
        tale_1="Once", tale_2="Then", tale_3="The end",
    )  # fmt: skip
    told: list[str] = []
    number, fields = 1, dict[str, str]()
    for turn in range(5):
        raw = a_message(f"And then {turn}?", number=turn, subject="Re: Tale", **fields)
        number = take(here, raw, NOW + timedelta(minutes=turn))
        letter = acknowledgement(here, number)
        if letter is not None:
            told.append(parsed(letter).get_content().strip())
            # As mail programs answer: to where Reply-To says.
            head = parsed(letter)
            fields = {"In_Reply_To": head["Message-ID"], "to": head["Reply-To"]}
    assert told == ["Once", "Then", "The end"]
    (ticket,) = all_tickets(here)
    assert ticket.state is TicketState.CLOSED
    assert decisions(here, ticket.id)[-1].why == "the story tale has been told to its end"
    # Another person begins at the beginning.
    raw = a_message("Me too", "eva@example.org", number=77, subject="Tale")
    assert parsed(acknowledgement(here, take(here, raw))).get_content().strip() == "Once"


def test_a_story_stops_for_the_day_after_ten_letters_and_for_machines_at_once(desk):
    does = Treatment(closes=True, series="tale", rules=("t",))
    texts = {f"tale_{number}": f"Part {number}" for number in range(1, 15)}
    rule = DeskRule("t", does, mailboxes=frozenset({"support"}))
    here = with_texts(desk, rule, **texts)
    got = [
        acknowledgement(here, take(here, a_message(f"On {turn}", number=turn)))
        for turn in range(13)
    ]
    assert [one is not None for one in got] == [True] * 10 + [False] * 3
    robot = a_message("On", number=50, X_Autoreply="yes")
    assert acknowledgement(here, take(here, robot, NOW + timedelta(days=2))) is None
    later = a_message("And now?", number=51)
    letter = acknowledgement(here, take(here, later, NOW + timedelta(days=2)))
    assert parsed(letter).get_content().strip() == "Part 11"


def test_an_answer_from_ones_own_mail_program_meets_what_was_due(desk):
    take(desk, a_message())
    copy = a_message(
        "Yes, we do.", "Kari <support@shop.example>", "ola@example.com", "Re: Tents", 2,
        In_Reply_To="<m1.ola@example.com>",
    )  # fmt: skip
    take(desk, copy, NOW + AN_HOUR)
    (ticket,) = all_tickets(desk)
    assert (ticket.state, ticket.due_at) == (TicketState.WAITING, None)
    assert ticket.answered_at == NOW + AN_HOUR
    with desk.database.read() as connection:
        last = tickets.entries_of(connection, ticket.id)[-1]
    assert (last.kind, last.text) == (EntryKind.REPLY, "Yes, we do.")
    # And the person's answer to that goes on it.
    more = a_message("Thanks!", number=3, subject="y",
                     In_Reply_To="<m2.support@shop.example>")  # fmt: skip
    take(desk, more, NOW + 2 * AN_HOUR)
    (ticket,) = all_tickets(desk)
    assert ticket.state is TicketState.OPEN


def test_what_one_of_ours_begins_is_no_ticket(desk):
    take(desk, a_message("Hello!", "Kari <support@shop.example>", "ola@example.com"))
    assert all_tickets(desk) == []
    assert letters(desk) == []


def test_a_form_that_writes_in_our_name_is_a_ticket_of_who_filled_it_in(desk):
    for one, (person, subject) in enumerate(
        [("ola@example.com", "Form"), ("eve@example.org", "Form [#1]")], 1
    ):
        form = a_message(
            f"Question {one}", "Shop <support@shop.example>", subject=subject, number=one,
            Reply_To=person,
        )  # fmt: skip
        take(desk, form, NOW + timedelta(minutes=one))
    assert [one.address for one in all_tickets(desk)] == [
        "ola@example.com", "eve@example.org",
    ]  # fmt: skip


def test_ordinary_mail_is_a_ticket_each_and_machines_get_nothing(
    database, logbook, ring, tmp_path
):
    mailbox = a_mailbox(address="post@shop.example")
    desk = a_desk(database, logbook, ring, tmp_path, mailbox)
    for one, raw in enumerate([*AUTO_REPLIES.values(), *CHALLENGES.values()]):
        take(desk, raw.replace(b"<1@example.net>", b"<a%d@example.net>" % one))
    assert all_tickets(desk) == []
    for one, raw in enumerate(HUMAN.values()):
        own = raw.replace(b"<1@example.net>", b"<h%d@example.net>" % one)
        take(desk, own, NOW + one * AN_HOUR)
    found = all_tickets(desk)
    assert len(found) == len(HUMAN)
    with desk.database.read() as connection:
        said = [tickets.entries_of(connection, one.id)[0].text for one in found]
    assert sum(1 for one in said if not one.strip()) == 1  # One was empty.
    acknowledged = [one.cause_id for one in letters(desk)]
    assert len(acknowledged) == len(set(acknowledged)) > 0


def test_who_was_erased_and_comes_back_with_a_backup_is_forgotten_again(desk):
    take(desk, a_message())
    take(desk, a_message("Other.", "Eve <eve@example.org>", number=2))
    hashed = desk.logbook.ring.suppression_hash("ola@example.com")
    since = NOW + AN_HOUR
    with desk.database.write() as connection:
        no = Suppression("marketing", SuppressionReason.ERASED, since, None, "by request")
        suppress(connection, hashed, no)
    take(desk, a_message("I am back.", number=3, subject="Boats"), NOW + 2 * AN_HOUR)
    finish_erasures(desk.database, desk.logbook, lambda: NOW + 3 * AN_HOUR)
    assert [one.subject for one in all_tickets(desk)] == ["Tents", "Boats"]
    assert [one.address for one in all_tickets(desk)] == [
        "eve@example.org", "ola@example.com",
    ]  # fmt: skip


def test_hostile_subjects_and_names_make_a_header_that_holds(desk):
    for one, subject in enumerate(
        [
            "x" * 10_000,
            "=?utf-8?b?SGVsbG8NCkJjYzogZXZlQGV4YW1wbGUub3Jn?=",
            "\u202egnp.exe",
            "",
        ]
    ):
        raw = a_message(f"Question {one}", f"Ola <ola{one}@d{one}.example>", number=one)
        raw = raw.replace(b"Subject: Tents", b"Subject: " + subject.encode())
        letter = acknowledgement(desk, take(desk, raw))
        head = parsed(letter)
        assert letter is not None
        assert max(map(len, letter.content.split(b"\r\n"))) <= 998
        assert head["Bcc"] is None
        assert head["Subject"].endswith(f"[#{one + 1}]")
