"""The example's layouts: each composes at once, for everybody, as mail programs need it."""

import re
from dataclasses import replace
from pathlib import Path

import letters
import pytest
from letters import DATE, NEWS, person, ready

from mailer.compose.template import TemplateSource
from mailer.jobs.new_letter import new_letter
from mailer.model.kind import Kind
from mailer.workspace.templates import read_template

LAYOUTS = ("announcement", "newsletter", "plain-letter", "product", "receipt")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for layout in LAYOUTS:
        new_letter(str(folder), layout, layout, letters.SPECS)
    return folder


def data_for(source: TemplateSource) -> dict[str, object]:
    """Return what a letter is sent with, beside what its reader has."""
    return {name: source.sample[name] for name in source.data}


def html_for(source: TemplateSource, **known: object) -> str:
    reader = person(**data_for(source) | known)
    return letters.html_of(ready(source, mailing_list=NEWS).compose(reader, 1, 1, DATE))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_new_letter_composes_at_once(workspace: Path, layout: str) -> None:
    source = read_template(str(workspace), layout)
    assert source.layout == layout
    assert ready(source).needs == frozenset()
    assert "Ingrid" in html_for(source, **source.sample)
    reader = person(**data_for(source))
    stranger = letters.text_of(ready(source).compose(reader, 1, 1, DATE))
    assert "Ingrid" not in stranger
    assert "Storgata 12" in stranger
    assert ("/u/" in stranger) == (source.kind is Kind.MARKETING)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_letter_says_its_language_and_what_is_layout(
    workspace: Path, layout: str
) -> None:
    source = replace(read_template(str(workspace), layout), language="nb")
    html = html_for(source)
    assert '<html lang="nb" dir="ltr"' in html
    tables = re.findall(r"<table\b[^>]*>", html)
    data = [one for one in tables if 'role="presentation"' not in one]
    assert len(data) == html.count("<thead>")
    assert all(
        re.search(r'\balt="[^"]*"', one) for one in re.findall(r"<img\b[^>]*>", html)
    )
    assert re.search(r"<title>[^<]+</title>", html)
    assert 'lang="ar" dir="rtl"' in html_for(replace(source, language="ar"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_dark_mode_and_phones_are_seen_to_and_survive_inlining(
    workspace: Path, layout: str
) -> None:
    html = html_for(read_template(str(workspace), layout))
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media (max-width: 480px)" in html
    assert "{{" not in html
    assert "&#39;" not in html.partition("</head>")[0]
    # What Gmail cuts off begins at 102 kB, and most of a letter should be its words.
    assert len(html) < 20_000


@pytest.mark.parametrize("layout", LAYOUTS)
def test_outlook_gets_tables_of_a_fixed_width(workspace: Path, layout: str) -> None:
    html = html_for(read_template(str(workspace), layout))
    assert re.search(
        r'<!--\[if mso\]><table [^>]*width="600"[^>]*><tr><td><!\[endif\]-->', html
    )
    opened = html.count("<!--[if mso]>")
    assert opened == html.count("<![endif]-->")
    for inside in re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html, re.DOTALL):
        assert "<!--" not in inside


def test_a_button_is_one_in_outlook_too(workspace: Path) -> None:
    html = html_for(read_template(str(workspace), "announcement"))
    (link,) = re.findall(r'<a class="button"[^>]*>.*?</a>', html, re.DOTALL)
    assert "background-color: #b4541f" in link
    assert "color: #ffffff" in link
    assert "mso-font-width" in link


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_of_words_can_be_read(workspace: Path) -> None:
    frame = (workspace / "templates/mail/_layouts/frame.html").read_text(encoding="utf-8")
    brand = dict(re.findall(r'"(\w+)": "(#[0-9a-f]{6})"', frame))
    for card, before in (
        ("card", ""),
        ("page", ""),
        ("dark_card", "dark_"),
        ("dark_page", "dark_"),
    ):
        for ink in ("ink", "quiet", "heading", "link"):
            assert contrast(brand[card], brand[before + ink]) >= 4.5, (card, before + ink)
    assert contrast(brand["accent"], "#ffffff") >= 4.5
    assert contrast(brand["heading"], "#ffffff") >= 4.5
    assert contrast("#f0a070", brand["dark_card"]) >= 4.5


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Leave this list"), ("en-GB", "Leave this list"), ("de-AT", "Abmelden"),
     ("nb", "Meld deg av"), ("ja", "Leave this list")],
)  # fmt: skip
def test_the_way_out_is_in_the_letters_language(
    workspace: Path, language: str, words: str
) -> None:
    source = replace(read_template(str(workspace), "newsletter"), language=language)
    assert f">{words}</a>" in html_for(source)


def test_the_preview_is_followed_by_room_so_that_no_body_shows_beside_it(
    workspace: Path,
) -> None:
    source = read_template(str(workspace), "newsletter")
    assert html_for(source).count("\u034f") == 40
    assert "\u034f" not in html_for(replace(source, preview=""))
    assert "\u034f" not in letters.text_of(ready(source).compose(person(), 1, 1, DATE))
