"""The law as checks: `mailer check` and a start refuse what may not go to many."""

import json
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.wiring import open_workspace

LIST = "lists/newsletter.toml"
BODY = "templates/mail/digest/body.html"
LEAVE = '<a href="{{ unsubscribe_url }}">'

REFUSED = [
    pytest.param(
        BODY, "{{ postal_address", "{{ letter_language",
        "must print {{ postal_address }}", id="no-address-in-the-letter",
    ),
    pytest.param(
        LIST, "Fjell & Fjord AS\nStorgata 12\n5003 Bergen, Norway", "",
        "postal_address is empty", id="no-address-of-the-list",
    ),
    pytest.param(
        BODY, LEAVE, '<a href="https://shop.example.com/">',
        "must print {{ unsubscribe_url }}", id="no-way-out",
    ),
    pytest.param(
        LIST, "Fjell & Fjord <news@fjellogfjord.example.com>",
        "news@fjellogfjord.example.com", "must say who writes", id="no-sender",
    ),
    pytest.param(
        LIST, "[[wordings]]", "[[segments.wordings]]",
        "[[wordings]] is missing", id="no-basis-of-consent",
    ),
    pytest.param(
        LIST, '"Yes, write to me about new gear, offers and tours, about once a week."',
        '" "', "text is empty", id="words-that-say-nothing",
    ),
]  # fmt: skip


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), *arguments))


def start(folder: Path, template: str, *more: str) -> Result:
    return run(
        folder, "campaign", "start", template, "--list", "newsletter", "--yes", *more
    )


def problems(folder: Path) -> str:
    done = run(folder, "check", "--offline", "--json")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return "\n".join(one["problem"] for one in rows if one["problem"])


def campaigns(folder: Path) -> int:
    with open_workspace(str(folder)) as workspace, workspace.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM campaign").scalar_one())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, [1], list_id="newsletter", wording=1)
    write_template(tmp_path, "digest")
    return tmp_path


def change(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_marketing_that_keeps_to_the_law_holds_and_starts(shop: Path):
    assert problems(shop) == ""
    assert start(shop, "digest").exit_code == 0
    assert campaigns(shop) == 1


@pytest.mark.parametrize(("path", "old", "new", "words"), REFUSED)
def test_marketing_that_does_not_is_found_and_does_not_start(
    shop: Path, path: str, old: str, new: str, words: str
):
    change(shop, path, old, new)
    assert words in problems(shop)
    refused = start(shop, "digest")
    assert refused.exit_code == 2
    assert words in refused.output
    assert campaigns(shop) == 0


NOTICE = """<!doctype html>
<html lang="en"><body>
<p>The burners of lot 7 leak gas. Please send yours back, we pay for it.</p>
<p><a href="https://shop.example.com/recall">How to send it back</a></p>
</body></html>
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("recall", "recall?utm_campaign=lot7", "'utm_campaign'"),
        ("</body>", "<p>20 % off all new burners!</p></body>", "sells something"),
        (
            "</body>",
            '<img src="https://shop.example.com/a.gif" alt="" width="1" height="1"></body>',
            "none that anybody sees",
        ),
    ],
)
def test_a_notice_that_sells_or_watches_does_not_start(
    shop: Path, old: str, new: str, words: str
):
    write_template(shop, "recall", body=NOTICE.replace(old, new), kind="notice")
    assert words in problems(shop)
    refused = start(shop, "recall", "--reason", "lot 7 leaks gas")
    assert refused.exit_code == 2
    assert words in refused.output
    assert campaigns(shop) == 0
    write_template(shop, "recall", body=NOTICE, kind="notice")
    assert start(shop, "recall", "--reason", "lot 7 leaks gas").exit_code == 0
