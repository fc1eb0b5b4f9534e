"""`mailer relay`: what is said of mailbox providers, and letting one go on."""

import json
import re
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.pace.shaping import Standing
from mailer.store.providerstates import keep_states
from mailer.wiring import utc_now


def run(folder: Path, *arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done.output


def a_shop(folder: Path) -> None:
    now = utc_now()
    with (
        make_workspace(folder) as workspace,
        workspace.database.write() as connection,
    ):
        slow = Standing(per_second=12, slowed_at=now, mark="421-4.7.28", marks=3)
        stopped = Standing(broken=True, stopped="550-5.7.515", slowed_at=now)
        rests = Standing(broken=True, rest_until=now + timedelta(hours=1), slowed_at=now)
        keep_states(
            connection,
            {"gmail": slow, "outlook": stopped, "strange.example": rests},
            now,
        )


def test_status_says_what_each_provider_is_given_and_why(tmp_path: Path):
    a_shop(tmp_path)
    lines = run(tmp_path, "relay", "status").splitlines()
    (gmail,) = [one for one in lines if one.startswith("gmail")]
    assert "12/s \u2193" in gmail
    assert "421-4.7.28 \u00d73" in gmail
    assert any(one.startswith("outlook") and "stopped" in one for one in lines)
    (strange,) = [one for one in lines if one.startswith("strange.example")]
    assert "next try" in strange
    # It was given no rate that could have fallen, and its letters wait among the others.
    assert re.search(r"no limit +- +- ", strange)
    assert re.search(r"12/s \u2193 +20 +0 ", gmail)
    rows = json.loads(run(tmp_path, "relay", "status", "--json"))
    states = {one["provider"]: one["state"] for one in rows if one.get("provider")}
    assert states == {"gmail": "closed", "outlook": "stopped", "strange.example": "open"}


def test_a_provider_that_was_stopped_goes_on_when_somebody_says_so(tmp_path: Path):
    a_shop(tmp_path)
    assert "one letter tries" in run(tmp_path, "relay", "resume", "outlook")
    rows = json.loads(run(tmp_path, "relay", "status", "--json"))
    states = {one["provider"]: one["state"] for one in rows if one.get("provider")}
    assert states["outlook"] == "half_open"
    assert "takes letters" in run(tmp_path, "relay", "resume", "gmail", status=2)
    assert "did you mean" in run(tmp_path, "relay", "resume", "outlok", status=2)


def test_what_is_known_of_providers_is_listed_with_a_workspaces_own_file(tmp_path: Path):
    a_shop(tmp_path)
    (tmp_path / "providers.toml").write_text("[gmail]\nper_second = 7\n", encoding="utf-8")
    rows = json.loads(run(tmp_path, "relay", "providers", "--json"))
    (gmail,) = [one for one in rows if one["provider"] == "gmail"]
    assert gmail["per_second"] == 7
    (tmp_path / "providers.toml").write_text("[gmail]\nper_second = 'x'\n", "utf-8")
    assert "must be a number" in run(tmp_path, "relay", "providers", status=2)
    assert "must be a number" in run(tmp_path, "check", "--files", status=1)
