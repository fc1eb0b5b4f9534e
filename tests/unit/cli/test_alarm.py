"""`mailer alarm` as it is typed, and alarms where a campaign's status is shown."""

import json
from pathlib import Path

import pytest
from audiences import add_people, move, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.campaigns import finish_if_done
from mailer.wiring import open_workspace, utc_now


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), *arguments))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A campaign of two letters that were both refused has ended."""
    standing = {"list_id": "newsletter", "wording": 1}
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, [1, 2], {"name": "Kari"}, **standing)
    write_template(tmp_path, "digest")
    begun = run(tmp_path, "campaign", "start", "digest", "--list", "newsletter", "--yes")
    assert begun.exit_code == 0, begun.output
    with open_workspace(str(tmp_path)) as workspace:
        with workspace.database.write() as connection:
            move(connection, 1, [1, 2], state="refused")
        assert finish_if_done(workspace.database, 1, utc_now())
    return tmp_path


def test_an_alarm_says_what_happened_and_what_to_do(shop: Path) -> None:
    listed = run(shop, "alarm", "list")
    assert listed.exit_code == 0
    first, happened, todo = listed.stdout.splitlines()
    assert first.startswith("alarm 1, ")
    assert "campaign 1 (" in first
    assert happened == "  it has ended and not one letter was accepted: 2 refused"
    assert "mailer campaign retry 1" in todo


def test_a_campaigns_status_shows_its_own_alarms(shop: Path) -> None:
    (alarm,) = json.loads(run(shop, "campaign", "status", "1", "--json").stdout)["alarms"]
    assert alarm["alarm"] == 1
    shown = run(shop, "campaign", "status", "1").stdout
    assert "not one letter was accepted: 2 refused" in shown


def test_an_acknowledged_alarm_is_not_listed_any_more(shop: Path) -> None:
    assert run(shop, "alarm", "acknowledge", "1").stdout == "alarm 1 is acknowledged\n"
    assert run(shop, "alarm", "list").stdout == "there is no open alarm\n"
    assert json.loads(run(shop, "alarm", "list", "--json").stdout) == []
    assert json.loads(run(shop, "campaign", "status", "1", "--json").stdout)["alarms"] == []


def test_an_alarm_that_is_not_there_cannot_be_acknowledged(shop: Path) -> None:
    again = run(shop, "alarm", "acknowledge", "7")
    assert again.exit_code == 2
    assert "there is no open alarm 7; `mailer alarm list` shows them" in again.stderr
