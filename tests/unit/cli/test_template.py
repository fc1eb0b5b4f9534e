"""`mailer template`: a new letter, and its preview in the name of the person's list."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import make_workspace

from mailer.cli.main import mailer
from mailer.jobs.new_letter import new_letter


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(mailer, ("-w", str(folder), *arguments))
    assert done.exit_code == 2, done.output
    return done.stderr


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


def test_a_new_letter_can_be_previewed_at_once(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    made = run(tmp_path, "template", "new", "spring", "--from", "announcement")
    assert "made  templates/mail/spring/body.md\n" in made
    assert "templates/mail/spring/letter.toml" in made
    assert "Our doors open" in run(tmp_path, "template", "preview", "spring")
    assert "made" in run(tmp_path, "template", "new", "note", "--from", "plain letter")


def test_nothing_is_overwritten_by_a_new_letter(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    body = tmp_path / "templates/mail/spring/body.md"
    run(tmp_path, "template", "new", "spring")
    body.write_text("mine", encoding="utf-8")
    again = refused(tmp_path, "template", "new", "spring", "--from", "product")
    assert "templates/mail/spring is there already" in again
    assert body.read_text(encoding="utf-8") == "mine"


def test_a_letter_that_is_there_can_be_copied(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    run(tmp_path, "template", "new", "winter-sale", "--from", "autumn-sale")
    mail = tmp_path / "templates/mail"
    assert (mail / "winter-sale/body.html").read_bytes() == (
        mail / "autumn-sale/body.html"
    ).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("../x",), "'../x' cannot be a template's name"),
        (("_x",), "'_x' cannot be a template's name"),
        (
            ("x", "--from", "newsleter"),
            "no layout and no template 'newsleter'; did you mean",
        ),
        (("x", "--from", "../../lists"), "no layout and no template '../../lists'"),
    ],
)
def test_a_new_letter_that_cannot_be_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with make_workspace(tmp_path):
        pass
    assert words in refused(tmp_path, "template", "new", *arguments)
    assert not (tmp_path / "templates/mail/x").exists()


def test_an_older_workspace_gets_the_layouts_that_it_lacks(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    layouts = tmp_path / "templates/mail/_layouts"
    (layouts / "announcement.html").unlink()
    (layouts / "newsletter.html").write_text("mine", encoding="utf-8")
    made = run(tmp_path, "template", "new", "spring", "--from", "announcement")
    assert "made  templates/mail/_layouts/announcement.html\n" in made
    assert (layouts / "newsletter.html").read_text(encoding="utf-8") == "mine"


def test_what_no_contact_has_is_not_asked_for(tmp_path: Path) -> None:
    new_letter(str(tmp_path), "spring", "plain-letter", ())
    body = (tmp_path / "templates/mail/spring/body.md").read_text(encoding="utf-8")
    assert body.startswith("Dear friend,\n")


def check(folder: Path, *arguments: str) -> Result:
    order = ("-w", str(folder), "template", "check", "--no-spam", *arguments)
    return CliRunner().invoke(mailer, order)


def test_the_examples_templates_hold(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    done = check(tmp_path)
    assert done.exit_code == 0, done.output
    assert "autumn-sale:" in done.stdout
    assert done.stdout.count(" 0 errors, 0 warnings") == done.stdout.count(" errors, ") == 6


def test_an_error_is_printed_with_its_place_and_ends_with_1(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    body = tmp_path / "templates/mail/autumn-sale/body.html"
    broken = body.read_text().replace("https://fjellogfjord.example.com/shop", "/shop")
    body.write_text(broken)
    done = check(tmp_path, "autumn-sale")
    assert done.exit_code == 1
    assert "1 error" in done.stdout
    line = 1 + broken[: broken.index('href="/shop')].count("\n")
    assert (
        f"autumn-sale/body.html, line {line}: the link /shop/… is relative" in done.stdout
    )
    [found] = json.loads(check(tmp_path, "autumn-sale", "--json").stdout)
    [error] = [one for one in found["findings"] if one["severity"] == "error"]
    assert (error["rule"], error["line"]) == ("link", line)
    assert found["html_bytes"] > 1_000


def test_a_template_that_is_not_there_is_a_mistake(tmp_path: Path):
    with make_workspace(tmp_path):
        pass
    done = check(tmp_path, "autum-sale")
    assert done.exit_code == 2
    assert "did you mean 'autumn-sale'?" in done.stderr


def test_a_letter_in_two_languages_is_previewed_in_each(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    run(tmp_path, "template", "new", "winter", "--from", "newsletter")
    letter = tmp_path / "templates/mail/winter"
    (letter / "body.nb.md").write_text(
        "Hei {{ name }}, {{ 3990|money('NOK') }}\n\n![Fjell](picture.jpg)", encoding="utf-8"
    )
    (letter / "letter.toml").write_text(
        """
        layout = "newsletter"
        subject.en = "News"
        subject.nb = "Nytt"
        [sample]
        name = "Ingrid"
        """,
        encoding="utf-8",
    )
    english = run(tmp_path, "template", "preview", "winter")
    assert english.startswith("Subject: News\n")
    assert "In:      en (there is also nb)" in english
    look = tmp_path / "look.html"
    order = ("template", "preview", "winter", "--language", "nb-NO")
    found = json.loads(run(tmp_path, *order, "--json", "--html", str(look)))
    assert (found["subject"], found["language"]) == ("Nytt", "nb")
    assert found["languages"] == ["en", "nb"]
    assert "Hei Ingrid, 3 990 kr" in found["text"]
    html = look.read_text(encoding="utf-8")
    assert '<html lang="nb"' in html
    # Nothing is fetched: the image stands in the page itself.
    assert re.search(
        r'<img width="536" src="data:image/jpeg;base64,[^"]+" alt="Fjell"', html
    )


def test_a_contact_has_a_language_already(tmp_path: Path) -> None:
    with make_workspace(tmp_path):
        pass
    order = ("template", "preview", "autumn-sale", "--contact", "a@example.com")
    assert "a contact has a language" in refused(tmp_path, *order, "--language", "nb")
