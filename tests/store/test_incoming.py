"""What comes back is kept once, tied by a token of ours, and acted on once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from samples.samples import knowledge
from sending import a_campaign, attempts, locks_for, states
from sqlalchemy import select, update

from mailer.errors import NotFoundError, RefusedError, WorkspaceError
from mailer.jobs import holds
from mailer.jobs.bounces import newest, of_campaign, stats, undo
from mailer.jobs.erase import erase
from mailer.jobs.incoming import Desk, Handled, handle_all, keep
from mailer.jobs.owner import Overdue, recover
from mailer.jobs.refused import any_refused, judge_refused
from mailer.model.consent import SuppressionReason
from mailer.model.delivery import DeliveryState
from mailer.model.kind import Kind
from mailer.model.no import NoAct
from mailer.model.notice import Reason
from mailer.model.outcome import Reply, Stage
from mailer.model.token import Reader, TokenBox, TokenKind, in_mailbox
from mailer.model.verdict import Effect
from mailer.store import alarms, erasing, incoming, refused, webhooks
from mailer.store.doortables import WebhookRow
from mailer.store.outcomes import Change, log_attempts
from mailer.store.suppressions import suppressions_of
from mailer.store.tables import DeliveryRow, IncomingRow, table
from mailer.triage.advice import advice_about

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)
DSN = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@relay.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It came back.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
{envelope}
Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
To: {address}

--b--
"""
COMPLAINT = """\
From: staff@provider.example
To: {to}
Subject: complaint
Message-ID: <{number}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: x
Version: 1

--b
Content-Type: message/rfc822

Message-ID: {message_id}
To: {address}

--b--
"""
GONE = {"action": "failed", "status": "5.1.1", "said": "550 5.1.1 <x>: User unknown"}
FULL = {"action": "failed", "status": "5.2.2", "said": "552 5.2.2 Mailbox full"}
LISTED = {
    "action": "failed",
    "status": "5.7.1",
    "said": "554 5.7.1 blocked using x.spamhaus.org",
}


@pytest.fixture
def desk(database, logbook, ring) -> Desk:
    return Desk(database, logbook, TokenBox(ring), knowledge())


def a_report(tokens: TokenBox, delivery: int, form: str = DSN, **facts: object) -> bytes:
    values = {
        "to": "bounces@shop.example",
        "number": 1,
        "envelope": "",
        "address": f"p{delivery}@example.com",
        "message_id": f"<{tokens.for_delivery(TokenKind.MESSAGE, delivery)}@shop.example>",
        "feedback": "abuse",
    }
    return form.format(**(values | GONE | facts)).encode()


def take(desk: Desk, raw: bytes, now: datetime = NOW) -> list:
    keep(desk.database, raw, "pipe", now)
    return list(handle_all(desk, now))


def held(desk: Desk, ring, person: int) -> list[tuple[str, SuppressionReason]]:
    with desk.database.read() as connection:
        found = suppressions_of(connection, ring.suppression_hash(f"p{person}@example.com"))
    return [(one.scope, one.reason) for one in found]


def test_no_such_mailbox_keeps_letters_away_at_once(desk, ring):
    a_campaign(desk.database, ring, 2)
    (done,) = take(desk, a_report(desk.tokens, 1))
    assert (done.kind, done.verdict.effect) == ("bounce", Effect.SUPPRESSED)
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.BOUNCED)]
    assert held(desk, ring, 2) == []
    assert [line.no.reason for line in desk.logbook.lines() if line.no] == [
        SuppressionReason.BOUNCED
    ]


def test_a_return_path_of_ours_is_proof(desk, ring):
    a_campaign(desk.database, ring, 1)
    token = desk.tokens.for_delivery(TokenKind.RETURN_PATH, 1)
    to = f"B+{token.upper()}@bounces.shop.example"
    (done,) = take(desk, a_report(desk.tokens, 1, to=to, message_id="<other@example>"))
    assert done.verdict.effect is Effect.SUPPRESSED


def test_the_same_message_twice_is_acted_on_once(desk, ring):
    a_campaign(desk.database, ring, 1)
    raw = a_report(desk.tokens, 1, **FULL)
    assert len(take(desk, raw)) == 1
    assert take(desk, raw) == []
    with desk.database.read() as connection:
        assert len(incoming.newest(connection, 10)) == 1


def test_what_was_kept_before_a_crash_is_acted_on_later(desk, ring):
    a_campaign(desk.database, ring, 1)
    keep(desk.database, a_report(desk.tokens, 1), "pipe", NOW)
    with desk.database.read() as connection:
        assert [one.id for one in incoming.unsorted(connection, 0, 10)] == [1]
    assert [one.verdict.effect for one in handle_all(desk, NOW)] == [Effect.SUPPRESSED]
    assert list(handle_all(desk, NOW)) == []


def path(tokens: TokenBox, delivery: int) -> str:
    return tokens.for_delivery(TokenKind.RETURN_PATH, delivery)


def leaving(tokens: TokenBox) -> str:
    return in_mailbox(tokens.for_reader(TokenKind.UNSUBSCRIBE, Reader(1, 1, 1)))


def forgeries(tokens: TokenBox, others: TokenBox) -> dict[str, bytes]:
    """Write reports that name a letter and prove nothing."""
    message = tokens.for_delivery(TokenKind.MESSAGE, 1)
    return {
        "no token": a_report(tokens, 1, message_id="<1@shop.example>"),
        "another key's Message-ID": a_report(others, 1),
        "another key's return path": a_report(
            others, 1, message_id="", to=f"b+{path(others, 1)}@b.example"
        ),
        "a Message-ID's token for a return path": a_report(
            tokens, 1, message_id="", to=f"b+{message}@b.example"
        ),
        "another key's envelope id": a_report(
            tokens,
            1,
            message_id="",
            envelope=f"Original-Envelope-Id: {others.for_delivery(TokenKind.MESSAGE, 1)}",
        ),
        "a complaint without a token": a_report(tokens, 1, COMPLAINT, message_id="<1@x>"),
        "a complaint with another key's": a_report(others, 1, COMPLAINT),
        "two letters at once": a_report(tokens, 1, to=f"b+{path(tokens, 2)}@b.example"),
        "an unsubscribe with another key's": (
            "From: p1@example.com\nSubject: unsubscribe\n"
            f"To: leave+{leaving(others)}@shop.example\n\nunsubscribe\n"
        ).encode(),
        "an unsubscribe with a letter's token": (
            f"From: p1@example.com\nSubject: leave\nTo: leave+{message}@shop.example\n\n"
        ).encode(),
    }


FORGED = (
    "no token", "another key's Message-ID", "another key's return path",
    "a Message-ID's token for a return path", "another key's envelope id",
    "a complaint without a token", "a complaint with another key's", "two letters at once",
    "an unsubscribe with another key's", "an unsubscribe with a letter's token",
)  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_nobodys_state_changes_on_what_is_forged(desk, ring, name):
    a_campaign(desk.database, ring, 2)
    keys = tuple(replace(key, secret=b"x" * 32) for key in ring.keys)
    forged = forgeries(desk.tokens, TokenBox(replace(ring, keys=keys)))
    assert set(forged) == set(FORGED)
    (done,) = take(desk, forged[name])
    assert done.verdict is None, done
    assert held(desk, ring, 1) == []
    assert held(desk, ring, 2) == []
    with desk.database.read() as connection:
        assert incoming.newest(connection, 10) == []
    assert list(desk.logbook.lines()) == []


def test_a_full_mailbox_counts_and_one_bounce_is_never_enough(desk, ring):
    a_campaign(desk.database, ring, 1)
    (done,) = take(desk, a_report(desk.tokens, 1, **FULL))
    assert done.verdict.effect is Effect.COUNTED
    assert held(desk, ring, 1) == []


def test_an_undone_verdict_counts_no_more_and_letters_go_there_again(desk, ring):
    a_campaign(desk.database, ring, 2)
    take(desk, a_report(desk.tokens, 1))
    take(desk, a_report(desk.tokens, 1, number=2, envelope="X-A: b"))
    undone = [
        undo(desk.database, desk.logbook, number, "Ola", NOW + A_DAY)[1]
        for number in (1, 2)
    ]
    # The second one kept them away too, until it was undone as well.
    assert undone == [False, True]
    assert held(desk, ring, 1) == []
    assert stats(desk.database, "reason", 30, NOW + A_DAY) == []
    with pytest.raises(RefusedError, match="undone already"):
        undo(desk.database, desk.logbook, 1, "Ola", NOW + A_DAY)
    with pytest.raises(NotFoundError, match="bounce list"):
        undo(desk.database, desk.logbook, 99, "Ola", NOW + A_DAY)
    assert [line.no.act for line in desk.logbook.lines() if line.no][-1] is NoAct.LIFTED


def test_a_complaint_is_undone_by_the_person_only(desk, ring):
    a_campaign(desk.database, ring, 1)
    take(desk, a_report(desk.tokens, 1, COMPLAINT))
    with pytest.raises(RefusedError, match="only the person can end it"):
        undo(desk.database, desk.logbook, 1, "Ola", NOW)
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.COMPLAINED)]


def refuse_at(desk: Desk, delivery: int, at: datetime, answer: Reply, stage: Stage) -> None:
    """Write down what a server answered, as senders do."""
    change = Change(
        delivery, 1, DeliveryState.REFUSED, at, reply=answer, stage=stage,
        logged="refused", relay="main",
    )  # fmt: skip
    with desk.database.write() as connection:
        log_attempts(connection, [change])


def test_what_a_server_refused_while_we_spoke_is_judged_as_a_bounce_is(desk, ring):
    a_campaign(desk.database, ring, 4)
    gone = Reply(550, "5.1.1", "<x>: User unknown")
    refuse_at(desk, 1, NOW, gone, Stage.RCPT)
    refuse_at(desk, 2, NOW, Reply(554, "5.7.1", "blocked using x.spamhaus.org"), Stage.RCPT)
    # What we refused ourselves is no answer, and what is old was before all this.
    refuse_at(desk, 3, NOW, Reply(0, "", "too large"), Stage.MAIL)
    refuse_at(desk, 4, NOW - 3 * A_DAY, gone, Stage.RCPT)

    def judged(now: datetime) -> list:
        assert any_refused(desk.database, now) == (now > NOW + A_MINUTE / 2)
        return judge_refused(desk.database, desk.logbook, desk.knowledge, now)

    assert judged(NOW) == []
    found = judged(NOW + A_MINUTE)
    assert [(letter, one.effect) for letter, one in found] == [
        (1, Effect.SUPPRESSED), (2, Effect.OURS),
    ]  # fmt: skip
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.BOUNCED)]
    assert held(desk, ring, 4) == []
    assert not any_refused(desk.database, NOW + A_MINUTE)
    assert judge_refused(desk.database, desk.logbook, desk.knowledge, NOW + A_MINUTE) == []
    with desk.database.read() as connection:
        newest = incoming.newest(connection, 10)
        (alarm,) = alarms.open_alarms(connection)
    assert {(one.delivery_id, one.incoming_id) for one in newest} == {(1, None), (2, None)}
    assert alarm.kind == "bounce_blames_us"


def test_answers_that_are_no_refusals_are_not_looked_through_again(desk, ring):
    a_campaign(desk.database, ring, 1)
    refuse_at(desk, 1, NOW, Reply(450, "4.2.0", "later"), Stage.RCPT)
    assert not any_refused(desk.database, NOW + A_MINUTE)
    with desk.database.read() as connection:
        assert refused.behind(connection, NOW + A_MINUTE) is None


def test_what_blames_us_alarms_and_never_counts(desk, ring):
    a_campaign(desk.database, ring, 1)
    (done,) = take(desk, a_report(desk.tokens, 1, **LISTED))
    assert (done.verdict.effect, done.verdict.points) == (Effect.OURS, 0)
    assert held(desk, ring, 1) == []
    with desk.database.read() as connection:
        (alarm,) = alarms.open_alarms(connection)
    assert alarm.kind == "bounce_blames_us"
    # As other alarms name the campaign, so that its status shows this one too.
    assert alarm.subject == "campaign 1 (test)"


def test_a_complaint_stops_all_marketing(desk, ring):
    a_campaign(desk.database, ring, 1)
    (done,) = take(desk, a_report(desk.tokens, 1, COMPLAINT))
    assert done.verdict.effect is Effect.COMPLAINED
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.COMPLAINED)]


@pytest.mark.parametrize("feedback", ["not-spam", "auth-failure"])
def test_feedback_that_asks_for_nothing_changes_nothing(desk, ring, feedback):
    a_campaign(desk.database, ring, 1)
    (done,) = take(desk, a_report(desk.tokens, 1, COMPLAINT, feedback=feedback))
    assert done.verdict.effect is Effect.NOTHING
    assert held(desk, ring, 1) == []


def test_a_report_settles_a_letter_in_doubt(desk, ring):
    a_campaign(desk.database, ring, 1)
    with desk.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(state="in_doubt"))
    take(desk, a_report(desk.tokens, 1, action="delayed", status="4.4.1", said="later"))
    with desk.database.read() as connection:
        states = connection.execute(table(DeliveryRow).select()).all()
    assert [one.state for one in states] == ["accepted"]
    assert "a report speaks of it" in attempts(desk.database)[0].words


def test_a_bounce_of_a_letter_in_doubt_settles_it_and_counts(desk, ring):
    a_campaign(desk.database, ring, 1)
    with desk.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(state="in_doubt"))
    (done,) = take(desk, a_report(desk.tokens, 1))
    assert done.verdict.effect is Effect.SUPPRESSED
    with desk.database.read() as connection:
        (row,) = connection.execute(table(DeliveryRow).select()).all()
    assert row.state == "accepted"


def test_a_complaint_of_somebody_who_was_erased_keeps_nothing_waiting(desk, ring):
    a_campaign(desk.database, ring, 2)
    left = {"state": "accepted", "left_at": NOW, "ended_at": NOW}
    with desk.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(left))
    erase(desk.database, desk.logbook, "p1@example.com", "ann", lambda: NOW)
    keep(desk.database, a_report(desk.tokens, 1, COMPLAINT), "pipe", NOW)
    keep(desk.database, a_report(desk.tokens, 2, COMPLAINT, number=2), "pipe", NOW)
    done = list(handle_all(desk, NOW))
    assert [one.verdict.effect for one in done] == [Effect.COMPLAINED] * 2
    assert held(desk, ring, 2) == [("marketing", SuppressionReason.COMPLAINED)]
    (_, theirs) = newest(desk.database, 2)
    assert (theirs.delivery_id, theirs.address) == (1, "")


def test_what_cannot_be_acted_on_keeps_none_of_the_others_waiting(desk, ring, tmp_path):
    a_campaign(desk.database, ring, 9)
    # Where the logbook's folder should be there is a file: no no can be written down.
    (tmp_path / "logbook").write_bytes(b"")
    keep(desk.database, a_report(desk.tokens, 1), "pipe", NOW)
    keep(desk.database, b"From: ann@example.com\n\nDo you have it in green?\n", "pipe", NOW)
    handled: list[Handled] = []
    with pytest.raises(WorkspaceError, match="in force, but not in the logbook"):
        handled.extend(handle_all(desk, NOW))
    assert [(one.incoming_id, one.kind) for one in handled] == [(2, "human")]
    # Several in a row are no fault of the messages.
    for number in range(3, 9):
        keep(desk.database, a_report(desk.tokens, number, number=number), "pipe", NOW)
    with pytest.raises(WorkspaceError):
        handled.extend(handle_all(desk, NOW))
    assert [one.incoming_id for one in newest(desk.database, 9)] == [5, 4, 3, 1]


ANSWER = """From: p1@example.com
Subject: Re: Hello
Message-ID: <1@example.com>
{field}In-Reply-To: <{token}@shop.example>

Do you have it in green?
"""


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("", "a person has answered it"),
        ("Auto-Submitted: auto-replied\n", "a machine has answered it"),
    ],
)
def test_an_answer_to_a_letter_in_doubt_settles_it_and_no_other(desk, ring, field, said):
    a_campaign(desk.database, ring, 3)
    deliveries = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(update(deliveries).values(state="in_doubt"))
        refused = update(deliveries).where(deliveries.c.id == 3)
        connection.execute(refused.values(state="refused"))
    # Whoever makes up a token settles nothing.
    forged = ANSWER.format(field=field, token="0" * 46).replace("<1@", "<0@")
    take(desk, forged.encode())
    assert attempts(desk.database) == []
    for delivery in (1, 3):
        token = desk.tokens.for_delivery(TokenKind.MESSAGE, delivery)
        take(desk, ANSWER.format(field=field, token=token).encode())
    with desk.database.read() as connection:
        states = connection.execute(deliveries.select().order_by(deliveries.c.id)).all()
    assert [one.state for one in states] == ["accepted", "in_doubt", "refused"]
    (log,) = attempts(desk.database)
    words = f"in doubt, settled as accepted: {said}"
    assert (log.outcome, log.words, states[0].reply) == ("settled", words, words)


@pytest.mark.parametrize("kind", [Kind.MARKETING, Kind.CONFIRMATION])
@pytest.mark.parametrize("way", ["bounce", "person", "machine"])
def test_what_came_back_while_it_was_on_the_line_settles_the_doubt_that_follows(
    desk, ring, tmp_path, kind, way
):
    a_campaign(desk.database, ring, 2, kind=kind)
    deliveries = table(DeliveryRow)
    with desk.database.write() as connection:
        on_the_line = {"state": "sending", "attempt": 1, "left_at": NOW}
        connection.execute(update(deliveries).values(on_the_line))
    token = desk.tokens.for_delivery(TokenKind.MESSAGE, 1)
    field = "Auto-Submitted: auto-replied\n" if way == "machine" else ""
    answer = ANSWER.format(field=field, token=token).encode()
    take(desk, a_report(desk.tokens, 1) if way == "bounce" else answer)
    with desk.database.write() as connection:
        doubted = update(deliveries).where(deliveries.c.state == "sending")
        connection.execute(doubted.values(state="in_doubt", ended_at=NOW))
        log_attempts(
            connection,
            [
                Change(number, 1, DeliveryState.IN_DOUBT, NOW, logged="in_doubt")
                for number in (1, 2)
            ],
        )
    locks = locks_for(desk.database, tmp_path)
    recover(desk.database, locks, lambda: NOW, Overdue(3600), 0)
    locks.close()
    with desk.database.read() as connection:
        found = connection.execute(deliveries.select().order_by(deliveries.c.id)).all()
    other = "queued" if kind is Kind.CONFIRMATION else "in_doubt"
    assert [one.state for one in found] == ["accepted", other]
    words = "in doubt, settled as accepted: it had come back before"
    assert [(one.delivery_id, one.words) for one in attempts(desk.database)[2:]] == [
        (1, words)
    ]


def test_a_machine_that_answers_is_no_person_who_did(desk, ring):
    campaign = a_campaign(desk.database, ring, 2)
    for delivery, field in ((1, "Auto-Submitted: auto-replied\n"), (2, "")):
        token = desk.tokens.for_delivery(TokenKind.MESSAGE, delivery)
        take(desk, ANSWER.format(field=field, token=token).encode())
    with desk.database.read() as connection:
        assert incoming.answered_letters(connection, campaign) == 1


def test_who_answers_that_she_wants_no_more_has_had_the_letter(desk, ring):
    a_campaign(desk.database, ring, 2)
    with desk.database.write() as connection:
        connection.execute(update(table(DeliveryRow)).values(state="in_doubt"))
    token = desk.tokens.for_delivery(TokenKind.MESSAGE, 1)
    reply = f"Message-ID: <1@example.com>\nIn-Reply-To: <{token}@shop.example>"
    (done,) = take(
        desk, ASKED.replace("Message-ID: <{number}@example.com>", reply).encode()
    )
    assert done.kind == "unsubscribe"
    assert states(desk.database) == {"accepted": 1, "in_doubt": 1}
    (log,) = attempts(desk.database)
    assert log.words == "in doubt, settled as accepted: its reader asks to be left out"


ASKED = """From: Person <P1@example.com>
To: support@shop.example
Subject: Newsletter
Message-ID: <{number}@example.com>

Please remove me from your mailing list.
"""


def test_plain_words_hold_marketing_until_a_person_confirms(desk, ring):
    a_campaign(desk.database, ring, 2)
    (done,) = take(desk, ASKED.format(number=1).encode())
    assert done.kind == "unsubscribe"
    assert "`mailer inbox confirm 1`" in done.words
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.MANUAL)]
    assert [one.address for one in holds.waiting(desk.database)] == ["p1@example.com"]
    # Who is held already is not held twice, and a stranger is nobody's hold.
    (again,) = take(desk, ASKED.format(number=2).encode())
    assert "confirm" not in again.words
    take(desk, ASKED.format(number=3).replace("P1@", "x@").encode())
    assert len(holds.waiting(desk.database)) == 1
    assert [line.no.scope for line in desk.logbook.lines() if line.no] == ["marketing"]
    holds.decide(desk.database, desk.logbook, 1, "Ola", NOW + A_DAY)
    assert held(desk, ring, 1) == [("marketing", SuppressionReason.UNSUBSCRIBED)]
    assert holds.waiting(desk.database) == []
    for number in (1, 2, 99):
        with pytest.raises(NotFoundError, match="mailer inbox held"):
            holds.decide(desk.database, desk.logbook, number, "Ola", NOW + A_DAY)


def test_who_did_not_mean_it_is_written_to_again(desk, ring):
    a_campaign(desk.database, ring, 1)
    take(desk, ASKED.format(number=1).encode())
    with pytest.raises(RefusedError, match="--by"):
        holds.decide(desk.database, desk.logbook, 1, " ", NOW, keep=True)
    done = holds.decide(desk.database, desk.logbook, 1, "Ola", NOW, keep=True)
    assert not done.left
    assert held(desk, ring, 1) == []
    assert holds.waiting(desk.database) == []


def test_a_hold_of_who_is_erased_keeps_nothing_of_her(desk, ring):
    a_campaign(desk.database, ring, 1)
    take(desk, ASKED.format(number=1).encode())
    with desk.database.write() as connection:
        erasing.erase_contact(connection, 1)
        (row,) = connection.execute(table(IncomingRow).select()).all()
    assert (bytes(row.raw), row.holds_id) == (b"", None)
    assert holds.waiting(desk.database) == []


def test_who_writes_to_her_unsubscribe_address_has_left(desk, ring):
    a_campaign(desk.database, ring, 1)
    token = leaving(desk.tokens).upper()
    raw = f"From: p1@example.com\nTo: leave+{token}@shop.example\n\n".encode()
    (done,) = take(desk, raw)
    assert done.words == "unsubscribed by its address"
    assert held(desk, ring, 1) == [("list:news", SuppressionReason.UNSUBSCRIBED)]


def test_a_machine_that_answers_changes_nothing(desk, ring):
    a_campaign(desk.database, ring, 1)
    token = desk.tokens.for_delivery(TokenKind.MESSAGE, 1)
    raw = (
        "From: p1@example.com\nAuto-Submitted: auto-replied\nSubject: away\n"
        f"In-Reply-To: <{token}@shop.example>\n\nUser unknown, mailbox full.\n"
    )
    (done,) = take(desk, raw.encode())
    assert (done.kind, done.verdict) == ("auto_reply", None)


@pytest.mark.parametrize(
    ("back", "waits"),
    [
        ("I am back on 7 December 2026.", True),
        ("I am back on 7 December 2028.", False),
        ("I was back on 7 November 2026.", False),
        ("I am away.", False),
    ],
)
def test_a_list_waits_for_who_is_away_until_a_day_if_it_says_so(desk, ring, back, waits):
    a_campaign(desk.database, ring, 2)
    token = desk.tokens.for_delivery(TokenKind.MESSAGE, 1)
    raw = (
        "From: p1@example.com\nAuto-Submitted: auto-replied\nSubject: Out of office\n"
        f"Message-ID: <1@x>\nIn-Reply-To: <{token}@shop.example>\n\n{back}\n"
    )
    (done,) = take(desk, raw.encode())
    assert (done.words, held(desk, ring, 1)) == (
        "an answer by a machine changes nothing", [],
    )  # fmt: skip
    asked = replace(desk, waiting_lists=frozenset({"news"}))
    forged = raw.replace(token, "0" * len(token)).replace("<1@x>", "<2@x>")
    take(asked, forged.encode())
    assert held(desk, ring, 1) == []
    take(asked, raw.replace("<1@x>", "<3@x>").encode())
    expected = [("list:news", SuppressionReason.PAUSED)] if waits else []
    assert held(desk, ring, 1) == expected
    with desk.database.read() as connection:
        found = suppressions_of(connection, ring.suppression_hash("p1@example.com"))
    day = datetime(2026, 12, 7, tzinfo=UTC)
    assert [one.until_at for one in found] == ([day] if waits else [])


def test_the_counts_come_with_advice(desk, ring):
    a_campaign(desk.database, ring, 3)
    for person in (1, 2):
        take(desk, a_report(desk.tokens, person, number=person, **LISTED))
    take(desk, a_report(desk.tokens, 3, number=3))
    counted = stats(desk.database, "reason", 30, NOW + A_DAY)
    assert [(one.group, one.reports, one.hard) for one in counted] == [
        ("blocked", 2, 0),
        ("userunknown", 1, 1),
    ]
    assert "block list" in counted[0].advice
    (domain,) = stats(desk.database, "provider", 30, NOW)
    assert domain.group == "example.com"


def some_of_gmail(desk: Desk, ring) -> int:
    """Let a campaign leave, most of it to Gmail by another relay, and some come back."""
    campaign = a_campaign(desk.database, ring, 10)
    rows = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(update(rows).values(left_at=NOW, state="accepted", relay="main"))
        of_gmail = update(rows).where(rows.c.id > 2).values(provider="gmail", relay="bulk")
        connection.execute(of_gmail)
        # What left before is not counted.
        before = update(rows).where(rows.c.id == 10).values(left_at=NOW - 60 * A_DAY)
        connection.execute(before)
    unproven = {
        "action": "failed",
        "status": "5.7.26",
        "said": "550 5.7.26 no DMARC, no SPF",
    }
    for person in (3, 4):
        take(desk, a_report(desk.tokens, person, number=person, **unproven))
    take(desk, a_report(desk.tokens, 1, number=1))
    # That a letter is late is nothing that came back.
    take(desk, a_report(desk.tokens, 5, number=5, action="delayed", status="4.4.1"))
    return campaign


def test_what_came_back_is_counted_by_each_of_its_sides(desk, ring):
    campaign = some_of_gmail(desk, ring)

    def counted(by: str) -> list[tuple[str, int, int, float]]:
        found = stats(desk.database, by, 30, NOW + A_DAY)
        return [(one.group, one.reports, one.hard, round(one.share, 3)) for one in found]

    assert counted("provider") == [("gmail", 2, 0, 0.286), ("example.com", 1, 1, 0.5)]
    assert counted("relay") == [("bulk", 2, 0, 0.286), ("main", 1, 1, 0.5)]
    assert counted("reason") == [("authfailure", 2, 0, 0.222), ("userunknown", 1, 1, 0.111)]
    assert counted("campaign") == [(f"campaign {campaign}", 3, 1, 0.333)]
    (gmail, _) = stats(desk.database, "provider", 30, NOW + A_DAY)
    assert gmail.advice.startswith(
        "gmail refuses 29 % for authentication: see `mailer check --dns`"
    )
    with desk.database.read() as connection:
        found = of_campaign(connection, campaign)
    assert [(one.group, one.reports, one.share) for one in found] == [
        ("authfailure", 2, 0.2), ("userunknown", 1, 0.1),
    ]  # fmt: skip
    assert "mailer check --dns" in found[0].advice


def test_what_came_back_is_listed_by_each_of_its_sides(desk, ring):
    campaign = str(some_of_gmail(desk, ring))

    def listed(**only: str) -> list[int]:
        found = newest(desk.database, 50, only)
        return sorted(one.delivery_id for one in found)

    assert listed() == [1, 3, 4, 5]
    assert listed(reason="authfailure") == [3, 4]
    assert listed(provider="gmail") == [3, 4, 5]
    assert listed(provider="example.com") == [1, 3, 4, 5]
    assert listed(provider="ample.com") == listed(provider="%") == []
    assert listed(relay="main", reason="userunknown") == [1]
    assert listed(campaign=campaign) == [1, 3, 4, 5]
    assert listed(campaign="99") == []


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_advice(reason):
    assert advice_about(reason)


def test_a_campaigns_report_has_what_came_back_with_advice(desk, ring):
    a_campaign(desk.database, ring, 4)
    for person in (1, 2):
        take(desk, a_report(desk.tokens, person, number=person, **LISTED))
    take(desk, a_report(desk.tokens, 3, number=3))
    take(desk, a_report(desk.tokens, 4, COMPLAINT, number=4))
    undo(desk.database, desk.logbook, 3, "Ola", NOW)
    refuse_at(desk, 4, NOW, Reply(550, "5.1.1", "<x>: User unknown"), Stage.RCPT)
    judge_refused(desk.database, desk.logbook, desk.knowledge, NOW + A_MINUTE)
    with desk.database.read() as connection:
        found = of_campaign(connection, 1)
        assert of_campaign(connection, 2) == ()
    assert [(one.group, one.reports, one.hard) for one in found] == [
        ("blocked", 2, 0), ("feedback", 1, 0),
    ]  # fmt: skip
    assert all(one.advice for one in found)


REPLY = """From: {address}
To: news@shop.example
Subject: Re: News
Message-ID: <{number}@example.com>
In-Reply-To: <{token}@shop.example>

Do you have it in green?
"""


def test_endpoints_are_told_of_bounces_complaints_and_replies(desk, ring):
    a_campaign(desk.database, ring, 3)
    with desk.database.write() as connection:
        webhooks.see_endpoints(connection, ["shop"], NOW)
    take(desk, a_report(desk.tokens, 1))
    take(desk, a_report(desk.tokens, 1))
    take(desk, a_report(desk.tokens, 2, COMPLAINT))
    token = desk.tokens.for_delivery(TokenKind.MESSAGE, 3)
    take(desk, REPLY.format(address="p3@example.com", token=token, number=1).encode())
    # What blames us is about nobody, and so is what answers no letter of ours.
    take(desk, a_report(desk.tokens, 1, **LISTED))
    take(desk, REPLY.format(address="x@example.com", token="0" * 46, number=2).encode())
    with desk.database.read() as connection:
        rows = table(WebhookRow)
        found = connection.execute(select(rows).order_by(rows.c.id)).all()
    told = [(row.event, row.contact_id) for row in found]
    assert told == [("bounced", 1), ("complained", 2), ("replied", 3)]
