"""What no text may hold stands in mail: it is taken in and answered, on both databases."""

import json
from email import message_from_bytes, policy

import pytest
from frontdesks import NOW, SUPPORT, a_desk, acknowledgement, all_tickets, take
from sending import a_campaign

from mailer.jobs.bounces import newest
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.model.token import TokenKind
from mailer.model.verdict import Effect
from mailer.store import tickets

PERSON = {
    "Return-Path": "<ola@example.com>",
    "From": "Ola <ola@example.com>",
    "To": SUPPORT.address,
    "Subject": "Tents",
    "Message-ID": "<m1@example.com>",
    "Content-Type": "text/plain; charset=utf-7",
}
EVIL = ("\0", "\x01", "\x1b[31m", "\x7f", "\x9b31m", "=?utf-7?q?+2AA-?=", "=?utf-8?q?=00?=")
BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example
To: b+x@bounces.shop.example
Subject: Undelivered {0} Mail Returned to Sender
Message-ID: <{0}1@relay.example>
In-Reply-To: <{0}2@relay.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain; charset=utf-7

{0} It came back +2AA- +AAA-

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay{0}.example
Original-Envelope-Id: x{0}

Final-Recipient: rfc822; kari{0}@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 {0} user unknown {0}
Remote-MTA: dns; mx{0}.example

--b
Content-Type: text/rfc822-headers

Message-ID: <3{0}@mail.shop.example>
To: kari{0}@example.com
--b--
"""


@pytest.fixture
def desk(database, logbook, ring, tmp_path) -> Desk:
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("From", "O{}la <ola@example.com>"),
        ("From", "Ola <o{}la@example.com>"),
        ("Reply-To", "O{}la <ola@example.com>"),
        ("To", SUPPORT.address + ", <x{}@example.com>"),
        ("Cc", "<x{}@example.com>"),
        ("Subject", "Te{}nts [#1{}]"),
        ("Message-ID", "<m{}1@example.com>"),
        ("In-Reply-To", "<m{}2@example.com>"),
        ("References", "<m{}3@example.com> <m{}4@example.com>"),
        ("X-Form-Language", "n{}b"),
        ("Content-Type", "text/plain; charset={}"),
        ("Content-Type", "text/{}plain"),
    ],
)
def test_whatever_a_field_of_a_person_holds_she_is_acknowledged(desk, evil, field, said):
    fields = PERSON | {field: said.replace("{}", evil)}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    number = take(desk, f"{head}\nDo you ship to Iceland? +2AA- +AAA- {evil}\n".encode())
    (ticket,) = all_tickets(desk)
    with desk.database.read() as connection:
        (came, *_) = tickets.entries_of(connection, ticket.id)
    assert "Do you ship to Iceland?" in came.text
    letter = acknowledgement(desk, number)
    if not ticket.address:
        assert field == "From"
        assert letter is None
        return
    assert letter is not None
    read = message_from_bytes(letter.content, policy=policy.default)
    assert not read.defects
    assert str(read["Subject"]).isprintable()


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_a_report_holds_it_is_understood(desk, evil):
    keep(desk.database, BOUNCE.replace("{0}", evil).encode(), "pipe", NOW)
    (done,) = handle_all(desk, NOW)
    assert "bug" not in done.words


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_a_report_about_a_letter_of_ours_says_it_counts(desk, ring, evil):
    a_campaign(desk.database, ring, 1)
    token = desk.tokens.for_delivery(TokenKind.RETURN_PATH, 1)
    raw = BOUNCE.replace("b+x@", f"b+{token}@").replace("kari{0}@", "p1@")
    keep(desk.database, raw.replace("{0}", evil).encode(), "pipe", NOW)
    assert_she_is_gone(desk)


@pytest.mark.parametrize("evil", ["\\u0000", "\\ud83d", "\\ud83d\\ud83d", "\\u0001"])
def test_whatever_a_notification_about_a_letter_of_ours_says_it_counts(desk, ring, evil):
    a_campaign(desk.database, ring, 1)
    token = desk.tokens.for_delivery(TokenKind.RETURN_PATH, 1)
    her = {"emailAddress": "p1@example.com", "status": "5.1.1"}
    her["diagnosticCode"] = "smtp; 550 5.1.1 user unknown EVIL"
    told = {"notificationType": "Bounce", "bounce": {"bouncedRecipients": [her]}}
    head = (
        "Return-Path: <>\nFrom: no-reply@sns.example\nSubject: Notification\n"
        f"To: b+{token}@bounces.shop.example\n\n"
    )
    raw = head + json.dumps(told).replace("EVIL", evil)
    keep(desk.database, raw.encode(), "pipe", NOW)
    assert_she_is_gone(desk)


def assert_she_is_gone(desk: Desk) -> None:
    (done,) = handle_all(desk, NOW)
    assert done.verdict is not None, done.words
    assert done.verdict.effect is Effect.SUPPRESSED
    (kept,) = newest(desk.database, 10)
    assert "user unknown" in kept.said


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_an_automatic_answer_calls_itself_it_is_one(desk, evil):
    fields = PERSON | {"Auto-Submitted": f"auto-replied{evil}x"}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    keep(desk.database, f"{head}\nI am away.\n".encode(), "pipe", NOW)
    (done,) = handle_all(desk, NOW)
    assert (done.kind, all_tickets(desk)) == ("auto_reply", [])
