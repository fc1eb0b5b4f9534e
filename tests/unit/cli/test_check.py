"""`mailer check` finds what does not hold, and says where."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from journey.program import free_port, relay
from worlds import make_workspace

from mailer.cli.main import mailer


def check(folder: Path, *more: str, status: int) -> dict[str, str]:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "check", "--json", *more))
    assert done.exit_code == status, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert all(one["holds"] is not bool(one["problem"]) for one in rows)
    return {one["looked at"]: one["problem"] for one in rows}


@pytest.mark.parametrize("mode", ["rehearsal", "live"])
def test_the_example_holds_offline(tmp_path: Path, mode: str):
    make_workspace(tmp_path, mode=mode).close()
    found = check(tmp_path, "--offline", status=0)
    assert {
        "lists/newsletter.toml",
        "schedules/weekly-newsletter.toml",
        "templates/mail/autumn-sale",
        "disk",
    } <= found.keys()


@pytest.mark.parametrize(
    ("path", "old", "new", "place", "words"),
    [
        ("lists/newsletter.toml", "title", "titel", "lists/newsletter.toml", "title"),
        (
            "schedules/weekly-newsletter.toml", '"autumn-sale"', '"autum-sale"',
            "schedules/weekly-newsletter.toml", "autum-sale",
        ),
        (
            "lists/newsletter.toml", "# [welcome]", '[welcome]\ntemplate = "welcme"',
            "lists/newsletter.toml", "did you mean 'welcome'",
        ),
        (
            "lists/newsletter.toml", "# [welcome]", '[welcome]\ntemplate = "autumn-sale"',
            "lists/newsletter.toml", "must be 'journey'",
        ),
        (
            "templates/mail/autumn-sale/body.html", "{{ ", "{{ nonsense }}{{ ",
            "templates/mail/autumn-sale", "nonsense",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_named(
    tmp_path: Path, path: str, old: str, new: str, place: str, words: str
):
    make_workspace(tmp_path).close()
    file = tmp_path / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert words in check(tmp_path, "--offline", status=1)[place]


def test_the_relay_is_greeted_and_gets_no_letter_and_the_examples_pages_are_told(
    tmp_path: Path,
):
    with relay() as taken:
        make_workspace(
            tmp_path, relay={"host": "127.0.0.1", "port": taken.port, "tls": "none"}
        ).close()
        found = check(tmp_path, status=1)
        assert found[f"relay main, 127.0.0.1:{taken.port}"] == ""
        assert "still the example's" in found["pages at https://mail.example.com"]
        assert not taken.sink.seen


def test_a_relay_that_is_not_there_and_pages_that_only_we_can_open_are_told(
    tmp_path: Path,
):
    port = free_port()
    make_workspace(
        tmp_path,
        relay={"host": "127.0.0.1", "port": port, "tls": "none"},
        site={"public_url": "http://127.0.0.1:8025"},
    ).close()
    found = check(tmp_path, status=1)
    assert found[f"relay main, 127.0.0.1:{port}"].startswith("at connect:")
    assert "only this machine" in found["pages at http://127.0.0.1:8025"]
