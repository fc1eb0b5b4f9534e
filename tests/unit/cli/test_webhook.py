"""`mailer webhook` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailer.cli.main import mailer
from mailer.model.webhook import read_secret_key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    assert CliRunner().invoke(mailer, ["init", str(made)]).exit_code == 0
    return made


def test_endpoints_are_listed_and_one_that_is_not_known_is_refused(folder: Path):
    def run(*words: str):
        return CliRunner().invoke(mailer, ["-w", str(folder), "webhook", *words])

    made = run("secret").stdout
    assert len(read_secret_key(made)) == 32
    assert made != run("secret").stdout
    with (folder / "config.toml").open("a") as config:
        config.write('\n[webhooks.shop]\nurl = "https://shop.example.com/h"\n')
        config.write('secret_env = "SHOP_SECRET"\n')
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["endpoint"], listed["since"], listed["waiting"]) == ("shop", None, 0)
    refused = run("replay", "shpo")
    assert refused.exit_code == 2
    assert "no endpoint 'shpo'" in refused.stderr
    assert run("replay", "shop", "--hours", "0").exit_code == 2
