"""The report's page in a browser: no column of the campaigns is out of sight."""

from pathlib import Path

import pytest
from audiences import write_template
from chromium import browser
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer

PAPER = 658
"""A4 without its margins of 18 mm, in pixels."""

_HIDDEN = "[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)"


LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsvorschrift"


def test_long_words_of_lists_and_of_what_people_agreed_to_fit_a_phone(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "shop"
    make_workspace(folder).close()
    file = folder / "lists" / "newsletter.toml"
    text = file.read_text(encoding="utf-8")
    for words in ("News from the mountains", "one click at any time"):
        assert words in text
        text = text.replace(words, f"{words} {LONG}")
    file.write_text(text, encoding="utf-8")
    report, proof = tmp_path / "report.html", tmp_path / "proof.html"
    for order in (
        ("contact", "add", "kari@example.com", "--list", "newsletter", "--basis", "express",
         "--source", "the fair"),
        ("report", "--html", str(report)),
        ("consent", "prove", "kari@example.com", "--html", str(proof)),
    ):  # fmt: skip
        done = CliRunner().invoke(mailer, ("-w", str(folder), *order))
        assert done.exit_code == 0, done.output
    with browser() as tab:
        for one in (report, proof):
            tab.size(360, 740)
            tab.go(one.as_uri())
            assert LONG in tab.run("document.body.textContent")
            assert tab.run("document.documentElement.scrollWidth") <= 360, one.name


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    make_workspace(folder).close()
    write_template(folder, "digest")
    agreed = ("--list", "newsletter", "--basis", "express", "--source", "the fair")
    for order in (
        ("contact", "add", "kari@example.com", *agreed),
        ("campaign", "start", "digest", "--list", "newsletter", "--name", "spring-sale"),
        ("report", "--html", str(tmp_path / "report.html")),
    ):  # fmt: skip
        done = CliRunner().invoke(mailer, ("-w", str(folder), *order), input="y\n")
        assert done.exit_code == 0, done.output
    return tmp_path / "report.html"


def test_all_columns_of_the_campaigns_are_seen_on_a_screen_and_on_paper(page: Path) -> None:
    with browser() as tab:
        tab.size(1100, 900)
        tab.go(page.as_uri())
        assert tab.run(
            "document.querySelector('.wide:last-of-type th:last-child').textContent"
        )
        assert max(tab.run(_HIDDEN)) <= 0
        tab.size(PAPER, 900)
        tab.ask("Emulation.setEmulatedMedia", media="print")
        assert tab.run("document.documentElement.scrollWidth") <= PAPER
