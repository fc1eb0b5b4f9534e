"""`mailer inbox held|confirm` and `mailer bounce undo` as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sending import a_campaign
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.model.token import TokenBox, TokenKind
from mailer.wiring import open_workspace

ASKED = """From: Person <p{person}@example.com>
To: support@example.com
Subject: Newsletter
Message-ID: <{person}@example.com>

Please remove me from your mailing list.
"""
GONE = """Return-Path: <>
From: MAILER-DAEMON@relay.example
To: b+{token}@bounces.example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; p1@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <p1@example.com>: User unknown

--b--
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with make_workspace(tmp_path / "shop") as workspace:
        a_campaign(workspace.database, workspace.ring, 2)
    return tmp_path / "shop"


def run(folder: Path, *words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(mailer, ["-w", str(folder), *words], input=given)


def test_who_asked_in_plain_words_is_listed_until_a_person_has_decided(folder: Path):
    for person in (1, 2):
        given = ASKED.format(person=person)
        assert run(folder, "inbox", "ingest", given=given).exit_code == 0
    held = json.loads(run(folder, "inbox", "held", "--json").stdout)
    assert [(one["message"], one["from"]) for one in held] == [
        (1, "p1@example.com"), (2, "p2@example.com"),
    ]  # fmt: skip
    assert run(folder, "inbox", "confirm", "1").exit_code == 2
    left = run(folder, "inbox", "confirm", "1", "--by", "Ola")
    assert left.stdout == "p1@example.com is off all marketing\n"
    kept = run(folder, "inbox", "confirm", "2", "--by", "Ola", "--keep", "--json")
    assert json.loads(kept.stdout) == {
        "message": 2, "address": "p2@example.com", "left": False,
    }  # fmt: skip
    assert "no message waits" in run(folder, "inbox", "held").stdout
    again = run(folder, "inbox", "confirm", "1", "--by", "Ola")
    assert again.exit_code == 2
    assert "mailer inbox held" in again.stderr


def test_a_verdict_is_taken_back_once_and_who_did_it_must_be_said(folder: Path):
    with open_workspace(str(folder)) as workspace:
        token = TokenBox(workspace.ring).for_delivery(TokenKind.RETURN_PATH, 1)
    run(folder, "inbox", "ingest", given=GONE.format(token=token))
    (one,) = json.loads(run(folder, "bounce", "list", "--json").stdout)
    assert (one["address"], one["effect"]) == ("p1@example.com", "suppressed")
    assert run(folder, "bounce", "undo", "1").exit_code == 2
    undone = run(folder, "bounce", "undo", "1", "--by", "Ola")
    assert undone.stdout == (
        "verdict 1 (p1@example.com, userunknown) is undone: letters go there again\n"
    )
    assert " undone " in run(folder, "bounce", "list").stdout
    again = run(folder, "bounce", "undo", "1", "--by", "Ola")
    assert again.exit_code == 2
    assert "undone already" in again.stderr


def test_what_came_back_is_told_to_people_and_to_scripts(folder: Path):
    with open_workspace(str(folder)) as workspace:
        token = TokenBox(workspace.ring).for_delivery(TokenKind.RETURN_PATH, 1)
    assert run(folder, "inbox", "ingest", given=GONE.format(token=token)).exit_code == 0
    listed = json.loads(
        run(folder, "bounce", "list", "--reason", "userunknown", "--json").output
    )
    assert [(one["delivery_id"], one["effect"]) for one in listed] == [(1, "suppressed")]
    nothing = run(folder, "bounce", "list", "--provider", "gmail")
    assert "nothing has come back" in nothing.output
    wrong = run(folder, "bounce", "list", "--reason", "nonsense")
    assert wrong.exit_code == 2
    (counted,) = json.loads(
        run(folder, "bounce", "stats", "--by", "provider", "--json").output
    )
    assert (counted["provider"], counted["reports"], counted["share"]) == (
        "example.com", 1, 1.0,
    )  # fmt: skip
    told = run(folder, "bounce", "stats", "--by", "provider").output
    assert "example.com refuses 100 % for mailboxes that do not exist" in " ".join(
        told.split()
    )
