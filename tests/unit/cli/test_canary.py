"""The first letters of a campaign, as `mailer campaign` and a schedule speak of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.wiring import open_workspace

SCHEDULE = """
every = "6h"
zone = "UTC"
template = "digest"
list = "newsletter"
"""
FIRST = "3 letters go first, and the rest 15m after they were tried"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Twenty people on the list, and three letters that go first."""
    settings = {"canary_letters": 3, "canary_share": 0.1, "canary_wait_s": 900}
    with (
        make_workspace(tmp_path, campaigns=settings) as workspace,
        workspace.database.write() as connection,
    ):
        add_people(connection, range(1, 21), {}, list_id="newsletter", wording=1)
    write_template(tmp_path, "digest")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 0, done.output
    return done


def start(folder: Path, *more: str) -> Result:
    return run(folder, "campaign", "start", "digest", "--list", "newsletter", *more)


def told(folder: Path, number: int = 1) -> str:
    shown: dict[str, Any] = json.loads(
        run(folder, "campaign", "status", str(number), "--json").stdout
    )
    return str(shown["canary"])


def test_a_dry_run_says_that_some_letters_go_first(shop: Path) -> None:
    assert FIRST in start(shop, "--dry-run").output
    assert "go first" not in start(shop, "--dry-run", "--no-canary").output


def test_a_start_says_what_waits_for_what_and_without_it_nothing_does(shop: Path) -> None:
    assert "canary: " in start(shop, "--yes").output
    assert "3" in told(shop)
    assert "canary: " not in start(shop, "--yes", "--again", "--no-canary").output
    assert told(shop, 2) == ""


def test_who_resumes_without_the_canary_lets_all_of_them_go(shop: Path) -> None:
    start(shop, "--yes")
    run(shop, "campaign", "pause", "1", "--reason", "a look")
    assert "let go by hand" not in told(shop)
    run(shop, "campaign", "resume", "1", "--no-canary")
    assert "let go by hand" in told(shop)


@pytest.mark.parametrize(("line", "waits"), [("", True), ("canary = false\n", False)])
def test_a_schedule_says_whether_its_first_letters_are_looked_at(
    shop: Path, line: str, *, waits: bool
) -> None:
    file = shop / "schedules" / "digest.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(SCHEDULE + line, encoding="utf-8")
    run(shop, "schedule", "run", "digest", "--yes")
    with open_workspace(str(shop)) as workspace, workspace.database.read() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar()
    assert found == 20
    assert bool(told(shop)) is waits
