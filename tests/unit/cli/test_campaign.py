"""`mailer campaign` as it is typed."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, move, suppress, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.wiring import open_workspace

NEEDS_NAME = """<!doctype html>
<html><body><p>Hello {{ name }}</p>
<p>{{ postal_address }} <a href="{{ unsubscribe_url }}">Leave</a></p></body></html>
"""


def run(folder: Path, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(
        mailer, ("-w", str(folder), "campaign", *arguments), input=stdin
    )


def begin(folder: Path, *more: str) -> Result:
    return run(folder, "start", "digest", "--list", "newsletter", "--yes", *more)


def facts(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Six people on the list: 4 has no name, 5 has left, 6 is suppressed."""
    standing = {"list_id": "newsletter", "wording": 1}
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, [1, 2, 6], {"name": "Kari", "country": "NO"}, **standing)
        add_people(connection, [3], {"name": "=Anna", "country": "DE"}, **standing)
        add_people(connection, [4], {"country": "NO"}, **standing)
        add_people(connection, [5], {"name": "O"}, **standing | {"status": "unsubscribed"})
        suppress(connection, 6)
    write_template(tmp_path, "digest")
    write_template(tmp_path, "needy", body=NEEDS_NAME)
    return tmp_path


def test_a_dry_run_says_who_would_get_it_and_why_others_would_not(shop: Path):
    done = run(
        shop, "start", "needy", "--list", "newsletter", "--segment", "norway", "--dry-run"
    )
    assert done.exit_code == 0
    rows = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == [
        "people",
        "2",
        "1",
        "1",
        "1",
        "1",
        "person4@example.com",
    ]
    for words in (
        "gets it",
        "left the list",
        "not in the segment: country == 'NO'",
        "suppressed",
        "lacks a value that the template needs",
        "person4@example.com lacks: name",
    ):
        assert words in done.stdout
    assert "--allow-withheld" in done.stderr
    assert facts(run(shop, "list", "--json")) == []


def test_a_dry_run_gives_the_same_facts_as_json(shop: Path):
    found = facts(
        run(shop, "start", "needy", "--list", "newsletter", "--dry-run", "--json")
    )
    assert found["gets_it"] == 3
    assert {group["reason"]: group["count"] for group in found["groups"]} == {
        "gets_it": 3,
        "lacks": 1,
        "suppressed": 1,
        "unsubscribed": 1,
    }
    assert found["lacking"] == [
        {"contact_id": 4, "address": "person4@example.com", "names": ["name"]}
    ]


def test_a_start_asks_before_and_does_nothing_when_told_no(shop: Path):
    done = run(shop, "start", "digest", "--list", "newsletter", stdin="n\n")
    assert "Send digest to 4 people of newsletter?" in done.stderr
    assert done.exit_code == 1
    assert facts(run(shop, "list", "--json")) == []


def test_a_start_plans_and_says_what_comes_next(shop: Path):
    done = begin(shop)
    assert done.exit_code == 0
    assert "campaign 1 (digest) is running: 4 letters" in done.stdout
    assert "mailer campaign status 1" in done.stdout


def test_a_start_for_later_says_when(shop: Path):
    done = begin(shop, "--at", "2199-12-01T09:00", "--zone", "Europe/Oslo")
    assert "They leave from 2199-12-01 08:00:00 UTC on" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "2001-01-01T09:00"), "lies in the past"),
        (("--at", "tomorrow"), "is no time"),
        (
            ("--at", "2199-01-01T09:00", "--zone", "Europe/Olso"),
            "no time zone 'Europe/Olso'",
        ),
        (("--valid-for", "often"), "'often' is no length of time"),
        (("--pace", "0"), "--pace"),
        (("--segment", "norwai"), "did you mean 'norway'"),
    ],
)
def test_what_cannot_be_is_refused_with_status_2(
    shop: Path, options: tuple[str, ...], words: str
):
    done = begin(shop, *options)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_nothing_starts_while_somebody_lacks_a_value(shop: Path):
    done = run(shop, "start", "needy", "--list", "newsletter", "--yes")
    assert done.exit_code == 2
    assert "1 people lack a value that templates/mail/needy uses (name)" in done.stderr
    assert "person4@example.com: name" in done.stderr
    allowed = run(
        shop,
        "start",
        "needy",
        "--list",
        "newsletter",
        "--yes",
        "--allow-withheld",
        "--json",
    )
    assert facts(allowed)["states"]["withheld"] == 1


def test_the_same_again_asks_for_again(shop: Path):
    begin(shop)
    done = begin(shop)
    assert done.exit_code == 2
    assert "say --again" in done.stderr
    assert begin(shop, "--again").exit_code == 0


def test_the_status_has_every_state_with_its_count(shop: Path):
    begin(shop)
    found = facts(run(shop, "status", "--json"))
    assert (found["campaign"], found["state"], found["planned"]) == (1, "running", 4)
    assert found["states"] == {
        "queued": 4,
        "claimed": 0,
        "sending": 0,
        "accepted": 0,
        "refused": 0,
        "expired": 0,
        "withheld": 0,
        "in_doubt": 0,
    }
    assert (found["rate_per_s"], found["left_s"]) == (0.0, None)
    shown = run(shop, "status", "1").stdout
    assert "planned     4" in shown
    assert "  queued    4" in shown
    assert "time left   nobody can tell" in shown


def test_a_campaign_that_stands_still_is_not_watched_for_ever(shop: Path):
    begin(shop)
    run(shop, "pause", "1", "--reason", "wrong price")
    done = run(shop, "status", "1", "--watch")
    assert done.exit_code == 0
    assert "campaign 1 is paused" in done.stdout


def test_pausing_resuming_and_cancelling_say_what_they_did(shop: Path):
    begin(shop)
    paused = run(shop, "pause", "1", "--reason", "wrong price")
    assert paused.stdout == "campaign 1 (digest) is paused: wrong price\n"
    assert run(shop, "resume", "1").stdout == "campaign 1 (digest) is running\n"
    assert run(shop, "resume", "1").exit_code == 2
    assert run(shop, "cancel", "1", stdin="n\n").exit_code == 1
    cancelled = run(shop, "cancel", "1", "--yes")
    assert cancelled.stdout == "campaign 1 (digest) is cancelled: 4 letters withheld\n"


def test_pausing_resuming_and_cancelling_say_it_to_scripts_too(shop: Path):
    begin(shop)
    said = [
        json.loads(run(shop, *words, "--json").stdout)
        for words in (
            ("pause", "1", "--reason", "wrong price"),
            ("resume", "1"),
            ("cancel", "1", "--yes"),
        )
    ]
    known = {"id": 1, "name": "digest"}
    assert said == [
        known | {"state": "paused", "reason": "wrong price"},
        known | {"state": "running", "reason": ""},
        known | {"state": "cancelled", "reason": "cancelled by hand", "withheld": 4},
    ]
    # The question is not among what a script reads.
    asked = run(shop, "cancel", "1", "--json", stdin="n\n")
    assert asked.stdout == ""


def settle_some(shop: Path) -> None:
    begin(shop)
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        move(connection, 1, [1], state="refused", reply="550 5.1.1 no\x1b[2Jsuch user")
        tried = datetime(2026, 1, 1, tzinfo=UTC)
        move(connection, 1, [2], state="in_doubt", first_attempt_at=tried)
        move(
            connection, 1, [3], state="accepted", ended_at=datetime(2026, 1, 1, tzinfo=UTC)
        )


def test_everyone_is_listed_as_a_table_csv_and_json(shop: Path):
    settle_some(shop)
    table = run(shop, "deliveries", "1").stdout
    assert "person1@example.com" in table
    assert "550 5.1.1 no�[2Jsuch user" in table
    rows = list(csv.DictReader(run(shop, "deliveries", "1", "--csv").stdout.splitlines()))
    assert [row["state"] for row in rows] == ["refused", "in_doubt", "accepted", "queued"]
    assert rows[2]["ended_at"] == "2026-01-01T00:00:00Z"
    found = facts(run(shop, "deliveries", "1", "--state", "in-doubt,accepted", "--json"))
    assert [one["contact_id"] for one in found] == [2, 3]
    assert facts(run(shop, "deliveries", "1", "--state", "expired", "--json")) == []
    assert run(shop, "deliveries", "1", "--state", "expired").stdout == "nothing\n"


def test_what_is_in_doubt_is_listed_as_the_relays_log_has_it(shop: Path):
    settle_some(shop)
    (doubted,) = facts(run(shop, "deliveries", "1", "--state", "in_doubt", "--json"))
    order = ("-w", str(shop), "letter", "show", str(doubted["id"]), "--raw")
    letter = CliRunner().invoke(mailer, order)
    assert f"\nMessage-ID: <{doubted['message_id']}@" in letter.stdout.replace("\r", "")
    table = run(shop, "deliveries", "1").stdout
    assert table.count("Message-ID ") == 1
    assert f"Message-ID {doubted['message_id']}@…" in table
    rows = list(csv.DictReader(run(shop, "deliveries", "1", "--csv").stdout.splitlines()))
    tried = {one["id"]: one["first_attempt_at"] != "" for one in rows}
    assert {one["id"]: one["message_id"] != "" for one in rows} == tried
    assert set(tried.values()) == {True, False}


def test_a_wrong_state_is_said_with_the_nearest(shop: Path):
    done = run(shop, "deliveries", "1", "--state", "refusd")
    assert done.exit_code == 2
    assert "no state 'refusd'; did you mean 'refused'?" in done.stderr


def test_a_retry_says_how_many_and_a_dry_run_changes_nothing(shop: Path):
    settle_some(shop)
    tried = run(shop, "retry", "1", "--state", "refused,expired", "--dry-run", "--json")
    assert facts(tried) == {"found": 1, "moved": 1, "stay": 0, "dry_run": True}
    dry = run(shop, "retry", "1", "--state", "refused,expired", "--dry-run")
    assert dry.stdout == "1 letters are expired or refused: 1 would be queued again\n"
    done = run(shop, "retry", "1", "--state", "refused,expired")
    assert done.stdout == "1 letters were expired or refused: 1 queued again\n"
    assert facts(run(shop, "status", "--json"))["states"]["queued"] == 2


def test_a_retry_says_who_stays(shop: Path):
    settle_some(shop)
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        suppress(connection, 1)
    done = run(shop, "retry", "1", "--state", "refused")
    assert "1 stay as they are: their readers left, or are suppressed" in done.stdout


def test_what_is_in_doubt_is_settled_one_by_one_or_all_together(shop: Path):
    settle_some(shop)
    (doubted,) = facts(run(shop, "deliveries", "1", "--state", "in_doubt", "--json"))
    neither = run(shop, "resolve", "1", "--as", "accepted")
    assert neither.exit_code == 2
    assert "say either --delivery N or --all" in neither.stderr
    dry = run(shop, "resolve", "1", "--all", "--as", "again", "--dry-run")
    assert dry.stdout == "1 letters are in doubt: 1 would be queued again\n"
    tried = run(shop, "resolve", "1", "--all", "--as", "again", "--dry-run", "--json")
    assert facts(tried) == {"found": 1, "moved": 1, "stay": 0, "dry_run": True}
    done = run(shop, "resolve", "1", "--delivery", str(doubted["id"]), "--as", "accepted")
    assert done.stdout == "1 letters were in doubt: 1 settled as accepted\n"
    assert facts(run(shop, "status", "--json"))["states"]["accepted"] == 2


def test_no_campaign_yet_says_how_to_begin(shop: Path):
    assert run(shop, "list").stdout == "there is no campaign yet\n"
    done = run(shop, "status")
    assert done.exit_code == 2
    assert "mailer campaign start --help" in done.stderr


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A hundred and twenty people on the list, and one who has left it."""
    standing = {"list_id": "newsletter", "wording": 1}
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, range(1, 121), {"name": "Kari", "country": "NO"}, **standing)
        add_people(connection, [121], {}, **standing | {"status": "unsubscribed"})
    write_template(tmp_path, "digest")
    return tmp_path


def none_started(folder: Path) -> bool:
    return facts(run(folder, "list", "--json")) == []


TO_MANY = ("start", "digest", "--list", "newsletter")


def test_without_anybody_to_ask_it_says_what_a_script_writes(many: Path):
    done = run(many, *TO_MANY, stdin="")
    assert done.exit_code == 2
    assert "say so with --yes 120; nothing was started" in done.stderr
    assert none_started(many)


def test_many_people_are_only_written_to_when_their_number_is_typed(many: Path):
    done = run(many, *TO_MANY, stdin="120\n")
    assert done.exit_code == 0, done.output
    for words in (
        "subject   News",
        "to        newsletter",
        "people    120",
        "such as   person1@example.com, person2@example.com, person3@example.com",
        "Type the number of people",
    ):
        assert words in done.stderr
    assert "left the list" in done.stdout
    assert "is running: 120 letters" in done.stdout


@pytest.mark.parametrize("typed", ["12\n", "\n", "y\n", "yes\n", "1200\n", "120 people\n"])
def test_a_typed_number_that_does_not_match_starts_nothing(many: Path, typed: str):
    done = run(many, *TO_MANY, stdin=typed)
    assert done.exit_code == 2
    assert "120 people would get it: nothing was started" in done.stderr
    assert none_started(many)


@pytest.mark.parametrize("number", ["119", "121", "many", "0120"])
def test_a_script_must_say_the_right_number(many: Path, number: str):
    done = run(many, *TO_MANY, f"--yes={number}")
    assert done.exit_code == 2
    assert "120 people would get it: nothing was started" in done.stderr
    assert none_started(many)


def test_yes_alone_is_not_enough_for_many_and_says_what_is(many: Path):
    done = run(many, *TO_MANY, "--yes")
    assert done.exit_code == 2
    assert "say so with --yes 120" in done.stderr
    assert none_started(many)
    assert run(many, *TO_MANY, "--yes", "120").exit_code == 0


def test_a_number_that_was_right_before_somebody_left_starts_nothing(many: Path):
    with open_workspace(str(many)) as workspace, workspace.database.write() as connection:
        suppress(connection, 7)
    done = run(many, *TO_MANY, "--yes", "120")
    assert done.exit_code == 2
    assert "'120' was said, and 119 people would get it" in done.stderr
    assert none_started(many)


def test_a_segment_that_empties_the_audience_says_so_and_starts_nothing(many: Path):
    done = run(many, *TO_MANY, "--segment", "sweden", "--yes")
    if "has no segment" in done.stderr:
        done = run(many, *TO_MANY, "--rule", "country == 'SE'", "--yes")
    assert done.exit_code == 2
    assert "would get it, for the reasons above: nothing was started" in done.stderr
    assert "not in the segment: country == 'SE'" in done.stdout
    assert none_started(many)
