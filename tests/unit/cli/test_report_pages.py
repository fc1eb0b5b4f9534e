"""Pages of `report` and `campaign report`, and what is told of lists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from audiences import move, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.model.reason import SaidWhy, WhyLeft
from mailer.store.reasons import say_why
from mailer.wiring import open_workspace, utc_now


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), *arguments))


def said(folder: Path, *arguments: str) -> str:
    done = run(folder, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def facts(folder: Path, *arguments: str) -> Any:
    return json.loads(said(folder, *arguments, "--json"))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Four people on the list, one of whom left; a campaign to the other three."""
    folder = tmp_path / "shop"
    make_workspace(folder).close()
    write_template(folder, "digest")
    agreed = ("--list", "newsletter", "--basis", "express", "--source", "the fair")
    for person in (1, 2, 3, 4):
        said(folder, "contact", "add", f"person{person}@example.com", *agreed)
    left = ("--list", "newsletter", "--how", "phone", "--by", "Ola")
    said(folder, "consent", "withdraw", "person4@example.com", *left)
    said(folder, "campaign", "start", "digest", "--list", "newsletter", "--yes")
    with open_workspace(str(folder)) as workspace, workspace.database.write() as connection:
        move(connection, 1, [1], state="accepted")
        reply = "550 5.1.1 <b>no such user</b>\x1b[2J"
        move(connection, 1, [2], state="refused", reply=reply)
    return folder


def test_the_lists_are_told_with_how_many_may_be_written_to(shop: Path) -> None:
    by_name = {one["list"]: one for one in facts(shop, "list", "list")}
    assert {name: one["members"] for name, one in by_name.items()} == {
        "newsletter": 3, "course-dates": 0,
    }  # fmt: skip
    assert by_name["newsletter"]["id"] == "newsletter"
    words = said(shop, "list", "list")
    assert re.search(r"newsletter +newsletter .* 3 ", words)


def test_a_list_is_told_by_state_and_growth(shop: Path) -> None:
    one = facts(shop, "list", "show", "newsletter")
    assert one["members"] == 3
    assert one["states"] == {"subscribed": 3, "unsubscribed": 1}
    (month,) = one["growth"]
    assert (month["joined"], month["left"], month["members"]) == (4, 1, 3)
    assert re.fullmatch(r"\d{4}-\d\d", month["name"])
    (week,) = facts(shop, "list", "show", "newsletter", "--by", "week")["growth"]
    assert re.fullmatch(r"\d{4}-W\d\d", week["name"])
    words = said(shop, "list", "show", "newsletter")
    assert "may be written to" in words
    assert "left the list" in words
    assert one["why_left"] == {}
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        why = SaidWhy(7, WhyLeft.TOO_OFTEN, "Every day!")
        say_why(connection, why, 4, "newsletter", 1, utc_now())
    assert facts(shop, "list", "show", "newsletter")["why_left"] == {"too_often": 1}
    words = said(shop, "list", "show", "newsletter")
    assert re.search(r"\n *1 +too many letters\n", words)
    # The person's own words are nobody's but hers.
    assert "Every day" not in words


def test_a_list_that_there_is_not_is_no_traceback(shop: Path) -> None:
    done = run(shop, "list", "show", "newsleter")
    assert done.exit_code == 2
    assert "newsleter" in done.stderr
    assert "Traceback" not in done.output
    assert run(shop, "list", "show", "newsletter", "--by", "day").exit_code == 2


def test_a_campaign_is_told_in_words_that_steer_no_terminal(shop: Path) -> None:
    words = said(shop, "campaign", "report", "1")
    assert re.search(r"planned +3\n", words)
    assert re.search(r"accepted +1 +33.3 %", words)
    assert "example.com: No such address (550 5.1.1)" in words
    assert "\x1b" not in words


@pytest.mark.parametrize("order", [("campaign", "report", "1"), ("report",)])
def test_a_page_is_one_file_and_shows_what_servers_said_as_text(
    shop: Path, tmp_path: Path, order: tuple[str, ...]
) -> None:
    file = tmp_path / "report.html"
    done = run(shop, *order, "--html", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"wrote {file}" in done.stderr
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "<b>no such user" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    # What is wider than a phone is reached by keyboard, and named.
    wide = re.findall(r'<div class="wide"[^>]*>', page)
    assert wide
    assert all('tabindex="0" role="region" aria-label="' in one for one in wide)
    # Again, over the old one; and with the figures as JSON beside it.
    assert json.loads(said(shop, *order, "--html", str(file), "--json"))


@pytest.mark.parametrize("order", [("campaign", "report", "1"), ("report",)])
@pytest.mark.parametrize("place", ["nowhere/report.html", "", "shop/config.toml/it"])
def test_a_page_that_cannot_be_written_is_no_traceback(
    shop: Path, tmp_path: Path, order: tuple[str, ...], place: str
) -> None:
    done = run(shop, *order, "--html", f"{tmp_path}/{place}")
    assert done.exit_code == 2, done.output
    assert "cannot be written" in done.stderr
    assert list(tmp_path.glob(".*.part")) == []
