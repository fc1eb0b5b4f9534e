"""`mailer inbox list|show|…`: working on what people wrote, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from frontdesks import a_message
from sqlalchemy import text
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.config.places import places_of
from mailer.wiring import database_of, settings_of

MAILBOX = {
    "address": "Fjell & Fjord <support@shop.example>",
    "hours": ["mon-sun 00:00-24:00"],
    "staff": ["Kari"],
}
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command of `mailer inbox`; what it prints as JSON is read."""
    make_workspace(
        tmp_path,
        site={"sender": "Fjell & Fjord <hello@shop.example>"},
        **{"mailboxes.support": MAILBOX},
    ).close()

    def command(*arguments: object, status: int = 0, given: bytes | None = None) -> Any:
        words = ("-w", str(tmp_path), "inbox", *map(str, arguments))
        done = CliRunner().invoke(mailer, words, input=given, env={"MAILER_STAFF": "Kari"})
        assert done.exit_code == status, done.output
        return json.loads(done.stdout) if "--json" in words else done.output

    return command


def write(run: Run, number: int = 1, **changed: str) -> None:
    run("ingest", given=a_message(number=number, **changed))


def ask(folder: Path, question: str) -> list[Any]:
    database = database_of(places_of(str(folder), settings_of(str(folder))))
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(text(question))]
    database.close()
    return found


def test_a_message_is_listed_shown_and_found(run: Run):
    write(run)
    write(
        run, 2, text="Wo ist mein Zelt?", sender="Jörg <joerg@example.org>", subject="Zelt"
    )
    rows = run("list", "--json")
    assert [(one["ticket"], one["state"], one["from"]) for one in rows] == [
        (1, "new", "ola@example.com"),
        (2, "new", "joerg@example.org"),
    ]
    said = run("show", 1)
    assert "from Ola Nordmann <ola@example.com>, to support" in said
    assert "    Do you ship tents to Iceland?" in said
    assert "letter 1: queued" in said
    assert [one["ticket"] for one in run("search", "MEIN", "zelt", "--json")] == [2]
    assert run("search", "kayak") == "no tickets\n"
    assert b"Do you ship tents" in run("show", 1, "--raw", 1).encode()
    assert "no message 2" in run("show", 1, "--raw", 2, status=2)


def test_an_answer_leaves_on_the_conversation_and_meets_what_was_due(
    run: Run, tmp_path: Path
):
    write(run, References="<a@example.com>")
    body = tmp_path / "answer.txt"
    body.write_text("Yes, we do.\n", encoding="utf-8")
    shown = run("reply", 1, "--body", body, "--dry-run", "--json")
    assert (shown["letter"], shown["subject"], shown["to"]) == (
        None, "Re: Tents [#1]", "ola@example.com",
    )  # fmt: skip
    assert shown["references"] == ["a@example.com", "m1.ola@example.com"]
    assert run("show", 1, "--json")["ticket"]["state"] == "new"
    sent = run("reply", 1, "--body", body, "--json")
    assert sent["state"] == "waiting"
    ticket = run("show", 1, "--json")["ticket"]
    assert (ticket["due_at"], ticket["assignee"]) == (None, "Kari")
    assert ask(
        tmp_path, "SELECT kind, cause_kind, lane FROM delivery ORDER BY id DESC LIMIT 1"
    ) == [("reply", "ticket", 1)]
    (row,) = run("stats", "--json")
    assert (row["waiting"], row["answered"], row["in time"]) == (1, 1, 1)
    # The person writes again: an answer is due again.
    write(run, 2, text="And to Greenland?", In_Reply_To="<m1.ola@example.com>")
    ticket = run("show", 1, "--json")["ticket"]
    assert ticket["state"] == "open"
    assert ticket["due_at"] == ticket["next_due_at"] is not None


def test_an_answer_takes_copies_and_files_along(run: Run, tmp_path: Path):
    write(run)
    bill = tmp_path / "bill.csv"
    bill.write_text("tent;1\n", encoding="utf-8")
    words = ("--cc", "per@example.org", "--attach", bill, "--body", "-")
    shown = run("reply", 1, *words, "--dry-run", given=b"See the bill.")
    assert "Cc: per@example.org" in shown
    assert "Attached: bill.csv (text/csv, 7 bytes)" in shown
    assert ask(tmp_path, "SELECT count(*) FROM ticket_file") == [(0,)]
    sent = run("reply", 1, *words, "--json", given=b"See the bill.")
    assert sent["cc"] == ["per@example.org"]
    assert sent["files"] == [{"name": "bill.csv", "type": "text/csv", "size_bytes": 7}]
    found = run("show", 1, "--json")
    assert [one["name"] for one in found["files"]] == ["bill.csv"]
    assert {one["address"] for one in found["letters"]} == {
        "ola@example.com", "per@example.org",
    }  # fmt: skip
    assert "attached: bill.csv (7 bytes)" in run("show", 1)
    missing = run(
        "reply", 1, "--attach", tmp_path / "no", "--body", "-", given=b"x", status=2
    )
    assert "cannot be read" in missing


def test_a_canned_answer_is_sent_in_the_ticket_s_words(run: Run):
    write(run)
    shown = run("reply", 1, "--canned", "parcel", "--dry-run")
    assert "Hello Ola Nordmann," in shown
    sent = run("reply", 1, "--canned", "parcel", "--json")
    assert "I have asked the carrier" in sent["text"]
    refused = run("reply", 1, "--canned", "parcle", status=2)
    assert "parcel" in refused
    both = run("reply", 1, "--canned", "parcel", "--body", "-", given=b"x", status=2)
    assert "one of them" in both


def test_a_message_is_passed_on_and_the_answer_to_it_stays_due(run: Run):
    write(run)
    shown = run("forward", 1, "--to", "depot@example.net", "--dry-run")
    assert "To: <depot@example.net>" in shown
    assert "Do you ship tents to Iceland?" in shown
    sent = run(
        "forward", 1, "--to", "depot@example.net", "--body", "-", "--json", given=b"Do we?"
    )
    assert (sent["to"], sent["state"]) == ("depot@example.net", "new")
    assert sent["text"].startswith("Do we?\n")
    assert sent["in_reply_to"] == ""
    found = run("show", 1, "--json")
    assert found["ticket"]["due_at"]
    assert found["entries"][-1]["kind"] == "forward"
    assert "to depot@example.net" in run("show", 1)
    ours = run("forward", 1, "--to", "support@shop.example", status=2)
    assert "a mailbox of ours" in ours
    none = run("forward", 1, "--to", "a@example.net", "--message", 99, status=2)
    assert "no message 99" in none


def test_senders_are_blocked_listed_and_heard_again(run: Run):
    done = run("block", "troll@example.com", "--why", "threats", "--json")
    assert (done["blocked"], done["by"]) == ("troll@example.com", "Kari")
    write(run, sender="Troll <troll@example.com>")
    assert run("list", "--state", "closed", "--json")[0]["tags"] == ["blocked"]
    assert [one["blocked"] for one in run("blocks", "--json")] == ["troll@example.com"]
    assert "many people" in run("block", "gmail.com", status=2)
    run("unblock", "troll@example.com")
    assert "nobody is blocked" in run("blocks")
    assert "is not blocked" in run("unblock", "troll@example.com", status=2)


def test_two_people_do_not_answer_twice(run: Run):
    write(run)
    seen = run("show", 1, "--json")["ticket"]["version"]
    run("reply", 1, "--body", "-", "--if-version", seen, given=b"Yes.")
    said = run("reply", 1, "--body", "-", "--if-version", seen, given=b"No.", status=2)
    assert "has changed since you looked" in said
    assert [one["kind"] for one in run("show", 1, "--json")["entries"]] == [
        "came", "acknowledgement", "reply",
    ]  # fmt: skip


def test_an_empty_answer_and_one_to_spam_are_not_sent(run: Run):
    write(run)
    assert "nothing was sent" in run("reply", 1, "--body", "-", given=b" \n", status=2)
    run("spam", 1)
    assert "is spam" in run("reply", 1, "--body", "-", given=b"Yes.", status=2)
    run("reopen", 1)
    run("reply", 1, "--body", "-", "--close", given=b"Yes.")
    assert run("list", "--state", "closed", "--json")[0]["ticket"] == 1


def test_a_ticket_is_taken_sorted_noted_snoozed_and_closed(run: Run):
    write(run)
    assert run("take", 1, "--json")["assignee"] == "Kari"
    row = run(
        "assign", 1, "--to", "Ola", "--kind", "complaint", "--priority", "high",
        "--tag", "parcel", "--json",
    )  # fmt: skip
    assert [row[name] for name in ("assignee", "kind", "priority", "tags")] == [
        "Ola", "complaint", "high", ["parcel"],
    ]  # fmt: skip
    assert [one["ticket"] for one in run("list", "--tag", "parcel", "--json")] == [1]
    assert run("list", "--tag", "parc", "--json") == []
    assert run("assign", 1, "--untag", "parcel", "--json")["tags"] == []
    assert "cannot be a tag" in run("assign", 1, "--tag", "a b", status=2)
    run("note", 1, "Rang her.")
    assert run("snooze", 1, "--for", "2d", "--json")["due"] is None
    assert "say --until" in run("snooze", 1, status=2)
    assert run("close", 1, "--json")["state"] == "closed"
    assert "cannot be closed" in run("close", 1, status=2)
    said = run("show", 1)
    for line in ("Kari: taken by Kari", "Kari noted", "    Rang her.", "Kari: closed"):
        assert line in said


def test_what_was_snoozed_comes_back_when_its_time_has_come(run: Run, tmp_path: Path):
    write(run)
    run("snooze", 1, "--for", "2d")
    database = database_of(places_of(str(tmp_path), settings_of(str(tmp_path))))
    with database.write() as connection:
        connection.execute(text("UPDATE ticket SET snoozed_until = opened_at"))
    database.close()
    (row,) = run("list", "--json")
    assert row["state"] == "open"
    assert row["due"] is not None


def test_tickets_of_one_person_are_merged_and_of_two_are_not(run: Run):
    write(run)
    write(run, 2, subject="Again", text="Hello?")
    write(run, 3, sender="eve@example.org", text="And I?")
    assert run("merge", 2, 1, "--json")["ticket"] == 1
    said = run("show", 2)
    assert said.startswith("Ticket 1:")
    assert "Hello?" in said
    assert "different people" in run("merge", 3, 1, status=2)
    assert "are one already" in run("merge", 1, 2, status=2)
    # Who answers to the number that is gone is heard on the other.
    write(run, 4, subject="x", text="Still?", In_Reply_To="<m2.ola@example.com>")
    assert "Still?" in run("show", 1)


def test_a_call_is_a_ticket_without_an_acknowledgement(run: Run, tmp_path: Path):
    made = run(
        "new", "--from", "Kari@example.com", "--subject", "Tent", "--body", "-", "--json",
        given=b"Wants the blue one",
    )  # fmt: skip
    assert (made["state"], made["mailbox"]) == ("new", "support")
    assert made["due"] is not None
    assert ask(tmp_path, "SELECT count(*) FROM delivery") == [(0,)]
    run("reply", 1, "--body", "-", given=b"It is here.")
    assert "no [mailboxes.sales]" in run(
        "new", "--from", "x@example.com", "--subject", "x", "--mailbox", "sales", status=2
    )


def test_a_letter_in_doubt_stands_at_the_top_until_somebody_settles_it(
    run: Run, tmp_path: Path
):
    write(run)
    database = database_of(places_of(str(tmp_path), settings_of(str(tmp_path))))
    with database.write() as connection:
        connection.execute(text("UPDATE delivery SET state = 'in_doubt'"))
    database.close()
    assert run("show", 1).startswith("In doubt: letter 1 to ola@example.com")
    run("settle", 1, 1, "--as", "accepted")
    said = run("show", 1)
    assert said.startswith("Ticket 1:")
    assert "letter 1 was in doubt: accepted" in said
    assert "is not in doubt" in run("settle", 1, 1, "--as", "again", status=2)


def test_what_a_stranger_wrote_does_not_move_the_cursor(run: Run):
    write(run, text="\x1b[2J gone", subject="x\x1b[31m")
    assert "\x1b" not in run("show", 1)


def test_no_such_ticket_is_said_with_what_to_do(run: Run):
    for command in (("show", 9), ("take", 9), ("close", 9)):
        assert "there is no ticket 9" in run(*command, status=2)
