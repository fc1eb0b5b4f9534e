"""CSS into attributes, with a template's statements left where they are."""

# ruff: noqa: E501 - templates and tables are read line by line

from pathlib import Path

import letters
import pytest
from letters import ready, source

from mailer.errors import TemplateError

ROW = "<style>td { color: red } .x { padding: 1px }</style>"


def refusal(html: str) -> str:
    with pytest.raises(TemplateError) as caught:
        ready(source(html))
    return str(caught.value)


def test_rules_become_attributes() -> None:
    html = letters.html_of(
        letters.letter(ROW + '<table><tr><td class="x">a</td></tr></table>')
    )
    assert '<td class="x" style="color: red;padding: 1px;">a</td>' in html


def test_rules_for_dark_mode_and_narrow_screens_stay() -> None:
    sheet = "<style>p{color:red}@media (prefers-color-scheme: dark){p{color:white!important}}</style>"
    html = letters.html_of(letters.letter(sheet + "<p>a</p>"))
    assert "@media (prefers-color-scheme: dark)" in html
    assert '<p style="color: red;">' in html


def test_a_loop_between_table_rows_stays_in_the_table() -> None:
    """Trap 8: css-inline on raw Jinja hoists loops between rows out of the table."""
    html = ROW + (
        "<table>{% for one in interests %}<tr><td>{{ one }}</td></tr>{% endfor %}</table>"
    )
    rows = '<tr><td style="color: red;">a</td></tr><tr><td style="color: red;">b</td></tr>'
    one = letters.letter(html, interests=["a", "b"])
    assert f"<table><tbody>{rows}</tbody></table>" in letters.html_of(one)
    assert "<table><tbody></tbody></table>" in letters.html_of(
        letters.letter(html, interests=[])
    )


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><th>h</th></tr>{% for x in interests %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>",
        (
            "<table><thead><tr><th>h</th></tr></thead>{% for x in interests %}<tr><td>{{ x }}</td></tr>"
            "{% endfor %}</table>"
        ),
        "<table><tbody>{% for x in interests %}<tr><td>{{ x }}</td></tr>{% endfor %}</tbody></table>",
        "<table>{% if member %}<tr><td>m</td></tr>{% else %}<tr><td>n</td></tr>{% endif %}</table>",
        (
            "<table>{% if member %}<thead><tr><td>m</td></tr></thead>{% endif %}"
            "{% for x in interests %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>"
        ),
        (
            "<table>{% for x in interests %}<tr>{% for y in interests %}<td>{{ x }}{{ y }}</td>{% endfor %}"
            "</tr>{% endfor %}</table>"
        ),
        "<table><tr>{% if member %}<td>m</td>{% endif %}<td>x</td></tr></table>",
    ],
)
@pytest.mark.parametrize("interests", [[], ["a"], ["a", "b"]])
@pytest.mark.parametrize("member", [True, False])
def test_tables_are_what_they_would_be_without_inlining_first(
    table: str, interests: list[str], *, member: bool
) -> None:
    template = source(ROW + table)
    names = {"interests": interests, "member": member}
    wanted = letters.plain_jinja(template, names, html=True)
    got = letters.html_of(letters.letter(template, **names))
    words = [word for word in letters.what_is_shown(got) if isinstance(word, str)]
    wanted_words = [
        word
        for word in letters.what_is_shown(letters.inlined(wanted))
        if isinstance(word, str)
    ]
    assert words == wanted_words
    assert letters.inlined(got).count("<td") == wanted.count("<td")


def test_a_comparison_survives_as_a_comparison() -> None:
    """Trap 8: css-inline turns `{% if a > b %}` in text into `&gt;`."""
    html = "<p>{% if points > 3 and points < 9 %}some{% else %}many{% endif %}</p>"
    assert "<p>some</p>" in letters.html_of(letters.letter(html, points=5))
    assert "<p>many</p>" in letters.html_of(letters.letter(html, points=50))


def test_no_style_sheet_is_read_from_elsewhere(tmp_path: Path) -> None:
    """Trap 8: by default css-inline fetches `file://` style sheets."""
    sheet = tmp_path / "secret.css"
    sheet.write_text("p { color: red }")
    words = refusal(f'<link rel="stylesheet" href="file://{sheet}"><p>a</p>')
    assert "a style sheet from elsewhere is never fetched" in words
    html = f'<style>@import url("file://{sheet}");</style><p>a</p>'
    assert "<p>a</p>" in letters.html_of(letters.letter(html))


def test_attributes_may_change_places_with_their_values() -> None:
    html = (
        '<a title="{{ city }}" href="https://x.example/{{ name }}" class="x" id="y">a</a>'
        + ROW
    )
    got = letters.html_of(letters.letter(html, city="Oslo", name="Bo"))
    assert 'title="Oslo"' in got
    assert 'href="https://x.example/Bo"' in got


@pytest.mark.parametrize(
    "html",
    [
        "<p>{% if city %}<b>{% endif %}x{% if city %}</b>{% endif %}</p>",
        "<table><tr>{% if city %}<td>{% else %}<td class='x'>{% endif %}a</td></tr></table>",
        "<p>{% if city %}<div>a</div>{% endif %}</p>",
        "<div>{% if city %}</div><div>{% endif %}x</div>",
        "<p>{% for x in interests %}<p>{{ x }}{% endfor %}</p>",
    ],
)
def test_a_statement_across_elements_is_refused_with_its_place(html: str) -> None:
    words = refusal(f"<div>\n{html}</div>")
    assert words.startswith(
        "templates/mail/sale/body.html, line 2: this begins and ends in"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<table><tbody>{% for x in interests %}{{ x }}<tr><td>a</td></tr>{% endfor %}</tbody></table>"
    ],
)
def test_a_value_that_a_parser_would_move_is_refused(html: str) -> None:
    assert "no HTML parser would leave this where it stands" in refusal(html)


@pytest.mark.parametrize(
    "html",
    [
        "{% if city %}<p>a</p>{% endif %}",
        "{% for x in interests %}<p>{{ x }}</p>{% endfor %}<p>end</p>",
        "{{ city|default('x') }}",
        "<html><body>{% if city %}<p>a</p>{% endif %}</body></html>",
        (
            "<!doctype html>\n<html><head><title>{% if city %}a{% else %}b{% endif %}</title></head>"
            "<body>x</body></html>"
        ),
        "<body><noscript></b><p>x</noscript>{% if city %}<p>a</p>{% endif %}</body>",
        "<!-- {{ city|default('x') }} {% if city %}a{% endif %} --><p>x</p>",
    ],
)
def test_a_statement_may_stand_at_the_edges_of_the_document(html: str) -> None:
    template = source(html)
    for names in ({"city": "Oslo", "interests": ["a"]}, {"interests": []}):
        wanted = letters.plain_jinja(template, {"city": "", **names}, html=True)
        got = letters.html_of(letters.letter(template, **{"city": "", **names}))
        assert letters.what_is_shown(got) == letters.what_is_shown(letters.inlined(wanted))


def test_what_only_some_mail_programs_read_keeps_its_values() -> None:
    html = (
        "<body><!--[if mso]><table><tr><td>{{ city }}{% if member %}<b>m</b>{% endif %}"
        '<a href="https://x.example/{{ city }}">a</a></td></tr></table><![endif]-->'
        "<!--[if !mso]><!--><p>{{ city }}</p><!--<![endif]--></body>"
    )
    got = letters.html_of(letters.letter(html, city="Os lo -->", member=True))
    assert '<td>Os lo --&gt;<b>m</b><a href="https://x.example/Os%20lo%20--%3E">' in got
    assert "<p>Os lo --&gt;</p>" in got


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
        ("<!--[if !mso]> <!-->", "<!-- <![endif]-->"),
        ("<!--[if !mso]><!-- -->", "<!-- <![endif]-->"),
        ("<![if !mso]>", "<![endif]>"),
    ],
)
def test_what_all_others_read_is_made_safe_like_the_rest(begins: str, ends: str) -> None:
    html = f'<body>{begins}<a href="https://x.example/?q={{{{ city }}}}">a</a>{ends}</body>'
    got = letters.html_of(letters.letter(html, city="a&b=c"))
    assert '<a href="https://x.example/?q=a%26b%3Dc">' in got


def test_tables_that_only_some_mail_programs_read_are_left_alone() -> None:
    table = "<!--[if mso]><table><tr><td width=600><![endif]-->"
    html = f"<body>{table}<p>{{{{ city }}}}</p><!--[if mso]></td></tr></table><![endif]--></body>"
    assert table in letters.html_of(letters.letter(html, city="x"))


def test_a_word_of_the_template_is_never_taken_for_a_mark() -> None:
    html = "<p>qj0q1vx {{ city }} qj1q0vx <!--qj0q0ox--></p>"
    got = letters.html_of(letters.letter(html, city="qj0q0vx"))
    assert "<p>qj0q1vx qj0q0vx qj1q0vx <!--qj0q0ox--></p>" in got


def test_a_sheet_that_does_not_parse_does_not_stop_the_others() -> None:
    html = "<style>p { color: ; } q { color: red } }}}</style><p>a</p><q>b</q>"
    assert 'style="color: red;"' in letters.html_of(letters.letter(html))


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>a</p><a href='x", "the HTML ends inside the value of href="),
        ("<p>a</p><a ", "the HTML ends inside a tag"),
        ("<p>a</p><!-- a", "the HTML ends inside a comment"),
        ("<style>p{}", "the HTML ends inside <style>"),
        ("<html><body><p>a</p>", "begins with <html> and never ends"),
        ("  \n ", "the file is empty"),
        ("{# nothing #}", "the file is empty"),
        ("", "the file is empty"),
    ],
)
def test_a_half_saved_file_is_refused(html: str, words: str) -> None:
    assert words in refusal(html)
