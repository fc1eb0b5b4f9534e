"""Images and attachments: what may go with a letter, and what is said about the rest."""

# ruff: noqa: E501 - templates and tables are read line by line

from pathlib import Path

import pytest
from images import gif, jpeg, png

from mailer.compose.template import TemplateSource
from mailer.errors import TemplateError
from mailer.workspace.templates import read_template

SETTINGS = 'subject = "News"\nkind = "transactional"\n'


def write(folder: Path, name: str, content: bytes | str) -> None:
    file = folder / "templates/mail" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def read(
    folder: Path, body: str = "", settings: str = "", **files: bytes | str
) -> TemplateSource:
    write(folder, "sale/letter.toml", settings + SETTINGS)
    write(folder, "sale/body.html", body or "<p>Hi</p>")
    for name, content in files.items():
        write(folder, f"sale/{name}", content)
    return read_template(str(folder), "sale")


def refusal(folder: Path, name: str, content: bytes | str, settings: str = "") -> str:
    with pytest.raises(TemplateError) as caught:
        read(folder, f'<img src="{name}">', settings, **{name: content})
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", png(), "image/png"),
        ("a.jpg", jpeg(), "image/jpeg"),
        ("a.gif", gif(), "image/gif"),
        ("a.jpg", png(), "image/png"),
        ("A.PNG", png(), "image/png"),
    ],
)
def test_an_image_is_known_by_what_is_in_it(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    source = read(tmp_path, f'<img src="{name}" alt="">', **{name: content})
    found = source.images[name]
    assert (found.type, found.width, found.size_bytes) == (kind, 40, len(content))
    assert source.contents[found.hash] == content


@pytest.mark.parametrize(
    "body",
    [
        '<img src="a.png">',
        "<img src='a.png'>",
        "{{ image('a.png', 'A') }}",
        '{% set x = {"file": "a.png"} %}',
        "<style>td { background: url(a.png) }</style>",
        "![A](a.png)",
        '![A](a.png "title")',
        "![A](<a.png>)",
        '<td background="a.png">',
    ],
)
def test_whatever_way_an_image_is_named_it_is_read(tmp_path: Path, body: str) -> None:
    macro = "{% macro image(a, b) %}{% endmacro %}"
    assert set(read(tmp_path, macro + body, **{"a.png": png()}).images) == {"a.png"}


def test_an_image_that_no_text_names_stays_where_it_is(tmp_path: Path) -> None:
    body = '<img src="https://shop.example.com/a.png"> a.png'
    source = read(tmp_path, body, **{"a.png": png()})
    assert source.images == {}
    assert source.contents == {}


def test_an_image_of_a_layout_and_one_with_a_space_are_read(tmp_path: Path) -> None:
    write(tmp_path, "_layouts/logo.png", png())
    body = '<img src="_layouts/logo.png"><img src="my tent.png">![](my%20tent.png)'
    source = read(tmp_path, body, **{"my tent.png": png()})
    assert set(source.images) == {"_layouts/logo.png", "my tent.png"}


def test_an_image_of_40_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "templates/mail/sale").mkdir(parents=True)
    with (tmp_path / "templates/mail/sale/tent.jpg").open("wb") as file:
        file.truncate(40_000_000)
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, '<img src="tent.jpg">')
    assert str(caught.value) == (
        "templates/mail/sale/tent.jpg has 40.0 MB, and may have 2 at most: readers on a phone"
        " would wait for it: save it smaller (1,200 pixels are wide enough for any letter)"
    )


def test_an_svg_with_a_script_is_refused(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    words = refusal(tmp_path, "logo.svg", svg)
    assert words.startswith(
        "templates/mail/sale/logo.svg: this is an SVG with a script in it"
    )
    assert words.endswith("save it as PNG")
    assert "an SVG with a script" in refusal(tmp_path, "logo.png", svg)
    plain = refusal(tmp_path, "logo.svg", "<svg/>")
    assert "this is an SVG, and Gmail and Outlook show none: save it as PNG" in plain


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"not at all", "this is no PNG, JPEG, GIF or WebP image"),
        ("a.avif", b"\0\0\0 ftypavif", "this is no PNG, JPEG, GIF or WebP image"),
        ("a.png", b"", "the file is empty"),
        ("a.png", png()[:12], "the image is damaged"),
        ("a.gif", gif(9_000, 10), "is 9000 x 10 pixels"),
    ],
)
def test_what_is_no_image_is_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    assert words in refusal(tmp_path, name, content)


@pytest.mark.parametrize(
    "name", ["../../secret.png", "/etc/secret.png", "_layouts/../../x.png"]
)
def test_an_image_from_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, f'<img src="{name}">')
    assert "would lie outside of templates/mail/" in str(caught.value)


def test_a_link_to_an_image_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    write(tmp_path, "sale/letter.toml", SETTINGS)
    (tmp_path / "templates/mail/sale/a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, '<img src="a.png">')
    assert "would lie outside of templates/mail/" in str(caught.value)


def test_images_go_inside_the_letter_by_choice(tmp_path: Path) -> None:
    body = '<img src="a.png"><img src="b.png">'
    files: dict[str, bytes | str] = {"a.png": png(), "b.png": png(shade=1)}
    assert not read(tmp_path, body, **files).embeds("a.png")
    every = read(tmp_path, body, "embed = true\n", **files)
    assert every.embeds("a.png")
    assert every.embeds("b.png")
    one = read(tmp_path, body, 'embed = ["b.png"]\n', **files)
    assert (one.embeds("a.png"), one.embeds("b.png")) == (False, True)
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, body, 'embed = ["c.png"]\n', **files)
    assert "embed names 'c.png', and there is no file templates/mail/sale/c.png" in str(
        caught.value
    )


def test_files_are_attached_by_name(tmp_path: Path) -> None:
    settings = 'attachments = ["prices.pdf", "a.png"]\n'
    source = read(tmp_path, "", settings, **{"prices.pdf": b"%PDF-1.7 x", "a.png": png()})
    assert {name: one.type for name, one in source.attachments.items()} == {
        "prices.pdf": "application/pdf",
        "a.png": "image/png",
    }
    assert TemplateSource.from_dict(source.as_dict()) == source


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "a.exe",
            b"MZ\0",
            "a.exe cannot be attached: mail servers refuse what could be run",
        ),
        ("a.pdf", b"MZ\0", "a.pdf cannot be attached"),
        ("a.txt", b"#!/bin/sh", "a.txt cannot be attached"),
        ("a.html", b"<html>", "a.html cannot be attached"),
        ("a.docm", b"PK\x03\x04", "a.docm cannot be attached"),
        ("a.zip", b"PK\x03\x04", "a.zip cannot be attached"),
        ("pdf", b"%PDF-", None),
        ("a.pdf", b"hello", "a.pdf is no .pdf file, whatever its name says"),
        ("a.csv", b"a\0b", "a.csv is no .csv file"),
        ("a.svg", b"<svg onload='x'>", "an SVG with a script"),
        ("a.pdf", b"%PDF-" + bytes(5_000_001), "has 5.0 MB, and may have 5 at most"),
        (f"{'a' * 120}.pdf", b"%PDF-", "the name is longer than 100 characters"),
        ("a.pdf", None, "a.pdf cannot be read: No such file or directory"),
        ("../../config.toml", None, "would lie outside of templates/mail/"),
    ],
)
def test_what_cannot_be_attached_is_refused(
    tmp_path: Path, name: str, content: bytes | None, words: str | None
) -> None:
    files: dict[str, bytes | str] = {} if content is None else {name: content}
    if words is None:
        assert read(tmp_path, "", f'attachments = ["{name}"]\n', **files).attachments
        return
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, "", f'attachments = ["{name}"]\n', **files)
    assert words in str(caught.value)


def test_attachments_are_few_and_small_together(tmp_path: Path) -> None:
    six = {f"{number}.pdf": b"%PDF-" for number in range(6)}
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, "", f"attachments = {list(six)}\n", **six)
    assert "6 files are attached, and more than 5 nobody opens" in str(caught.value)
    two = {f"{number}.pdf": b"%PDF-" + bytes(2_600_000 + number) for number in range(2)}
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, "", f"attachments = {list(two)}\n", **two)
    assert "what is attached has 5.2 MB together, and may have 5 at most" in str(
        caught.value
    )


def test_two_attached_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "_layouts/a.pdf", b"%PDF-1")
    with pytest.raises(TemplateError) as caught:
        read(
            tmp_path,
            "",
            'attachments = ["a.pdf", "_layouts/a.pdf"]\n',
            **{"a.pdf": b"%PDF-2"},
        )
    assert "two attached files are called a.pdf" in str(caught.value)


@pytest.mark.parametrize("value", ['"a.pdf"', "[1]", "[' ']", "true"])
def test_attachments_are_a_list_of_names(tmp_path: Path, value: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(tmp_path, "", f"attachments = {value}\n")
    assert "attachments" in str(caught.value)
