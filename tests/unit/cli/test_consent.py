"""`mailer consent` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer

PARTNERS = """
[acme]
title = "Acme Tours"
purpose = "Tents."
gets = []

[[acme.wordings]]
version = 1
text = "Yes, give Acme my address."
"""
CLICKS = """
[clicks]
title = "What you follow"
purpose = "To write about what you read."

[[clicks.wordings]]
version = 1
text = "Yes, remember which links I follow."
"""
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
    for lists in (
        (), ("--list", "newsletter", "--all"),
        ("--partner", "acme", "--clicks", "newsletter"),
    ):  # fmt: skip
        done = run(shop, "consent", "withdraw", "kari@example.com", *lists, *BY, status=2)
        assert "--list NAME, --all" in done.stderr


def test_what_would_change_is_said_and_nothing_is_written(shop: Path):
    for order in (("withdraw", "kari@example.com", "--all"), ("object", "new@example.com")):
        done = run(shop, "consent", *order, *BY, "--dry-run")
        assert done.stdout == (
            f"{order[1]} would be off all marketing from now on; nothing was changed\n"
        )
    run(shop, "consent", "object", "new@example.com", *BY)
    again = run(shop, "consent", "object", "new@example.com", *BY, "--dry-run").stdout
    assert again == "new@example.com was off all marketing already; nothing was changed\n"
    told = run(shop, "explain", "kari@example.com").stdout
    assert "withdrawn" not in told


def test_somebody_who_calls_takes_a_separate_consent_back(shop: Path):
    (shop / "partners.toml").write_text(PARTNERS)
    file = shop / "lists/newsletter.toml"
    file.write_text(file.read_text() + CLICKS)
    order = ("consent", "withdraw", "kari@example.com", *BY)
    done = run(shop, *order, "--partner", "acme")
    assert done.stdout == (
        "kari@example.com is off sharing with acme from now on (entry 2 of the ledger)\n"
    )
    done = run(shop, *order, "--clicks", "newsletter")
    assert "off the click record of newsletter from now on (entry 3" in done.stdout
    # She stays on the list.
    assert "subscribed" in run(shop, "contact", "show", "kari@example.com").stdout
    done = run(shop, *order, "--partner", "acne", status=2)
    assert "there is no partner 'acne'" in done.stderr


@pytest.mark.parametrize("spoiled", [None, "title = “News”"])
def test_no_file_keeps_a_no_from_being_written_down(shop: Path, spoiled: str | None):
    (shop / "partners.toml").write_text(PARTNERS)
    file = shop / "lists/newsletter.toml"
    file.write_text(file.read_text() + CLICKS)
    kinds = ("--partner", "acme"), ("--clicks", "newsletter"), ("--list", "newsletter")
    for kind in kinds[:2]:
        run(shop, "consent", "withdraw", "ola@example.com", *kind, *BY)
    for one in (shop / "partners.toml", file):
        one.unlink()
        if spoiled is not None:
            one.write_text(spoiled, encoding="utf-8")
    for entry, kind in enumerate(kinds, start=2):
        done = run(shop, "consent", "withdraw", "kari@example.com", *kind, *BY)
        assert f"from now on (entry {entry} of the ledger)" in done.stdout
    told = run(shop, "contact", "show", "kari@example.com", "--json").stdout
    assert json.loads(told)["subscriptions"][0]["status"] == "unsubscribed"
    order = ("consent", "withdraw", "kari@example.com", "--list", "newsletters", *BY)
    assert "there is no list 'newsletters'" in run(shop, *order, status=2).stderr


def test_a_list_that_asks_for_no_click_record_has_none_to_withdraw(shop: Path):
    done = run(
        shop, "consent", "withdraw", "kari@example.com", "--clicks", "newsletter", *BY,
        status=2,
    )  # fmt: skip
    assert "lists/newsletter.toml has no [clicks]" in done.stderr


def test_an_objection_is_printed_for_programs_too(shop: Path):
    done = run(shop, "consent", "object", "new@example.com", *BY, "--json")
    assert json.loads(done.stdout) == {
        "address": "new@example.com", "known": False, "entry": None, "changed": True,
    }  # fmt: skip
    done = run(shop, "consent", "object", "other@example.com", *BY)
    assert "is no contact; the address is kept off all marketing" in done.stdout
