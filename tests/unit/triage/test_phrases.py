"""What servers say and what it means, a line each: add one to said.txt with each phrase."""

from pathlib import Path

import pytest
from samples.samples import knowledge

from mailer.errors import WorkspaceError
from mailer.model.notice import Action, Reason, is_hard
from mailer.triage.finding import Finding, Refused
from mailer.triage.judging import concerned
from mailer.triage.phrasebook import normal, phrase_book, phrases_of

SAID = [
    ("550 5.1.1 <a@b>: Recipient address rejected: User unknown in local recipient table", "userunknown", True),
    ("550 5.1.1 The email account that you tried to reach does not exist.", "userunknown", True),
    ("554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com)", "userunknown", True),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "userunknown", True),
    ("550 5.4.1 Recipient address rejected: Access denied (in reply to RCPT TO command)", "userunknown", True),
    ("550 5.5.0 Requested action not taken: mailbox unavailable", "userunknown", True),
    ("550 Unknown user (in reply to end of DATA command)", "filtered", False),
    ("452-4.2.2 The email account that you tried to reach is over quota", "mailboxfull", False),
    ("552 5.2.2 Mailbox full", "mailboxfull", False),
    ("550 5.1.1 Mailbox quota exceeded", "mailboxfull", False),
    ("550 5.2.1 The email account that you tried to reach is disabled.", "suspend", False),
    ("554 30 Sorry, your message to a@b cannot be delivered. This mailbox is disabled (554.30).", "suspend", False),
    ("551 not our customer", "hasmoved", True),
    ("550 5.1.2 Host unknown (Name server: example.test: host not found)", "hostunknown", True),
    ("Host or domain name not found. Name service error for name=x.test type=A: Host not found", "hostunknown", True),
    ("450 4.4.3 Name service error for name=x.test type=MX: Host not found, try again", "networkerror", False),
    ("556 5.1.10 Recipient domain has null MX", "notaccept", True),
    ("554 5.7.1 <a@b>: Relay access denied", "norelaying", False),
    ("550-5.7.26 This mail has been blocked because the sender is unauthenticated.", "authfailure", False),
    ("550-5.7.25 The IP address sending this message does not have a PTR record setup", "requireptr", False),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "blocked", False),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", "badreputation", False),
    ("550 5.7.1 Message rejected as spam by Content Filtering.", "spamdetected", False),
    ("552 5.3.4 Message size exceeds fixed limit", "mesgtoobig", False),
    ("4.4.7 Message expired: unable to deliver in 840 minutes", "expired", False),
    ("450 4.7.1 <a@b>: Recipient address rejected: Greylisted, try again later", "expired", False),
    ("550 5.7.0 Message content contains a virus", "virusdetected", False),
    ("503 5.5.1 Bad sequence of commands", "syntaxerror", False),
    ("250 2.1.5 hello", "undefined", False),
]  # fmt: skip


@pytest.mark.parametrize(("said", "reason", "hard"), SAID, ids=lambda one: str(one)[:40])
def test_what_a_server_says_has_a_reason(said: str, reason: str, *, hard: bool):
    got = concerned(Finding("a@b", said=said), knowledge())
    assert (got.reason, got.hard) == (reason, hard)


LISTED = (Path(__file__).parent / "said.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", LISTED)
def test_each_line_of_said_txt_means_what_stands_before_it(line: str):
    name, said = line.split(": ", 1)
    got = concerned(Finding("a@b.example", said=said), knowledge())
    assert (got.reason, got.hard) == (name, is_hard(Reason(name), temporary=False))


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        ("5.1.1", "", "userunknown"),
        ("5.1.1", "user unknown", "userunknown"),
        ("5.1.1", "mailbox is full", "mailboxfull"),
        ("5.1.1", "Relaying denied", "norelaying"),
        ("5.1.2", "", "hostunknown"),
        ("5.1.10", "Recipient not found by lookup", "userunknown"),
        ("5.7.18", "", "hasmoved"),
        ("5.7.999", "", "securityerror"),
        ("5.6.99", "", "contenterror"),
        ("4.1.2", "host unknown", "networkerror"),
        ("5.1.1", "550 5.2.4 try another day", "filtered"),
        ("4.4.7", "450 4.1.1 user unknown", "userunknown"),
    ],
)
def test_a_status_speaks_where_words_do_not(status: str, said: str, reason: str):
    got = concerned(Finding("a@b.example", status=status, said=said), knowledge())
    assert got.reason == reason


def test_a_name_that_is_unknown_to_mail_is_the_senders():
    said = "550 No such host here (in reply to MAIL FROM command)"
    got = concerned(Finding("a@b.example", said=said), knowledge())
    assert (got.reason, got.hard) == (Reason.REJECTED, False)


def test_an_unknown_user_counts_as_gone_when_it_was_said_to_rcpt():
    said = "550 5.7.1 no such user here"
    at = {
        after: concerned(Finding("a@b", said=said, after=after), knowledge()).reason
        for after in (Refused.RECIPIENT, Refused.CONTENT, Refused.SENDER)
    }
    assert at == {
        Refused.RECIPIENT: Reason.USER_UNKNOWN,
        Refused.CONTENT: Reason.FILTERED,
        Refused.SENDER: Reason.REJECTED,
    }


def test_what_is_only_late_is_never_hard():
    late = Finding("a@b", action=Action.DELAYED, status="4.4.1", said="host unknown")
    assert not concerned(late, knowledge()).hard


def test_a_phrase_with_a_gap_needs_its_pieces_in_their_order():
    phrases = phrases_of(["mailbox * full"])
    assert phrases.stand_in("the mailbox of anna is full")
    assert not phrases.stand_in("full is the mailbox")


def test_repeated_codes_do_not_tear_a_phrase_apart():
    assert "does not have a ptr record" in normal(
        "550-5.7.25 does not\n 550-5.7.25 have a PTR record"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "there is no rule"),
        ({"rule": [1]}, "no such reason None"),
        ({"rule": [{"reason": "blocked"}]}, "phrases must be a list of texts"),
        ({"rule": [{"reason": "blocked", "phrases": ["Upper"]}]}, "in small letters"),
        ({"rule": [{"reason": "blocked", "phrases": [" * "]}]}, "write some words"),
    ],
)
def test_a_mistake_in_the_file_says_where_it_is(values: dict[str, object], words: str):
    with pytest.raises(WorkspaceError, match=words):
        phrase_book(values, "phrases.toml")
