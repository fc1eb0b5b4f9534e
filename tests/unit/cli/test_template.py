"""`mailer template preview` shows the sender of the list that a person is on."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("list_name", "title"),
    [
        ("newsletter", "News from the mountains"),
        ("course-dates", "Dates of avalanche courses"),
    ],
)
def test_a_preview_is_in_the_name_of_the_persons_own_list(
    tmp_path: Path, list_name: str, title: str
):
    with make_workspace(tmp_path):
        pass
    basis = ("--list", list_name, "--basis", "express", "--source", "stall")
    run(tmp_path, "contact", "add", "kari@example.com", *basis, "--set", "name=Kari")
    order = ("template", "preview", "autumn-sale", "--contact", "kari@example.com")
    assert title in run(tmp_path, *order)
    other = {"newsletter", "course-dates"} - {list_name}
    assert title not in run(tmp_path, *order, "--list", *other)
