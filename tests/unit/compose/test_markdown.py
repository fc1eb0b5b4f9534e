"""A body in Markdown: Jinja works in it, and no value is ever read as Markdown."""

# ruff: noqa: E501 - templates and tables are read line by line

import html
import re

import letters
import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters import written

from mailer.compose.tags import tags
from mailer.errors import CannotComposeError, TemplateError

MACROS = (
    '{% macro button(words, url) %}<p><a href="{{ url }}">{{ words }}</a></p>{% endmacro %}\n'
    "{% macro box() %}<div>{{ caller() }}</div>{% endmacro %}\n"
)


def shown(body: str, **attributes: object) -> str:
    template = written(body, **{"_layouts/macros.html": MACROS})
    return letters.body_of(letters.letter(template, **attributes)).strip()


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("# Hi {{ name }}", "<h1>Hi Ida</h1>"),
        ("**{{ name }}**, *you* & me", "<p><strong>Ida</strong>, <em>you</em> &amp; me</p>"),
        ("{{ name }}", "<p>Ida</p>"),
        ("[look](https://x.example/?c={{ city|urlencode }})",
         '<p><a href="https://x.example/?c=As%20%26%20co">look</a></p>'),
        ("[{{ city }}]({{ preferences_url }})", None),
        ("{% if member %}\nGold.\n{% endif %}\n\nEnd", "<p>Gold.</p>\n<p>End</p>"),
        ("You are {% if member %}**gold**{% else %}new{% endif %}.",
         "<p>You are <strong>gold</strong>.</p>"),
        ("{% for one in interests %}\n- {{ one }}\n{% endfor %}",
         "<ul>\n<li>tents</li>\n<li>&lt;b&gt;</li>\n</ul>"),
        ("{% for one in interests %}\n1. {{ one }}\n{% endfor %}",
         "<ol>\n<li>tents</li>\n<li>&lt;b&gt;</li>\n</ol>"),
        ('{{ button("Go }} on", "https://x.example/") }}',
         '<p><a href="https://x.example/">Go }} on</a></p>'),
        ("{% call box() %}\n## Left\n{% endcall %}", "<div><h2>Left</h2>\n</div>"),
        ('{% set offers = [\n  {"n": "A", "p": {"now": 1}},\n] %}\n{% for one in offers %}\n{{ one.n }}: {{ one.p.now }}\n{% endfor %}',
         "<p>A: 1</p>"),
        ("{# not shown #}\nText {# nor this #}here", "<p>Text here</p>"),
        ("<div>{{ city }}</div>", "<div>As &amp; co</div>"),
        ("```\n{{ name }}\n```", "<pre><code>Ida\n</code></pre>"),
        ("{{ '{{' }} {% raw %}{{ x }}{% endraw %}", "<p>{{ {{ x }}</p>"),
    ],
)  # fmt: skip
def test_markdown_and_jinja_each_do_their_part(body: str, wanted: str | None) -> None:
    found = shown(body, name="Ida", city="As & co", member=True, interests=["tents", "<b>"])
    if wanted is None:
        assert found.startswith('<p><a href="https://mail.example.com/p/')
        assert found.endswith(">As &amp; co</a></p>")
    else:
        assert found == wanted


@given(st.text(st.sampled_from("*_`[]()<>#!&|~\\\n -+1.{}%ab\"'=\u00e5"), max_size=40))
def test_no_value_is_read_as_markdown_or_html(value: str) -> None:
    found = shown("Dear **{{ city }}**!", city=value)
    assert html.unescape(found) == f"<p>Dear <strong>{value}</strong>!</p>"


def test_a_table_and_an_image_become_html() -> None:
    table = "| a | b |\n|---|--:|\n| 1 | {{ name }} |"
    found = shown(f"{table}\n\n![A tent](https://x.example/t.png)", name="Ida")
    assert re.search(r'<td style="text-align: ?right;?">Ida</td>', found)
    assert '<img src="https://x.example/t.png" alt="A tent"' in found


def test_a_body_may_name_its_layout_itself() -> None:
    layout = "<html><body><h1>{% block top %}{% endblock %}</h1></body></html>"
    body = (
        '{% extends "_layouts/own.html" %}\n{% block top %}\n*{{ name }}*\n{% endblock %}'
    )
    one = letters.letter(written(body, **{"_layouts/own.html": layout}), name="Ida")
    assert "<em>Ida</em>" in letters.body_of(one)


def test_a_part_that_is_included_is_markdown_too() -> None:
    template = written('{% include "foot.md" %}', **{"foot.md": "*{{ city }}*"})
    assert "<em>Bergen</em>" in letters.body_of(letters.letter(template, city="Bergen"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("one\n\n- two\n\n{{ nmae }}", "body.md, line 5: no such name 'nmae'"),
        ("# a\n\nb {% if member %}c\n\nd", "body.md, line 3"),
        ("a\n\n{% set x = [\n1,\n2] %}\n\n| a |\n|---|\n| {{ nmae }} |", "body.md, line 9"),
        ("a\n\n<b class={{ name }}>x</b>", "body.md, line 3"),
        ("a\n\nb {{ name", "body.md, line 3"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_line_in_the_markdown(body: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        letters.ready(written(body))
    assert words in str(caught.value)


def test_what_a_person_lacks_is_named_by_its_line_in_the_markdown() -> None:
    with pytest.raises(CannotComposeError) as caught:
        letters.letter(written("# a\n\n- b\n- {{ name|upper }}"))
    assert "body.md, line 4" in str(caught.value)


def test_a_missing_layout_is_named() -> None:
    with pytest.raises(TemplateError) as caught:
        letters.ready(letters.replace(letters.source("x"), file="body.md", layout="poster"))
    assert "there is no file templates/mail/_layouts/poster.html" in str(caught.value)


def test_the_plain_text_of_markdown_reads_like_it() -> None:
    body = "# Hi {{ name }}\n\nLook [here](https://x.example/).\n\n- one\n- two"
    text = letters.text_of(letters.letter(written(body), name="Ida"))
    assert text == "Hi Ida\n\nLook here <https://x.example/>.\n\n- one\n- two\n"


def test_tags_are_found_with_their_lines_and_their_quotes() -> None:
    text = "a {{ '}}' }}\n{# {{ #}{% if x == '%}' %}\n\n{{ {'a': {'b': 1}} }} {{ open"
    assert [(one.text, one.line) for one in tags(text)] == [
        ("{{ '}}' }}", 1),
        ("{# {{ #}", 2),
        ("{% if x == '%}' %}", 2),
        ("{{ {'a': {'b': 1}} }}", 4),
    ]
