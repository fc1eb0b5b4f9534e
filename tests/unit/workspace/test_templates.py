"""Mail templates: read whole, and each mistake named with its file."""

from pathlib import Path

import pytest
from mailservers import ROOT
from templatefolders import SETTINGS, Folder

from mailer.compose.template import Edition, TemplateSource
from mailer.errors import NotFoundError
from mailer.model.kind import Kind
from mailer.workspace.templates import template_names


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_template_is_what_its_files_say(folder: Folder) -> None:
    assert folder.read() == TemplateSource(
        name="sale",
        subject="News for {{ name }}",
        preview="And more",
        kind=Kind.JOURNEY,
        sample={
            "name": "Ida",
            "points": 3,
            "share": 0.5,
            "member": True,
            "birthday": "1999-12-31",
            "interests": ["tents"],
        },
        html="<p>Hi</p>",
        text=None,
        files={},
    )


def test_a_written_text_belongs_to_it(folder: Folder) -> None:
    folder.write("sale/body.txt", "Hi\n")
    assert folder.read().text == "Hi\n"


def test_kind_and_preview_have_defaults(folder: Folder) -> None:
    folder.write("sale/letter.toml", 'subject = "x"')
    found = folder.read()
    assert (found.kind, found.preview, found.sample) == (Kind.MARKETING, "", {})


def test_all_that_is_named_is_read_and_nothing_else(folder: Folder) -> None:
    folder.write(
        "sale/body.html", '{% extends "_layouts/base.html" %}{% include "own.html" %}'
    )
    folder.write("sale/body.txt", '{% include "_layouts/foot.txt" %}')
    folder.write("sale/own.html", '{% from "_layouts/macros.html" import m %}')
    folder.write("_layouts/base.html", '{% include "_layouts/part.html" %}')
    folder.write("_layouts/part.html", '{% import "_layouts/macros.html" as m %}')
    folder.write("_layouts/macros.html", "{% macro m() %}{% endmacro %}")
    folder.write("_layouts/foot.txt", "foot")
    folder.write("_layouts/unused.html", "unused")
    assert list(folder.read().files) == [
        "_layouts/base.html",
        "_layouts/foot.txt",
        "_layouts/macros.html",
        "_layouts/part.html",
        "own.html",
    ]


def test_what_nobody_signed_up_to_stands_in_a_layout_without_a_way_out(
    folder: Folder,
) -> None:
    receipt = (ROOT / "templates/mail/_layouts/receipt.html").read_text(encoding="utf-8")
    assert "unsubscribe_url" not in receipt
    letter = 'subject = "x"\nkind = "transactional"\n'
    folder.write("sale/letter.toml", letter)
    # A workspace of before that layout goes on as it was.
    assert folder.read().layout == "plain-letter"
    folder.write("_layouts/receipt.html", receipt)
    assert folder.read().layout == "receipt"
    folder.write("sale/letter.toml", letter + 'layout = "newsletter"\n')
    assert folder.read().layout == "newsletter"
    folder.write("sale/letter.toml", 'subject = "x"\n')
    assert folder.read().layout == "plain-letter"


def test_files_that_name_each_other_are_read_once(folder: Folder) -> None:
    folder.write("sale/body.html", '{% include "_layouts/a.html" %}')
    folder.write("_layouts/a.html", '{% include "_layouts/b.html" %}')
    folder.write("_layouts/b.html", '{% include "_layouts/a.html" %}')
    assert list(folder.read().files) == ["_layouts/a.html", "_layouts/b.html"]


def test_a_missing_file_is_left_to_who_knows_the_line(folder: Folder) -> None:
    folder.write("sale/body.html", '{% include "_layouts/none.html" ignore missing %}')
    assert folder.read().files == {}


def test_templates_are_found_by_their_settings(folder: Folder) -> None:
    folder.write("_layouts/letter.toml", "")
    folder.write("other/body.html", "x")
    folder.write("b-first/letter.toml", "")
    assert template_names(str(folder.path)) == ["b-first", "sale"]


@pytest.mark.parametrize(
    "name", ["sael", "../sale", "sale/../sale", "_layouts", "", ".", "a/b"]
)
def test_a_template_that_is_not_there_names_the_nearest(folder: Folder, name: str) -> None:
    with pytest.raises(NotFoundError, match="there is no template"):
        folder.read(name)


def test_the_nearest_template_is_named(folder: Folder) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'sale'"):
        folder.read("slae")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", "letter.toml: the file is empty"),
        ("subject = ", "letter.toml: Invalid value"),
        ('preview = "x"', "letter.toml: subject is missing"),
        ('subject = " "', "letter.toml: subject is empty"),
        ("subject = 1", "letter.toml: subject is 1, but must be text in quotes"),
        (
            'subject = "x"\nprevew = "y"',
            "no such setting 'prevew'; did you mean 'preview'?",
        ),
        (
            'subject = "x"\nkind = "marketin"',
            "no such kind 'marketin'; did you mean 'marketing'?",
        ),
        ('subject = "x"\nsample = 1', "sample is 1, but must be a table"),
        ('subject = "x"\n[sample]\na = [1]', "[sample]: a must be text"),
        ('subject = "x"\n[sample]\na = nan', "[sample]: a must be text"),
        ('subject = "x"\n[sample]\na = 12:00:00', "[sample]: a must be text"),
        ('subject = "x"\n[sample.a]\nb = 1', "[sample]: a must be text"),
    ],
)
def test_wrong_settings_are_refused_with_the_file(
    folder: Folder, settings: str, words: str
) -> None:
    folder.write("sale/letter.toml", settings)
    refusal = folder.refusal()
    assert refusal.startswith("templates/mail/sale/letter.toml")
    assert words in refusal


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "templates/mail/sale/body.html: the file is empty: was it saved?"),
        (b" \n", "the file is empty"),
        (b"<p>\xe6</p>", "templates/mail/sale/body.html: byte 3 is not UTF-8"),
        (b"<p>\n\0</p>", "templates/mail/sale/body.html, line 2: a NUL character"),
        ("<p>æ</p>".encode("utf-16"), "body.html: byte 0 is not UTF-8"),
        ("<p>a</p>".encode("utf-16-le"), "body.html, line 1: a NUL character"),
        (b"<p>\n{% if x %}", "templates/mail/sale/body.html, line 2: "),
        (b"x" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_a_damaged_or_half_saved_file_is_refused_with_its_name(
    folder: Folder, content: bytes, words: str
) -> None:
    folder.write("sale/body.html", content)
    assert words in folder.refusal()


def test_a_damaged_part_names_the_part(folder: Folder) -> None:
    folder.write("sale/body.html", '{% include "_layouts/a.html" %}')
    folder.write("_layouts/a.html", b"\n\xff")
    assert folder.refusal().startswith(
        "templates/mail/_layouts/a.html: byte 1 is not UTF-8"
    )
    folder.write("_layouts/a.html", "\n\n{{ x")
    assert folder.refusal().startswith("templates/mail/_layouts/a.html, line 3: ")


def test_a_missing_body_is_refused(folder: Folder) -> None:
    (folder.mail / "sale" / "body.html").unlink()
    words = "templates/mail/sale: there is no body.html and no body.md and no body.mjml"
    assert folder.refusal() == words


def test_a_body_in_markdown_brings_its_layout_and_the_macros(folder: Folder) -> None:
    (folder.mail / "sale" / "body.html").unlink()
    folder.write("sale/body.md", "# Hi")
    folder.write("_layouts/plain-letter.html", '{% include "_layouts/foot.html" %}')
    folder.write("_layouts/foot.html", "foot")
    folder.write("_layouts/macros.html", "{% macro m() %}m{% endmacro %}")
    folder.write("_layouts/news.html", "news")
    found = folder.read()
    assert (found.file, found.html, found.layout) == ("body.md", "# Hi", "plain-letter")
    assert sorted(found.files) == [
        "_layouts/foot.html",
        "_layouts/macros.html",
        "_layouts/plain-letter.html",
    ]
    folder.write("sale/letter.toml", 'layout = "news"\n' + SETTINGS)
    assert sorted(folder.read().files) == ["_layouts/macros.html", "_layouts/news.html"]


def test_a_body_in_mjml_brings_what_it_includes(folder: Folder) -> None:
    (folder.mail / "sale" / "body.html").unlink()
    include = '<mj-include path="./offer.mjml" />'
    folder.write("sale/body.mjml", f"<mjml>{include}</mjml>")
    folder.write("sale/offer.mjml", "<mj-include path='_layouts/foot.mjml' />")
    folder.write("_layouts/foot.mjml", "<mj-text>foot</mj-text>")
    found = folder.read()
    assert (found.file, sorted(found.files)) == (
        "body.mjml",
        ["_layouts/foot.mjml", "offer.mjml"],
    )
    folder.write("sale/body.mjml", '<mj-include path="../../../secret.mjml"/>')
    assert "would lie outside of templates/mail/" in folder.refusal()


def test_a_layout_is_named_without_its_folder(folder: Folder) -> None:
    folder.write("sale/letter.toml", 'layout = "../news"\n' + SETTINGS)
    assert "layout is '../news': write the name of a file in" in folder.refusal()


def test_two_bodies_for_one_language_are_refused(folder: Folder) -> None:
    folder.write("sale/body.md", "# Hi")
    assert folder.refusal() == (
        "templates/mail/sale: both body.html and body.md are the letter: remove one"
    )


def test_each_language_has_its_own_files_and_lines(folder: Folder) -> None:
    folder.write("sale/body.pt_BR.md", "# Oi")
    folder.write("sale/body.pt-BR.txt", "Oi")
    folder.write("_layouts/plain-letter.html", "x")
    folder.write(
        "sale/letter.toml",
        """
        subject.en = "News"
        subject.pt-BR = "Novas"
        preview.pt-BR = ""
        language = "en"
        """,
    )
    found = folder.read()
    assert (found.subject, found.preview, found.language) == ("", "", "en")
    assert found.html == "<p>Hi</p>"
    assert found.editions == {
        "en": Edition(subject="News"),
        "pt-br": Edition("Novas", "", "# Oi", "body.pt_BR.md", "Oi"),
    }


def test_a_language_whose_subject_says_nothing_is_refused(folder: Folder) -> None:
    folder.write("sale/letter.toml", 'subject.en = "News"\nsubject.nb = " "')
    assert folder.refusal() == "templates/mail/sale/letter.toml, subject: nb is empty"


def test_a_byte_order_mark_is_no_part_of_the_text(folder: Folder) -> None:
    folder.write("sale/body.html", b"\xef\xbb\xbf<p>Hi</p>\r\n")
    assert folder.read().html == "<p>Hi</p>\n"


@pytest.mark.parametrize(
    "name", ["../../secret.html", "/etc/passwd", "_layouts/../../../secret.html", ".."]
)
def test_a_name_cannot_lead_out_of_the_templates(folder: Folder, name: str) -> None:
    (folder.path / "secret.html").write_text("secret")
    folder.write("_layouts/a.html", "a")
    folder.write("sale/body.html", f'{{% include "{name}" %}}')
    if name == "..":
        assert folder.read().files == {}
    else:
        assert "would lie outside of templates/mail/" in folder.refusal()


def test_a_link_cannot_lead_out_of_the_templates(folder: Folder) -> None:
    (folder.path / "secret.html").write_text("secret")
    folder.write("_layouts/a.html", "a")
    (folder.mail / "_layouts" / "b.html").symlink_to(folder.path / "secret.html")
    folder.write("sale/body.html", '{% include "_layouts/b.html" %}')
    assert "would lie outside of templates/mail/" in folder.refusal()
    (folder.mail / "_layouts" / "c.html").symlink_to(folder.mail / "_layouts" / "a.html")
    folder.write("sale/body.html", '{% include "_layouts/c.html" %}')
    assert folder.read().files == {"_layouts/c.html": "a"}


def test_a_body_cannot_be_a_link_that_leads_out(folder: Folder) -> None:
    (folder.path / "secret.html").write_text("secret")
    (folder.mail / "sale" / "body.html").unlink()
    (folder.mail / "sale" / "body.html").symlink_to(folder.path / "secret.html")
    assert "would lie outside of templates/mail/" in folder.refusal()
