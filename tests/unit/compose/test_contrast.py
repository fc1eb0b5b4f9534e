"""Contrast as WCAG 2.2 defines it, in the letter as it is styled."""

import pytest
from findings import found, of

from mailer.compose.colours import Colour, contrast, first_colour, read_colour
from mailer.model.finding import Rule


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fff", Colour(255, 255, 255)),
        ("#1F3d36", Colour(31, 61, 54)),
        ("1f3d36", Colour(31, 61, 54)),
        ("RebeccaPurple", Colour(102, 51, 153)),
        ("rgb(1, 2, 3)", Colour(1, 2, 3)),
        ("rgb(1 2 3 / 50%)", Colour(1, 2, 3, 0.5)),
        ("rgba(1,2,3,.25)", Colour(1, 2, 3, 0.25)),
        ("transparent", Colour(0, 0, 0, 0)),
        ("inherit", None),
        ("#12345", None),
        ("rgb(x, y, z)", None),
        ("rgb(1)", None),
        ("", None),
    ],
)
def test_colours_are_read_as_style_sheets_write_them(text: str, colour: Colour | None):
    assert read_colour(text) == colour


def test_the_colour_of_a_background_is_found_among_its_other_words():
    assert first_colour("no-repeat center #fff") == Colour(255, 255, 255)
    assert first_colour("red no-repeat") == Colour(255, 0, 0)
    assert first_colour("no-repeat center") is None


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000", "#fff", 21.0), ("#777", "#fff", 4.48), ("#767676", "#fff", 4.54)],
)
def test_ratios_are_those_of_the_standard(one: str, other: str, ratio: float):
    first, second = read_colour(one), read_colour(other)
    assert first is not None
    assert second is not None
    assert contrast(first, second) == pytest.approx(ratio, abs=0.005)
    assert contrast(second, first) == contrast(first, second)


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color: #999">Faint</p>',
        '<div style="background: #333"><p>Black on dark</p></div>',
        '<td bgcolor="#333">Black on dark</td>',
        '<div style="background-color: navy"><a href="https://example.com">Blue</a></div>',
        '<font color="yellow">Yellow</font>',
        '<style>.x { color: silver }</style><p class="x">{{ name|default("you") }}</p>',
        '<p style="color: rgba(0, 0, 0, 0.3)">See-through</p>',
        '<p style="font-size: 12px; color: #888"><b>Bold and small</b></p>',
    ],
)
def test_text_that_is_hard_to_read_is_found(html: str):
    if html.startswith("<td"):
        html = f"<table><tr>{html}</tr></table>"
    [(how, line, words)] = of(Rule.CONTRAST, found(f"<p>First</p>\n{html}"))
    assert (how, line) == ("warning", 4)
    assert "hard to read" in words


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color: #666">Grey enough</p>',
        '<h1 style="color: #888">Large</h1>',
        '<p style="color: #fff; background: url(https://example.com/a.png)">Unknown</p>',
        '<div style="background-image: linear-gradient(#000, #333)"><p>Unknown</p></div>',
        '<p style="color: #eee; display: none">Hidden</p>',
        '<p style="color: #eee">&nbsp;&zwnj; </p>',
        "<p style=\"color: {{ city|default('#eee') }}\">A person's</p>",
        '<p style="opacity: 0.5">Unknown</p>',
        '<p style="color: #fff; font-size: 0">Nothing</p>',
        '<div style="background: #333; color: #fff"><p>White on dark</p></div>',
    ],
)
def test_text_that_can_be_read_or_is_not_known_is_none(html: str):
    assert of(Rule.CONTRAST, found(html)) == []


def test_the_same_colours_are_told_once():
    html = '<p style="color: #999">One</p>\n<p style="color: #999">Two</p>'
    [(_, line, words)] = of(Rule.CONTRAST, found(html))
    assert line == 3
    assert "(2 times)" in words


def test_colours_of_dark_screens_are_looked_at_too():
    sheet = (
        "<style>.x { background: #fff; color: #000 }"
        "@media (prefers-color-scheme: dark) { .x { background: #222 !important } }</style>"
    )
    [(_, _, words)] = of(Rule.CONTRAST, found(f'{sheet}<p class="x">Dark on dark</p>'))
    assert "on a dark screen" in words
    good = sheet.replace("#222", "#222; color: #eee !important; background: #222")
    assert of(Rule.CONTRAST, found(f'{good}<p class="x">Light on dark</p>')) == []
