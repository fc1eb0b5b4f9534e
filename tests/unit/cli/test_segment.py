"""`mailer segment` as it is typed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rulecases import Somebody, Standing, put
from worlds import make_workspace

from mailer.cli.main import mailer

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ON = (Standing("newsletter", "subscribed", NOW, None),)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), "segment", *arguments))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    people = [
        Somebody({"country": "NO", "points": 700, "member": True}, None, None, NOW, ON),
        Somebody({"country": "NO", "points": "many"}, None, None, NOW, ON),
        Somebody({"country": "SE", "city": "A\x1b[2J"}, None, None, NOW, ON),
    ]
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        put(connection, people)
    return tmp_path


def test_a_segment_is_counted_with_its_clauses(shop: Path):
    done = run(shop, "count", "newsletter/big-spenders")
    assert done.exit_code == 0
    assert [line.split(maxsplit=3) for line in done.stdout.splitlines()] == [
        ["segment", "people", "of", "rule"],
        ["newsletter/big-spenders", "1", "3", "points >= 500 and member"],
        ["clause", "1", "3", "points >= 500"],
        ["clause", "1", "3", "member"],
    ]


def test_a_count_is_given_as_json_too(shop: Path):
    done = run(shop, "count", "newsletter", "--rule", "country in ['NO']", "--json")
    assert json.loads(done.stdout) == [
        {
            "segment": "newsletter",
            "list_id": "newsletter",
            "rule": "country in ['NO']",
            "people": 2,
            "of": 3,
            "clauses": [],
            "notes": [],
        }
    ]


def test_a_note_does_not_mix_with_the_count(shop: Path):
    done = run(shop, "count", "--rule", "received('never')")
    assert "note: no campaign was ever called 'never'" in done.stderr
    assert "note" not in done.stdout


def test_a_preview_shows_people_and_values(shop: Path):
    done = run(shop, "preview", "newsletter", "--rule", "country == 'NO' and not city")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["address", "country", "city"],
        ["p@example.com", "NO", "-"],
        ["p@example.com", "NO", "-"],
    ]
    limited = run(shop, "preview", "newsletter/norway", "--limit", "1", "--json")
    assert [one["values"] for one in json.loads(limited.stdout)] == [{"country": "NO"}]
    assert "picks nobody" in run(shop, "preview", "newsletter", "--rule", "false").stdout


def test_a_value_cannot_write_to_the_terminal(shop: Path):
    done = run(shop, "preview", "--rule", "city is defined")
    assert "\x1b" not in done.stdout


def test_a_mistake_is_said_without_a_traceback(shop: Path):
    done = run(shop, "count", "newsletter", "--rule", "contry == 'NO'")
    assert done.exit_code == 2
    assert done.stderr == (
        "mailer: the rule, column 1: no such name 'contry'; did you mean 'country'?\n"
    )
