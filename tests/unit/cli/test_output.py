"""Printing: the same facts as a table and as JSON, and nothing that moves the cursor."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mailer.cli.output import print_facts, print_rows, shown
from mailer.cli.printable import printable

NOON = datetime(2026, 11, 21, 13, 0, tzinfo=timezone(timedelta(hours=1)))
ROWS = [
    {"name": "Ålesund", "at": NOON, "left": None, "tags": ["a", "b"]},
    {"name": "東京", "at": NOON, "left": True, "tags": ()},
]


def test_rows_are_a_table_for_people(capsys: pytest.CaptureFixture[str]):
    print_rows(ROWS, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "name     at                       left  tags",
        "Ålesund  2026-11-21 12:00:00 UTC  -     a, b",
        "東京     2026-11-21 12:00:00 UTC  yes",
    ]


def test_rows_are_a_list_for_programs(capsys: pytest.CaptureFixture[str]):
    print_rows(ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"name": "Ålesund", "at": "2026-11-21T12:00:00Z", "left": None, "tags": ["a", "b"]},
        {"name": "東京", "at": "2026-11-21T12:00:00Z", "left": True, "tags": []},
    ]


def test_no_rows_are_told(capsys: pytest.CaptureFixture[str]):
    print_rows([], as_json=False, nothing="no campaigns yet")
    assert capsys.readouterr().out == "no campaigns yet\n"
    print_rows([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_facts_are_a_line_each(capsys: pytest.CaptureFixture[str]):
    print_facts({"planned": 10, "rate": 2.5}, as_json=False)
    assert capsys.readouterr().out == "planned  10\nrate     2.5\n"
    print_facts({"day": date(2026, 11, 21), "hash": b"\x01\xff"}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"day": "2026-11-21", "hash": "01ff"}


def test_what_comes_from_outside_cannot_write_to_the_terminal():
    assert printable("a\x1b[2Jb\r\nc\x00") == "a�[2Jb  c�"
    assert shown("550 \x1b]0;owned\x07") == "550 �]0;owned�"


def test_json_cannot_write_to_the_terminal_either_and_stays_the_same(
    capsys: pytest.CaptureFixture[str],
):
    said = {"subject": "\x9b31m \x7f \u202egpj.exe \ud800 \u2028 \U000e0041 Ålesund"}
    print_facts(said, as_json=True)
    print_rows([said], as_json=True)
    printed = capsys.readouterr().out
    assert printed.replace("\n", "").isprintable()
    assert "Ålesund" in printed
    first, _, second = printed.partition("}\n")
    assert json.loads(f"{first}}}") == said
    assert json.loads(second) == [said]


def test_json_has_no_type_that_nobody_chose(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(TypeError, match="JSON has no"):
        print_facts({"at": timedelta(1)}, as_json=True)
    assert capsys.readouterr().out == ""


def test_times_are_shown_in_utc():
    assert shown(NOON) == "2026-11-21 12:00:00 UTC"
    assert shown(NOON.astimezone(UTC)) == shown(NOON)
