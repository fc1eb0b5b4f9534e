"""`mailer schedule` as it is typed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from audiences import add_people, write_schedule, write_template
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.fire import tick
from mailer.wiring import open_workspace


def run(folder: Path, *arguments: str, noun: str = "schedule") -> Result:
    return CliRunner().invoke(mailer, ("-w", str(folder), noun, *arguments))


def facts(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with make_workspace(tmp_path) as workspace, workspace.database.write() as connection:
        add_people(connection, range(1, 4), list_id="newsletter", wording=1)
    write_template(tmp_path, "digest")
    (tmp_path / "schedules" / "weekly-newsletter.toml").unlink()
    write_schedule(tmp_path, "morning", 'cron = "0 9 * * *"')
    return tmp_path


def test_the_list_shows_when_what_and_to_whom(shop: Path):
    shown = run(shop, "list").stdout
    assert "0 9 * * * (Europe/Oslo)" in shown
    assert "digest to newsletter" in shown
    (found,) = facts(run(shop, "list", "--json"))
    assert (found["schedule"], found["zone"]) == ("morning", "Europe/Oslo")
    assert len(found["next"]) == 3
    assert found["next"][0]["occurrence"].endswith("T09:00")
    assert (found["last"], found["waiting"], found["problem"]) == (None, [], "")


def test_a_broken_file_is_listed_with_its_problem(shop: Path):
    write_schedule(shop, "evening", 'cron = "0 25 * * *"')
    done = run(shop, "list")
    assert "note: schedules/evening.toml: cron: '25' is no hour" in done.stderr


def test_no_schedule_is_said_so(shop: Path):
    (shop / "schedules" / "morning.toml").unlink()
    assert run(shop, "list").stdout == "there is no schedule yet\n"


def miss(shop: Path) -> str:
    """Let yesterday's firing be missed; return its key."""
    now = datetime.now(UTC)
    with open_workspace(str(shop)) as workspace:
        world = workspace.world()
        tick(world, now - timedelta(days=1, hours=12))
        tick(world, now)
    waiting = facts(run(shop, "list", "--json"))[0]["waiting"]
    return str(waiting[-1]["occurrence"])


def test_a_missed_firing_is_listed_with_what_to_do_and_run_by_hand(shop: Path):
    key = miss(shop)
    notes = run(shop, "list").stderr
    assert f"mailer schedule run|skip morning --occurrence {key}" in notes
    dry = facts(run(shop, "run", "morning", "--occurrence", key, "--dry-run", "--json"))
    assert dry["gets_it"] == 3
    done = run(shop, "run", "morning", "--occurrence", key, "--yes")
    assert done.exit_code == 0
    assert "is running: 3 letters" in done.stdout
    again = run(shop, "run", "morning", "--occurrence", key, "--yes")
    assert again.exit_code == 2
    assert f"fired for {key} already" in again.stderr


def test_the_next_firing_is_skipped(shop: Path):
    first, second, _ = facts(run(shop, "list", "--json"))[0]["next"]
    done = run(shop, "skip", "morning")
    assert done.stdout.startswith(f"morning does not fire for {first['occurrence']}")
    assert facts(run(shop, "list", "--json"))[0]["next"][0] == second


def test_a_schedule_that_is_not_there_is_named_with_the_nearest(shop: Path):
    done = run(shop, "skip", "mornign")
    assert done.exit_code == 2
    assert "did you mean 'morning'?" in done.stderr


def test_running_early_fires_once(shop: Path):
    assert run(shop, "run", "morning", "--yes").exit_code == 0
    (made,) = facts(run(shop, "list", "--json", noun="campaign"))
    assert made["name"] == "morning"
