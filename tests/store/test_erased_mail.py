"""What machines wrote about a person, and how she left: nothing of it outlasts her."""

from datetime import UTC, datetime, timedelta

import pytest
from samples.samples import knowledge
from sending import a_campaign
from sqlalchemy import select, update

from mailer.jobs.erase import erase
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.jobs.keeper import empty_old
from mailer.model.token import Reader, TokenBox, TokenKind, in_mailbox
from mailer.store.tables import DeliveryRow, IncomingRow, VerdictRow, table

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HER = "p1@example.com"
LEAVING = "From: Kari <p1@example.com>\nTo: leave+{leave}@shop.example\n"
AUTOMATIC = "From: p1@example.com\nAuto-Submitted: auto-replied\nSubject: Away\n"
CHALLENGE = (
    "From: p1@example.com\nAuto-Submitted: auto-replied\n"
    "Subject: Please confirm your message\n"
)
BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example
To: b+{path}@bounces.shop.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; p1@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <p1@example.com> user unknown

--b--
"""
MACHINES = {
    "bounce": BOUNCE,
    "auto_reply": f"{AUTOMATIC}In-Reply-To: <{{id}}@shop.example>\n\nI am away.\n",
    "challenge": f"{CHALLENGE}In-Reply-To: <{{id}}@shop.example>\n\nConfirm.\n",
    "own": f"From: news@shop.example\nTo: {HER}\nMessage-ID: <{{id}}@shop.example>\n\nHi.",
}


@pytest.fixture
def desk(database, logbook, ring) -> Desk:
    a_campaign(database, ring, 1)
    left = {"state": "accepted", "left_at": NOW, "ended_at": NOW}
    with database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(left))
    return Desk(database, logbook, TokenBox(ring), knowledge())


def take(desk: Desk, raw: str) -> str:
    tokens = desk.tokens
    leave = in_mailbox(tokens.for_reader(TokenKind.UNSUBSCRIBE, Reader(1, 1, 1)))
    path = tokens.for_delivery(TokenKind.RETURN_PATH, 1)
    message_id = tokens.for_delivery(TokenKind.MESSAGE, 1)
    said = raw.format(leave=leave, path=path, id=message_id)
    keep(desk.database, said.encode(), "pipe", NOW)
    (done,) = handle_all(desk, NOW)
    return done.kind


def gone(desk: Desk) -> None:
    erase(desk.database, desk.logbook, HER, "ann", lambda: NOW)


def kept(desk: Desk) -> str:
    """Return all that is kept of what came."""
    with desk.database.read() as connection:
        came = connection.execute(select(table(IncomingRow))).all()
        judged = connection.execute(select(table(VerdictRow))).all()
    return f"{[(bytes(row.raw), row.because) for row in came]} {judged}"


@pytest.mark.parametrize("said", ["Subject: unsubscribe\n\n", "\n", "\nGoodbye.\n"])
def test_by_what_she_left_is_not_kept(desk: Desk, said: str):
    assert take(desk, LEAVING + said) in {"unsubscribe", "human"}
    assert HER not in kept(desk)
    assert "Goodbye" not in kept(desk)


@pytest.mark.parametrize("kind", MACHINES)
def test_what_a_machine_wrote_goes_with_her(desk: Desk, kind: str):
    assert take(desk, MACHINES[kind]) == kind
    assert HER in kept(desk)
    gone(desk)
    assert HER not in kept(desk)


@pytest.mark.parametrize("kind", MACHINES)
def test_what_a_machine_writes_of_who_is_gone_is_not_kept(desk: Desk, kind: str):
    gone(desk)
    assert take(desk, MACHINES[kind]) == kind
    assert HER not in kept(desk)


@pytest.mark.parametrize("kind", ["bounce", "auto_reply", "challenge"])
def test_what_a_machine_wrote_of_no_letter_is_emptied_in_the_end(desk: Desk, kind: str):
    assert take(desk, MACHINES[kind].replace("{id}", "x").replace("{path}", "x")) == kind
    assert HER in kept(desk)
    later = NOW + timedelta(days=31)
    assert empty_old(desk.database, timedelta(days=30), later) == 1
    assert HER not in kept(desk)
