"""`mailer api-key` as it is typed: made, shown once, listed, revoked."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailer.cli.main import mailer


@pytest.fixture
def folder(tmp_path: Path) -> str:
    made = tmp_path / "shop"
    assert CliRunner().invoke(mailer, ["init", str(made)]).exit_code == 0
    return str(made)


def test_a_key_is_shown_once_and_opens_nothing_when_it_is_revoked(folder: str):
    def run(*words: str):
        return CliRunner().invoke(mailer, ["-w", folder, "api-key", *words])

    made = json.loads(run("add", "till-3", "--json").stdout)
    assert made["name"] == "till-3"
    assert made["key"].startswith("mk_1_")
    listed = run("list", "--json").stdout
    assert made["key"] not in listed
    assert json.loads(listed)[0]["revoked"] is None
    refused = run("add", "till-3")
    assert refused.exit_code == 2
    assert "never used again" in refused.stderr
    assert "opens nothing since" in run("revoke", "till-3").stdout
    assert json.loads(run("list", "--json").stdout)[0]["revoked"] is not None
    assert run("revoke", "till-4").exit_code == 2
