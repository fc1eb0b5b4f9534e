"""What the commands say of sending domains that are warmed up."""

import json
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.config.reading import read_settings
from mailer.jobs.check_warmups import check_warm_ups
from mailer.store import warmups
from mailer.wiring import utc_now
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
