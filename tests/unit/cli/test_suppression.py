"""`mailer suppression` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer


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


def test_a_file_of_refusals_is_tried_and_imported(shop: Path):
    file = shop / "no.csv"
    file.write_text("email\nkari@example.com\nnobody\nola@example.com\n", encoding="utf-8")
    order = ("suppression", "import", str(file), "--reason", "unsubscribed")
    trial = run(shop, *order, "--dry-run").stdout.splitlines()
    assert "nothing was changed" in trial[0]
    assert run(shop, "suppression", "list").stdout == "nobody is suppressed\n"
    lines = run(shop, *order).stdout.splitlines()
    assert lines[:4] == [
        "3 rows read",
        "        2  kept away from now on",
        "        1  contacts who left because of it",
        "        1  rejected",
    ]
    assert lines[-1] == f"rejected rows, with the reason: {shop / 'no.rejected.csv'}"
    listed = run(shop, "suppression", "list").stdout
    assert "        2  marketing, unsubscribed" in listed
    assert "kari@example.com" in listed
    assert "ola@example.com" not in listed
    one = run(shop, "suppression", "list", "ola@example.com", "--json").stdout
    assert json.loads(one)[0]["reason"] == "unsubscribed"
    again = json.loads(run(shop, *order, "--json").stdout)
    assert again["counts"] == {"already": 2, "rejected": 1}


def test_what_staff_stopped_staff_can_let_through_again(shop: Path):
    add = ("suppression", "add", "kari@example.com", "--by", "Ola")
    assert run(shop, *add).stdout == (
        "kari@example.com: kept away from now on (marketing, manual)\n"
    )
    lift = ("suppression", "lift", "kari@example.com", "--by", "Ola")
    assert "would be lifted" in run(shop, *lift, "--dry-run").stdout
    assert "is lifted" in run(shop, *lift).stdout
    assert "not suppressed" in run(shop, *lift, status=2).stderr


def test_what_a_person_said_stays(shop: Path):
    run(
        shop, "suppression", "add", "a@example.com", "--by", "Ola", "--reason", "complained"
    )
    lift = ("suppression", "lift", "a@example.com", "--by", "Ola")
    assert "only the person can take it back" in run(shop, *lift, status=2).stderr
    more = ("--list", "newsletter", "--everything")
    assert "say one of" in run(shop, *lift, *more, status=2).stderr
    run(shop, "suppression", "add", "a@example.com", "--by", "Ola", "--list", "newsletter")
    done = run(shop, *lift).stdout.splitlines()
    assert done[0].endswith("(manual) is lifted")
    assert "marketing (complained) stays" in done[1]


def test_the_export_is_imported_again(shop: Path):
    run(shop, "suppression", "add", "=a@example.com", "--by", "Ola")
    run(shop, "suppression", "add", "kari@example.com", "--by", "Ola", "--everything")
    text = run(shop, "suppression", "export").stdout
    assert text.splitlines()[0] == "address,hash,scope,reason,since,until,source"
    file = shop / "export.csv"
    file.write_text(text, encoding="utf-8")
    done = run(shop, "suppression", "import", str(file))
    assert "        2  kept away already" in done.stdout
    objects = run(shop, "suppression", "export", "--json").stdout.splitlines()
    assert json.loads(objects[0])["scope"] == "everything"
    wrong = run(shop, "suppression", "import", str(file), "--reason", "bounced", status=2)
    assert "its own reasons" in wrong.stderr


def test_a_files_name_cannot_write_to_the_terminal(shop: Path):
    file = shop / "no\x1b]0;owned\x07.csv"
    file.write_text("email\nnobody\n", encoding="utf-8")
    basis = ("--basis", "express", "--source", "stall", "--no-refusals")
    for order in (
        ("suppression", "import", str(file), "--reason", "unsubscribed"),
        ("contact", "import", str(file), "--list", "newsletter", *basis),
    ):
        said = run(shop, *order).output
        assert "no�]0;owned�.rejected.csv" in said
        assert not {"\x1b", "\x07"} & set(said)
