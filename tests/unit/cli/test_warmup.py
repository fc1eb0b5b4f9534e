"""What the commands say of sending domains that are warmed up."""

import json
from datetime import timedelta
from pathlib import Path

from audiences import add_people
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.config.reading import read_settings
from mailer.jobs.check_warmups import check_warm_ups
from mailer.store import warmups
from mailer.wiring import Workspace, utc_now
from mailer.workspace.lists import list_names, read_list

PLANS = '\n[warm_up."example.com"]\nletters = [5, 10]\n[warm_up."exampel.com"]\n'


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 0, done.output
    return done.output


def a_shop(folder: Path) -> None:
    now = utc_now()
    with (
        make_workspace(folder) as workspace,
        workspace.database.write() as connection,
    ):
        warmups.charge(connection, "example.com", 4, now - timedelta(days=1))
        warmups.charge(connection, "example.com", 8, now)
        warmups.give_back(connection, "example.com", 1, now)
    with (folder / "config.toml").open("a", encoding="utf-8") as file:
        file.write(PLANS)


def test_relay_status_says_on_which_day_of_its_plan_a_domain_is(tmp_path: Path):
    a_shop(tmp_path)
    lines = run(tmp_path, "relay", "status").splitlines()
    (line,) = [one for one in lines if one.startswith("example.com")]
    assert "day 2 of 2, 7 of 10 letters today" in line
    rows = json.loads(run(tmp_path, "relay", "status", "--json"))
    found = {one["warm_up"]: one for one in rows if one.get("warm_up")}
    one = found["example.com"]
    assert (one["day"], one["of"], one["letters"], one["sent"]) == (2, 2, 10, 7)
    assert found["exampel.com"]["day"] == 1


def on_the_list(workspace: Workspace, people: int) -> None:
    with workspace.database.write() as connection:
        numbers = range(1, people + 1)
        add_people(connection, numbers, {"name": "K"}, list_id="newsletter", wording=1)


def test_a_dry_run_says_how_many_days_a_campaign_takes(tmp_path: Path):
    with make_workspace(tmp_path) as workspace:
        domain = workspace.mailing_list("newsletter").sender_address.rpartition("@")[2]
        on_the_list(workspace, 12)
    arguments = (
        "campaign", "start", "autumn-sale", "--list", "newsletter", "--allow-withheld",
        "--dry-run",
    )  # fmt: skip
    assert "day 1 of" not in run(tmp_path, *arguments)
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[warm_up."{domain}"]\nletters = [3, 5, 100]\n')
    words = (
        f"{domain} is on day 1 of 3, 0 of 3 letters today; what is over a day's share"
        " waits, and all have left in 2 days"
    )
    assert words in " ".join(run(tmp_path, *arguments).split())
    done = CliRunner().invoke(mailer, ("-w", str(tmp_path), *arguments, "--json"))
    told = json.loads(done.stdout)
    assert (told["gets_it"], words in told["notes"]) == (12, True)


def test_watching_a_campaign_shows_what_waits_for_its_domain(tmp_path: Path):
    with make_workspace(tmp_path) as workspace:
        sender = workspace.mailing_list("newsletter").sender_address
        on_the_list(workspace, 4)
    run(
        tmp_path, "campaign", "start", "autumn-sale", "--list", "newsletter",
        "--allow-withheld", "--yes",
    )  # fmt: skip
    run(tmp_path, "campaign", "pause", "1")
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[warm_up."{sender.rpartition("@")[2]}"]\nletters = [3]\n')
    done = CliRunner().invoke(
        mailer, ("-w", str(tmp_path), "campaign", "status", "1", "--watch"),
        env={"COLUMNS": "400"},
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "day 1 of 1, 0 of 3 letters today" in done.stderr


def test_the_check_finds_a_plan_for_a_domain_that_no_list_sends_from(tmp_path: Path):
    a_shop(tmp_path)
    folder = str(tmp_path)
    senders = {
        read_list(folder, name).sender_address.rpartition("@")[2]
        for name in list_names(folder)
    }
    domain = min(senders)
    looked = check_warm_ups(folder, [domain, f"{domain}x"])
    assert [one.problem == "" for one in looked] == [True, False]
    assert domain in looked[1].problem
    assert check_warm_ups(folder, read_settings({}, {}).warm_up) == []
    done = CliRunner().invoke(mailer, ("-w", folder, "check", "--json", "--offline"))
    (found,) = [one for one in json.loads(done.stdout) if "exampel.com" in one["looked at"]]
    assert not found["holds"]
