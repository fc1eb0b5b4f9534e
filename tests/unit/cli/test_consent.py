"""`mailer consent` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer

BY = ("--how", "phone", "--by", "Ola")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with make_workspace(tmp_path):
        pass
    basis = ("--list", "newsletter", "--basis", "express", "--source", "stall")
    run(tmp_path, "contact", "add", "kari@example.com", *basis)
    return tmp_path


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == status, done.output
    return done


def test_somebody_who_calls_leaves_a_list(shop: Path):
    order = ("consent", "withdraw", "Kari@example.com", "--list", "newsletter", *BY)
    done = run(shop, *order)
    assert done.stdout == (
        "kari@example.com is off newsletter from now on (entry 2 of the ledger)\n"
    )
    again = run(shop, *order)
    assert (
        again.stdout == "kari@example.com was off newsletter already; nothing was changed\n"
    )
    told = run(shop, "explain", "kari@example.com").stdout
    assert "withdrawn newsletter by support, phone (entry 2)" in told


def test_all_of_it_has_to_be_said(shop: Path):
    for lists in ((), ("--list", "newsletter", "--all")):
        done = run(shop, "consent", "withdraw", "kari@example.com", *lists, *BY, status=2)
        assert "--list NAME, or --all" in done.stderr


def test_an_objection_is_printed_for_programs_too(shop: Path):
    done = run(shop, "consent", "object", "new@example.com", *BY, "--json")
    assert json.loads(done.stdout) == {
        "address": "new@example.com", "known": False, "entry": None, "changed": True,
    }  # fmt: skip
    done = run(shop, "consent", "object", "other@example.com", *BY)
    assert "is no contact; the address is kept off all marketing" in done.stdout
