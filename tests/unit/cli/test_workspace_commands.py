"""`init`, `config`, `key` and `db` as they are typed."""

import json
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailer.cli.main import mailer
from mailer.config.example import example
from mailer.store import schema
from mailer.wiring import open_workspace
from mailer.workspace.keyfile import read_keys


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(mailer, arguments, env=environment, catch_exceptions=False)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    folder = str(tmp_path / "shop")
    assert run("init", folder).exit_code == 0
    return folder


def test_init_makes_a_workspace_that_opens(tmp_path: Path):
    done = run("init", str(tmp_path / "shop"))
    assert done.exit_code == 0
    assert "made  config.toml" in done.stdout
    assert "kept" not in done.stdout
    with open_workspace(str(tmp_path / "shop")) as workspace:
        assert [one.name for one in workspace.mailing_lists()] == [
            "course-dates",
            "newsletter",
        ]
        assert len(workspace.ring.keys) == 3
        assert "interests" in workspace.specs


def test_what_is_secret_or_personal_can_be_read_by_its_owner_only(shop: str):
    for name in ("keys.toml", "mailer.db"):
        assert stat.S_IMODE(Path(shop, name).stat().st_mode) == 0o600


def test_init_again_keeps_everything(shop: str):
    before = {path: path.read_bytes() for path in Path(shop).rglob("*.*") if path.is_file()}
    done = run("init", shop)
    assert done.exit_code == 0
    assert "made" not in done.stdout.split("Next:")[0]
    after = {path: path.read_bytes() for path in Path(shop).rglob("*.*") if path.is_file()}
    assert after == before


def test_init_never_writes_over_what_a_marketer_wrote(tmp_path: Path):
    own = tmp_path / "lists" / "newsletter.toml"
    own.parent.mkdir()
    own.write_text("# mine", encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        'keys_file = "secret/keys.toml"', encoding="utf-8"
    )
    done = run("init", str(tmp_path))
    assert "kept  lists/newsletter.toml" in done.stdout
    assert own.read_text(encoding="utf-8") == "# mine"
    assert (tmp_path / "secret" / "keys.toml").exists()
    assert not (tmp_path / "keys.toml").exists()


def test_two_workspaces_never_share_a_key(tmp_path: Path):
    for name in ("a", "b"):
        run("init", str(tmp_path / name))
    rings = [read_keys(str(tmp_path / name / "keys.toml")) for name in ("a", "b")]
    secrets = {key.secret for ring in rings for key in ring.keys}
    assert len(secrets) == 6


def test_without_its_key_file_nothing_starts_and_the_file_is_named(shop: str):
    Path(shop, "keys.toml").unlink()
    for command in (["db", "verify"], ["key", "add", "--purpose", "token"], ["init", shop]):
        done = run("-w", shop, *command)
        assert done.exit_code == 2, command
        assert f"{shop}/keys.toml" in done.stderr


def test_a_database_that_is_gone_is_told_and_not_made_anew(shop: str):
    Path(shop, "mailer.db").unlink()
    done = run("-w", shop, "db", "verify")
    assert done.exit_code == 2
    assert "bring back a backup" in done.stderr
    assert not Path(shop, "mailer.db").exists()


def test_config_show_says_where_each_value_came_from(shop: str):
    done = run("-w", shop, "config", "show", "--json", MAILER_RELAY__PORT="2525")
    found = {one["setting"]: one for one in json.loads(done.stdout)}
    assert found["relay.port"] == {
        "setting": "relay.port", "value": 2525, "from": "environment MAILER_RELAY__PORT"
    }  # fmt: skip
    assert found["relay.host"]["from"] == "config.toml"


def test_config_show_never_shows_a_password(shop: str):
    Path(shop, "config.toml").write_text(
        'database = "postgresql://ann:s3cret@db.example/m"\n[relay]\npassword_env = "PW"',
        encoding="utf-8",
    )
    done = run("-w", shop, "config", "show", PW="hunter2")
    assert done.exit_code == 0
    assert "s3cret" not in done.output
    assert "hunter2" not in done.output


def test_config_example_prints_what_parses(tmp_path: Path):
    done = run("-w", str(tmp_path), "config", "example")
    assert done.stdout == example()
    assert tomllib.loads(done.stdout)["relay"]["host"] == "localhost"


def test_a_key_is_added_and_listed(shop: str):
    done = run("-w", shop, "key", "add", "--purpose", "suppression")
    assert done.exit_code == 0
    assert "key 4 (suppression) is in force" in done.stdout
    assert f"Copy {shop}/keys.toml anew" in done.stdout
    listed = json.loads(run("-w", shop, "key", "list", "--json").stdout)
    assert [(one["id"], one["purpose"], one["problem"]) for one in listed] == [
        (1, "token", ""),
        (2, "ledger", ""),
        (3, "suppression", ""),
        (4, "suppression", ""),
    ]


def test_no_key_is_printed(shop: str):
    secrets = [
        line.split('"')[1]
        for line in Path(shop, "keys.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("secret")
    ]
    shown = run("-w", shop, "key", "list").output + run("-w", shop, "config", "show").output
    assert len(secrets) == 3
    assert not any(secret in shown for secret in secrets)


@pytest.mark.parametrize(
    "command", [["key", "add", "--purpose", "suppression"], ["db", "upgrade"]]
)
def test_while_somebody_works_in_the_workspace_nobody_changes_what_it_stands_on(
    shop: str, command: list[str]
):
    with open_workspace(shop):
        done = run("-w", shop, *command)
    assert done.exit_code == 2
    assert "another mailer works in this workspace" in done.stderr
    assert run("-w", shop, *command).exit_code == 0


def test_while_a_key_is_added_nobody_begins_to_work(shop: str):
    with open_workspace(shop, alone=True):
        done = run("-w", shop, "db", "verify")
    assert done.exit_code == 2
    assert "try again when that has ended" in done.stderr


def test_a_backup_opens_with_the_keys_that_are_not_in_it(shop: str, tmp_path: Path):
    file = tmp_path / "monday.db"
    done = run("-w", shop, "db", "backup", str(file))
    assert f"backup  {file}" in done.stdout
    assert "The keys are not in it" in done.stdout
    Path(shop, "mailer.db").unlink()
    file.rename(Path(shop, "mailer.db"))
    assert run("-w", shop, "db", "verify").exit_code == 0


def test_a_workspace_that_is_whole_verifies(shop: str):
    done = run("-w", shop, "db", "verify", "--json")
    assert done.exit_code == 0
    assert {one["holds"] for one in json.loads(done.stdout)} == {True}


def test_a_workspace_that_is_not_whole_ends_verify_with_1(shop: str):
    with (
        open_workspace(shop) as workspace,
        workspace.database.write() as connection,
    ):
        connection.exec_driver_sql(
            "INSERT INTO mailing_list (id, name, title, words_floor, seen_at)"
            " VALUES ('x', 'x', 'x', 1, 0)"
        )
        connection.exec_driver_sql(
            "INSERT INTO subscription"
            " (contact_id, list_id, status, wording, since_at, ledger_number)"
            " VALUES (1, 'x', 'subscribed', 1, 0, 1)"
        )
    done = run("-w", shop, "db", "verify")
    assert done.exit_code == 1
    assert "contact 1" in done.stdout


def test_upgrading_what_is_up_to_date_says_so(shop: str):
    done = run("-w", shop, "db", "upgrade")
    assert done.stdout == f"the database has version {schema.head()} already\n"


def test_a_damaged_database_is_told_with_what_to_do(shop: str):
    Path(shop, "mailer.db").write_bytes(b"not a database at all" * 100)
    done = run("-w", shop, "db", "verify")
    assert done.exit_code == 2
    assert "damaged" in done.stderr
