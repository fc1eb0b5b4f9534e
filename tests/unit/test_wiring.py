"""Wiring: secrets from where the settings say, paths in the workspace, the jobs' world."""

from datetime import timedelta
from pathlib import Path

import pytest
from worlds import make_workspace

from mailer.errors import ConfigError, KeyFileError, NotFoundError, WorkspaceError
from mailer.wiring import open_workspace


def test_the_relay_s_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with make_workspace(tmp_path, relay={"password_env": "RELAY_PASSWORD"}) as workspace:
        monkeypatch.setenv("RELAY_PASSWORD", "hunter2")
        assert workspace.relay_password("relay", workspace.settings.relay) == "hunter2"
        assert "hunter2" not in repr(workspace)
        monkeypatch.delenv("RELAY_PASSWORD")
        with pytest.raises(
            ConfigError, match=r"relay.password_env names RELAY_PASSWORD, but"
        ):
            workspace.relay_password("relay", workspace.settings.relay)


def test_the_relay_s_password_comes_from_a_file_of_the_workspace(tmp_path: Path):
    with make_workspace(tmp_path, relay={"password_file": "relay-password"}) as workspace:
        with pytest.raises(WorkspaceError, match="relay-password: there is no such file"):
            workspace.relay_password("relay", workspace.settings.relay)
        (tmp_path / "relay-password").write_text("hunter2\n", encoding="utf-8")
        assert workspace.relay_password("relay", workspace.settings.relay) == "hunter2"


def test_without_a_login_there_is_no_password(tmp_path: Path):
    with make_workspace(tmp_path) as workspace:
        assert workspace.relay_password("relay", workspace.settings.relay) == ""


def test_the_settings_reach_the_jobs(tmp_path: Path):
    with make_workspace(
        tmp_path,
        time_zone="Europe/Oslo",
        sending={"give_up_after_h": 0.5},
        campaigns={"again_within_days": 3, "withheld_share": 0.5},
        schedules={"grace_s": 5},
    ) as workspace:
        world = workspace.world()
    assert (world.zone, world.withheld_share) == ("Europe/Oslo", 0.5)
    assert world.give_up_after == timedelta(minutes=30)
    assert world.again_within == timedelta(days=3)
    assert world.grace == timedelta(seconds=5)


def test_the_site_says_who_letters_of_no_list_are_from(tmp_path: Path):
    with make_workspace(
        tmp_path / "a", site={"sender": "Fjell & Fjord <hei@fjørd.example>"}
    ) as workspace:
        site = workspace.site()
    assert (site.sender_name, site.sender_address) == (
        "Fjell & Fjord",
        "hei@xn--fjrd-hra.example",
    )
    with (
        make_workspace(tmp_path / "b", site={"sender": "Fjell & Fjord"}) as workspace,
        pytest.raises(WorkspaceError, match=r"config.toml: site.sender is 'Fjell & Fjord'"),
    ):
        workspace.site()


def test_files_and_database_may_lie_elsewhere(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    with make_workspace(
        tmp_path / "shop",
        database=f"sqlite:///{elsewhere}/state.db",
        keys_file=f"{elsewhere}/keys.toml",
    ):
        names = {path.name for path in elsewhere.iterdir()}
    assert {"state.db", "keys.toml"} <= names


def test_a_list_is_found_by_its_file_s_name(tmp_path: Path):
    with make_workspace(tmp_path) as workspace:
        assert workspace.mailing_list("newsletter").title == "News from the mountains"
        with pytest.raises(NotFoundError, match="did you mean 'newsletter'"):
            workspace.mailing_list("newslettr")


def test_opened_without_its_keys_a_workspace_gives_none(tmp_path: Path):
    make_workspace(tmp_path).close()
    (tmp_path / "keys.toml").unlink()
    with (
        open_workspace(str(tmp_path), need_keys=False) as workspace,
        pytest.raises(KeyFileError, match="without its keys"),
    ):
        _ = workspace.ring
