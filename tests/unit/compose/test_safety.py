"""Which values may stand where in HTML."""

# ruff: noqa: E501 - templates and tables are read line by line

import letters
import pytest
from letters import ready, source

from mailer.compose.markup import Place, Where, behind
from mailer.errors import CannotComposeError, TemplateError


def refusal(html: str, **more: str) -> str:
    with pytest.raises(TemplateError) as caught:
        ready(source(html, **more))  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("html", "value", "wanted"),
    [
        ("<p>{{ city }}</p>", "<b>&\"'", "<p>&lt;b&gt;&amp;&#34;&#39;</p>"),
        ('<p title="{{ city }}">a</p>', '" onclick="x', '<p title="&#34; onclick=&#34;x">'),
        ("<p title='{{ city }}'>a</p>", "' onclick='x", '<p title="&#39; onclick=&#39;x">'),
        ("<!-- {{ city }} --><p>a</p>", "--><script>", "<!-- --&gt;&lt;script&gt; -->"),
        ("<title>{{ city }}</title><p>a</p>", "</title><script>", "&lt;/title&gt;&lt;script&gt;"),
        ('<a href="https://x.example/?q={{ city }}">a</a>', "a&b=c d/é#", "?q=a%26b%3Dc%20d/%C3%A9%23"),
        ('<a href="https://x.example/{{ city|urlencode }}">a</a>', "a b%", "x.example/a%20b%25"),
        ('<a href="{{ city }}">a</a>', "https://y.example/?a=1&b=2", '"https://y.example/?a=1&amp;b=2"'),
        ('<a href=" {{ city }}">a</a>', "mailto:a@example.com", "mailto:a@example.com"),
        ('<a href="{{ city }}">a</a>', 'https://y.example/"><script>', "y.example/%22%3E%3Cscript%3E"),
        ("<a hr{{ '' }}ef='{{ city }}'>a</a>", "https://y.example/ a", "https://y.example/%20a"),
        ("<a href=\"{{ 'https://x.example/?q=' ~ city }}\">a</a>", "a&b", "?q=a%26b"),
        ('<p style="width: {{ city }}px">a</p>', "12", "width: 12px"),
        ('<img src="https://x.example/{{ city }}.png">', "../a b", "x.example/../a%20b.png"),
        ('<a href="{% if city %}https://x.example/{{ city }}{% else %}https://y.example{% endif %}">a</a>',
         "a b", "https://x.example/a%20b"),
    ],
)  # fmt: skip
def test_a_value_is_made_safe_for_its_place(html: str, value: str, wanted: str) -> None:
    assert wanted in letters.html_of(letters.letter(html, city=value))


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "//evil.example", "x", " vbscript:x",
     "java\nscript:x", "file:///etc/passwd", ""],
)  # fmt: skip
def test_a_value_that_begins_a_link_leads_to_the_web_or_a_mailbox(value: str) -> None:
    with pytest.raises(
        CannotComposeError, match=r"body\.html, line 2: this value begins a link"
    ):
        letters.letter('<p>\n<a href="{{ city }}">a</a></p>', city=value)


@pytest.mark.parametrize(
    "value", ["red;background:url(https://x)", "expression(1)", '"', "a\\b"]
)
def test_a_value_in_a_style_is_a_number_word_or_colour(value: str) -> None:
    with pytest.raises(CannotComposeError, match="this value stands in a style"):
        letters.letter('<p style="color: {{ city }}">a</p>', city=value)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p {{ city }}>a</p>", "put it between quotes"),
        ("<p title={{ city }}>a</p>", "put it between quotes"),
        ("<p title=a{{ city }}>a</p>", "put the value of title between quotes"),
        ("<{{ city }}>a</p>", "put it between quotes"),
        ("<style>p { color: {{ city }} }</style><p>a</p>", "cannot stand inside <style>"),
        ("<script>x = '{{ city }}'</script><p>a</p>", "cannot stand inside <script>"),
        ('<p onclick="{{ city }}">a</p>', "cannot stand in onclick="),
        ('<p class="{{ city }}">a</p>', "cannot stand in class="),
        ('<img srcset="{{ city }} 2x">', "cannot stand in srcset="),
        ("<p {% if city %}class='x'{% endif %}>a</p>", "this stands inside a tag"),
        ('<p class="{% if city %}x{% endif %}">a</p>', "this stands inside class="),
        ("<style>{% if city %}p{}{% endif %}</style><p>a</p>", "this stands inside <style>"),
        ('<a href="{% if city %}https://x.example/{% endif %}{{ name }}">a</a>',
         "depends on a condition whether this value begins the link"),
        ("<p>{% if city %}<a {% endif %}href=''>a</a></p>", "must begin and end in the same place"),
        ('<p title="{% for x in interests %}"{% endfor %}>a</p>', "must begin and end in the same place"),
        ("<p title=a{% if city %}b{% endif %}>a</p>", "put the value of title between quotes"),
        ("<p {% set x = city %}>{{ x }}</p>", "this stands inside a tag"),
        ("{% if city %}<p title=a{% else %}<p title=b{% endif %}c>x</p>", "must begin and end"),
        ("{% if city %}<title>{% endif %}a</title>", "it ends inside <title>"),
        ("<title>{% if city %}</title>{% endif %}a", "it ends inside text"),
        ("<p>{% set x %}<b>{{ city }}</b>{% endset %}{{ x }}</p>", "can hold text only"),
    ],
)  # fmt: skip
def test_a_place_where_no_value_is_safe_is_refused(html: str, words: str) -> None:
    assert words in refusal(html)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("See https://x.example/?q={{ city }}&b={{ city }} {{ city }}",
         "See https://x.example/?q=a%26b%20c&b=a%26b%20c a&b c"),
        ("<https://x.example/{{ city }}> {{ city }}", "<https://x.example/a%26b%20c> a&b c"),
        ("mailto:{{ city }}", "mailto:a%26b%20c"),
        ("https://x.example/{% if city %}{{ city }}{% endif %}", "https://x.example/a%26b%20c"),
        ("{% if city %}https://x.example/{% endif %}{{ city }}", "https://x.example/a%26b%20c"),
        ("{{ unsubscribe_url }}?q={{ city }}", "?q=a%26b%20c"),
        ("{{ city }}://x", "a&b c://x"),
    ],
)  # fmt: skip
def test_a_value_in_a_link_of_a_plain_text_is_quoted(text: str, wanted: str) -> None:
    one = letters.letter(source("<p>x</p>", text=text), city="a&b c")
    assert wanted in letters.text_of(one)


@pytest.mark.parametrize(
    ("text", "where", "attribute"),
    [
        ("a < b", Where.TEXT, ""),
        ("<p>", Where.TEXT, ""),
        ("<p", Where.TAG, ""),
        ("<p title='", Where.VALUE, "title"),
        ("<p title='a\"", Where.VALUE, "title"),
        ("<p title='a' HREF=\"x", Where.VALUE, "href"),
        ("<p title = a", Where.VALUE, "title"),
        ("<p \n / a b='c' =d", Where.TAG, ""),
        ("<p title = a>", Where.TEXT, ""),
        ("<p a>b</p", Where.TAG, ""),
        ("<!-- <p title='", Where.COMMENT, ""),
        ("<!-- --><p>", Where.TEXT, ""),
        ("<style>a > b", Where.RAW, ""),
        ("<style></styleX>", Where.RAW, ""),
        ("<style></style >", Where.TEXT, ""),
        ("<SCRIPT>'</p>'", Where.RAW, ""),
        ("<title><b>", Where.ESCAPABLE, ""),
        ("<!doctype html>", Where.TEXT, ""),
        ("<", Where.TAG, ""),
        ("<!--[if mso]><p>", Where.TEXT, ""),
    ],
)  # fmt: skip
def test_places_are_told_as_a_parser_tells_them(
    text: str, where: Where, attribute: str
) -> None:
    whole = Place().after(text)
    assert (whole.where, whole.attribute) == (where, attribute)


def test_two_places_match_when_only_the_beginning_of_a_link_differs() -> None:
    begun, empty = Place().after("<a href='x"), Place().after("<a href='")
    assert begun.matches(empty)
    assert behind([begun, empty]).started is None
    assert behind([begun, begun]) == begun
    assert not begun.matches(Place())
