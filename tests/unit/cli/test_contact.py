"""`mailer contact` as it is typed."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.agreeing import agree
from mailer.model.frequency import Frequency
from mailer.store.contacts import find_contact
from mailer.store.frequencies import choose_frequency
from mailer.wiring import open_workspace
from mailer.workspace.partners import read_partner

PEOPLE = """\
email,name,points,country
kari@example.com,Kari,700,NO
ola@example.com,=Ola,,SE
nobody,N,1,NO
"""
BASIS = ("--list", "newsletter", "--basis", "express", "--source", "stall")
IMPORT = (*BASIS, "--no-refusals")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with make_workspace(tmp_path):
        pass
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(mailer, ("-w", str(folder), "contact", *arguments))
    assert done.exit_code == status, done.output
    return done


def imported(shop: Path) -> Result:
    return run(shop, "import", str(shop / "people.csv"), *IMPORT)


def test_an_import_says_what_came_of_it(shop: Path):
    lines = imported(shop).stdout.splitlines()
    assert lines[:2] == ["3 rows read", "read as UTF-8, with commas between cells"]
    assert lines[2:4] == ["        2  new people", "        1  rejected"]
    assert lines[4].startswith("  line 4: 'nobody' is no email address")
    assert lines[5] == f"rejected rows, with the reason: {shop / 'people.rejected.csv'}"
    assert lines[6] == "this was batch 1; mailer contact import-undo 1 takes it back"


def test_what_a_till_exported_is_shown_as_it_was_taken(shop: Path):
    file = shop / "till.csv"
    file.write_bytes("E-postadresse\tNavn\tKasse\nå@example.com\tÅse\t3\n".encode("cp1252"))
    columns = ("--column", "E-postadresse=email", "--column", "Navn=name")
    done = run(shop, "import", str(file), *IMPORT, *columns, "--ignore-unknown")
    assert done.stdout.splitlines()[1:5] == [
        "read as Windows-1252, with tabs between cells",
        "  E-postadresse was taken for email",
        "  Navn was taken for name",
        "columns left out: kasse",
    ]
    wrong = run(shop, "import", str(file), *IMPORT, "--column", "Navn", status=2)
    assert "is not NAME=VALUE, such as E-post=email" in wrong.stderr


def test_a_dry_run_says_that_nothing_was_changed(shop: Path):
    done = run(shop, "import", str(shop / "people.csv"), *IMPORT, "--dry-run")
    assert done.stdout.splitlines()[0].endswith(
        "nothing was changed, this is what would be"
    )
    assert run(shop, "export").stdout.count("\n") == 1


def test_an_import_prints_json_for_programs(shop: Path):
    done = run(shop, "import", str(shop / "people.csv"), *IMPORT, "--json")
    found = json.loads(done.stdout)
    assert (found["batch"], found["rows"]) == (1, 3)
    assert found["counts"] == {"added": 2, "rejected": 1}


def test_an_import_needs_a_basis_and_a_source(shop: Path):
    path = str(shop / "people.csv")
    done = run(shop, "import", path, "--list", "newsletter", "--source", "x", status=2)
    assert "Missing option '--basis'" in done.stderr
    done = run(shop, "import", path, "--list", "newsletter", "--basis", "express", status=2)
    assert "Missing option '--source'" in done.stderr


def test_an_import_again_is_refused_with_its_number(shop: Path):
    imported(shop)
    done = run(shop, "import", str(shop / "people.csv"), *IMPORT, status=2)
    assert "already imported as batch 1" in done.stderr


def test_an_import_is_taken_back(shop: Path):
    imported(shop)
    done = run(shop, "import-undo", "1", "--json")
    assert json.loads(done.stdout) == {"batch": 1, "undone": 2, "kept": 0, "restored": 0}
    assert run(shop, "export", "--list", "newsletter").stdout.count("\n") == 1
    assert "no import 7" in run(shop, "import-undo", "7", status=2).stderr


def test_a_contact_is_shown_with_the_words_agreed_to(shop: Path):
    imported(shop)
    lines = run(shop, "show", "Kari@Example.com").stdout.splitlines()
    assert lines[0].startswith("kari@example.com is contact 1, since 20")
    assert "  points     700" in lines
    assert any(
        line.startswith("newsletter (News from the mountains): subs") for line in lines
    )
    assert any("words, version 2: “Yes, please write to me" in line for line in lines)
    found = json.loads(run(shop, "show", "kari@example.com", "--json").stdout)
    assert found["contact"]["attributes"]["points"] == 700
    assert found["subscriptions"][0]["basis"] == "express"
    done = run(shop, "show", "anne@example.com", status=2)
    assert "nothing is on record" in done.stderr


def test_one_person_is_added_with_values(shop: Path):
    add = ("add", "Anne@example.com", *BASIS, "--set", "name=Anne", "--set", "language=nb")
    assert run(shop, *add).stdout == "Anne@example.com: added\n"
    assert "on the list already" in run(shop, *add).stdout
    found = json.loads(run(shop, "show", "anne@example.com", "--json").stdout)
    assert (found["contact"]["language"], found["contact"]["attributes"]["name"]) == (
        "nb",
        "Anne",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "nmae=x"), "a contact has no 'nmae'; did you mean 'name'?"),
        (("--set", "name"), "is not NAME=VALUE"),
        (("--expires", "soon"), "is no time"),
        (("--expires", "2020-01-01"), "lies in the past"),
    ],
)
def test_what_cannot_be_added_is_said(shop: Path, arguments: tuple[str, ...], words: str):
    done = run(shop, "add", "a@example.com", *BASIS, *arguments, status=2)
    assert words in done.stderr


def test_an_export_is_csv_without_formulas_or_json_line_by_line(shop: Path):
    imported(shop)
    rows = list(csv.DictReader(io.StringIO(run(shop, "export").stdout)))
    assert [(row["email"], row["name"]) for row in rows] == [
        ("kari@example.com", "Kari"),
        ("ola@example.com", "'=Ola"),
    ]
    lines = run(shop, "export", "--list", "newsletter", "--json").stdout.splitlines()
    assert [json.loads(line)["address"] for line in lines] == [row["email"] for row in rows]


def test_an_export_says_how_often_people_want_letters_and_an_import_leaves_it(shop: Path):
    imported(shop)
    with open_workspace(str(shop)) as workspace, workspace.database.write() as connection:
        choose_frequency(connection, 1, Frequency.WEEKLY, datetime.now(UTC))
    done = run(shop, "export", "--list", "newsletter").stdout
    header, first, *_ = csv.reader(done.splitlines())
    assert dict(zip(header, first, strict=True))["how_often"] == "weekly"
    one = json.loads(run(shop, "export", "--json").stdout.splitlines()[0])
    assert one["frequency"] == "weekly"
    (shop / "again.csv").write_text(done)
    run(shop, "import", str(shop / "again.csv"), *IMPORT)


PARTNER = """
[tours]
title = "Tours"
purpose = "Invites."
gets = ["name"]

[[tours.wordings]]
version = 1
text = "Yes, tell Tours."
"""


@pytest.fixture
def agreed(shop: Path) -> Path:
    """Kari agreed that a partner gets her name, and Ola did not."""
    imported(shop)
    (shop / "partners.toml").write_text(PARTNER)
    with open_workspace(str(shop)) as workspace:
        world = workspace.world()
        partner = read_partner(world.folder, world.specs, "tours")
        with world.database.read() as connection:
            kari = find_contact(connection, "kari@example.com")
        assert kari is not None
        agree(world, kari.id, partner, None, None)
    return shop


def test_a_partner_gets_who_agreed_and_what_the_words_say(agreed: Path):
    given = run(agreed, "export", "--to", "tours", "--by", "Ola").stdout
    assert given.splitlines() == ["email,name", "kari@example.com,Kari"]
    given = run(agreed, "export", "--to", "tours", "--by", "Ola", "--json").stdout
    assert json.loads(given) == {"email": "kari@example.com", "name": "Kari"}


def test_a_partners_export_is_tried_without_giving_anything(agreed: Path):
    tried = run(agreed, "export", "--to", "tours", "--dry-run", "--json").stdout
    assert json.loads(tried) == {"partner": "tours", "people": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "tuors", "--by", "Ola"), "did you mean 'tours'?"),
        (("--to", "tours"), "say who gives it, with --by NAME"),
        (("--to", "tours", "--list", "newsletter"), "leave out --list"),
        (("--dry-run",), "go with --to PARTNER"),
    ],
)
def test_a_partners_export_that_cannot_be_prints_nothing(
    agreed: Path, arguments: tuple[str, ...], words: str
):
    done = run(agreed, "export", *arguments, status=2)
    assert done.stdout == ""
    assert words in done.stderr


def test_what_partners_were_given_is_listed(agreed: Path):
    assert "no partner was given anything" in run(agreed, "sharings").stdout
    run(agreed, "export", "--to", "tours", "--by", "Ola")
    run(agreed, "export", "--to", "tours", "--by", "Anne")
    found = json.loads(run(agreed, "sharings", "--json").stdout)
    assert [(one["partner"], one["by"], one["people"]) for one in found] == [
        ("tours", "Anne", 1), ("tours", "Ola", 1),
    ]  # fmt: skip
    run(agreed, "erase", "kari@example.com", "--by", "Ola", "--yes")
    found = json.loads(run(agreed, "sharings", "tours", "--json").stdout)
    assert [(one["people"], one["known"]) for one in found] == [(1, 0), (1, 0)]
    assert json.loads(run(agreed, "sharings", "nobody", "--json").stdout) == []
