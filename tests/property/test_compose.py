"""Whatever people are called and templates say, a letter is what a plain rendering says."""

# ruff: noqa: E501 - templates and tables are read line by line

import re

import letters
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import DATE, FOOT, person, read, ready, source

from mailer.compose.engine import FUNCTIONS, HTML, TEXT, Program
from mailer.compose.limits import Budget, Limits
from mailer.compose.places import Places
from mailer.compose.prepared import Prepared
from mailer.errors import CannotComposeError
from mailer.model.kind import Kind
from mailer.model.person import Person
from mailer.model.token import TokenKind

NASTY = st.sampled_from(
    [
        "\r\n", "\r", "\n", "\0", "\ud800", "\udfff", "=", "=\r\n", "=3D", ".", "\n.\n", "..",
        "{{ 7*7 }}", "{% if %}", "{#", "<script>", "&amp;", '"', "'", "\\", "`", "-->", "<!--",
        "]]>", "\u202e", "\u200f", "مرحبا", "שלום", "😀", "é", "ß", "ﷺ", "\u2028", "\x85", "\x7f",
        "\t", " ", "  ", "javascript:", "https://x.example/?a=b&c=d", "%", "%0d%0a", "--=_x",
        "From ", "x" * 80, "y" * 10_000, "qj0q0vx", "<!--qj0q0ox-->", "\x1b[31m", "|", "~", "$",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=60),
    st.lists(st.one_of(NASTY, st.text(max_size=8)), max_size=6).map("".join),
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "city": TEXTS,
        "country": TEXTS,
        "interests": st.lists(TEXTS, max_size=4),
        "points": st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9)),
        "birthday": st.just("2000-02-29"),
        "member": st.booleans(),
    },
)

LAYOUT = (
    "<!doctype html><html><head><title>{{ subject }}</title><style>"
    ".r td{padding:3px}b{color:red}@media (max-width:600px){.r td{padding:0!important}}"
    "</style></head><body><div style='display:none'>{{ preview }}</div>"
    "{% block body %}{% endblock %}" + FOOT + "</body></html>"
)
LETTER = source(
    '{% extends "_layouts/base.html" %}{% block body %}'
    '{% macro link(words, to) %}<a href="{{ to }}">{{ words }}</a>{% endmacro %}'
    "{% set offers = ['Tent', 'Stove'] %}"
    "<p>Hi {{ city|default('friend') }}, {{ city|default('x')|upper|truncate(20) }}</p>\n"
    "{% if member and points > 3 %}<p>Gold <b>{{ points }}</b></p>"
    "{% elif city %}<p>{{ city|e }}</p>{% else %}<p>new</p>{% endif %}\n"
    "<table class='r'>{% for one in interests|default([]) %}<tr><td>{{ loop.index }}</td>"
    '<td title="{{ one }}">{{ one }}{% if one in offers %} offer{% endif %}</td></tr>'
    "{% else %}<tr><td>nothing</td></tr>{% endfor %}</table>\n"
    "<p>{% for one in offers %}{{ one }}, {% endfor %}{{ link('shop', 'https://x.example/?c='"
    " ~ city|default('x')|urlencode) }}"
    '<a href="https://x.example/{{ country }}">{{ country }}</a></p>'
    "{% set who %}{{ city|default('you') }}!{% endset %}<p>{{ who }}{{ who|nl2br }}</p>"
    "{% with a = country %}{{ a }}{% endwith %}"
    "{% endblock %}",
    subject="Autumn",
    preview="For {{ city|default('all') }}",
    kind=Kind.MARKETING,
    files={"_layouts/base.html": LAYOUT},
)  # fmt: skip
PREPARED = ready(LETTER)


def whole(prepared: Prepared, reader: Person, kind: str) -> str:
    """Render a body as one template, without splitting it."""
    part = prepared.bodies.html if kind == "html" else prepared.bodies.text
    engine = HTML if kind == "html" else TEXT
    one = prepared.compose(reader, 1, 1, DATE)
    html = letters.html_of(one)
    names = prepared._names(
        prepared._choose(reader.language),
        reader,
        one.recipient,
        re.findall(r"https://mail\.example\.com/u/[\w-]+", html)[0],
        prepared._tokens.for_reader(
            TokenKind.PREFERENCES, prepared._reader(reader, 1, test=False)
        ),
    )
    program = Program(engine, part.body, Places(), "x")
    return "".join(program.run({**FUNCTIONS, **names}, Budget(Limits())))


@given(ATTRIBUTES)
def test_the_parts_of_a_letter_are_a_plain_rendering_byte_by_byte(
    attributes: dict[str, object],
) -> None:
    reader = person(**attributes)
    one = PREPARED.compose(reader, 1, 1, DATE)
    assert letters.html_of(one) == whole(PREPARED, reader, "html")
    assert letters.text_of(one) == whole(PREPARED, reader, "plain")


@given(ATTRIBUTES)
def test_no_value_breaks_the_frame_of_a_letter(attributes: dict[str, object]) -> None:
    one = PREPARED.compose(person(**attributes), 1, 1, DATE)
    message = read(one)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert one.content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", one.content)
    assert max(map(len, one.content.split(b"\r\n"))) <= 998
    assert one.dotless
    assert not any(line.startswith(b".") for line in one.content.split(b"\r\n"))
    body = one.content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert PREPARED.compose(person(**attributes), 1, 1, DATE) == one


def elements(attributes: dict[str, object]) -> list[object]:
    """Return the elements of a letter, each with the names of its attributes."""
    shown = letters.what_is_shown(
        letters.html_of(PREPARED.compose(person(**attributes), 1, 1, DATE))
    )
    # A line break of a value becomes <br> where the template asks for it.
    return [
        (event[0], [name for name, _ in event[1]])
        for event in shown
        if isinstance(event, tuple) and event[0] not in {"/", "br"}
    ]


@given(ATTRIBUTES)
def test_no_value_brings_an_element_or_attribute_with_it(
    attributes: dict[str, object],
) -> None:
    harmless = {
        name: ["x"] * len(value)
        if isinstance(value, list)
        else "x"
        if isinstance(value, str) and value
        else value
        for name, value in attributes.items()
    }
    assert elements(attributes) == elements(harmless)


NAMES = st.fixed_dictionaries({"name": TEXTS, "city": TEXTS})
LINES = ready(source("<p>x</p>", subject="For {{ city }}!"))


@given(NAMES)
def test_a_header_reads_back_or_is_refused_and_never_begins_another(
    attributes: dict[str, object],
) -> None:
    if re.search(
        "[\x00-\x1f\x7f-\x9f\u2028\u2029]", "".join(map(str, attributes.values()))
    ):
        with pytest.raises(CannotComposeError, match=r"^(To|Subject): "):
            LINES.compose(person(**attributes), 1, 1, DATE)
        return
    one = LINES.compose(person(**attributes), 1, 1, DATE)
    message = read(one)
    assert list(message.keys()) == [
        "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "X-Auto-Response-Suppress",
        "Auto-Submitted", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    clean = {
        name: re.sub("[\ud800-\udfff]", "\ufffd", str(value))
        for name, value in attributes.items()
    }
    assert message["Subject"] == f"For {clean['city']}!"
    assert letters.mailbox_of(one, "To") == (clean["name"].strip(), "ingrid@example.com")
    head = one.content.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert line.strip()
        assert len(line) <= 78 or b"Message-ID" in line or b" <" in line
    for word in re.findall(rb"=\?[^?]*\?b\?[^?]*\?=", head):
        assert len(word) <= 75


# Random templates over these names, which everybody in this test has.
EXPRESSIONS = st.sampled_from(
    [
        "{{ name }}", "{{ city|upper }}", "{{ points + 1 }}", "{{ name|default('x') }}",
        "{{ interests|join(', ') }}", "{{ 'a' ~ name }}", "{{ 1 + 1 }}", "{{ a }}", "{{ b }}",
        "{{ 'y' if member else 'n' }}", "{{ a ~ b }}",
    ]
)  # fmt: skip
CONDITIONS = st.sampled_from(
    ["member", "not member", "points > 2", "name == 'Bo'", "'t' in interests", "a == 1", "true",
     "b and member"]
)  # fmt: skip


def statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(CONDITIONS, inner, inner).map(
            lambda t: f"{{% if {t[0]} %}}{t[1]}{{% else %}}{t[2]}{{% endif %}}"
        ),
        st.tuples(CONDITIONS, inner).map(lambda t: f"{{% if {t[0]} %}}{t[1]}{{% endif %}}"),
        st.tuples(CONDITIONS, inner, CONDITIONS, inner).map(
            lambda t: f"{{% if {t[0]} %}}{t[1]}{{% elif {t[2]} %}}{t[3]}{{% endif %}}"
        ),
        inner.map(
            lambda t: f"{{% for a in interests %}}{t}{{{{ loop.index }}}}{{% endfor %}}"
        ),
        inner.map(lambda t: f"{{% for b in [1, 2] %}}{t}{{% else %}}none{{% endfor %}}"),
        inner.map(lambda t: f"{{% with a = name, b = 3 %}}{t}{{% endwith %}}"),
        inner.map(lambda t: f'<div title="x">{t}</div>'),
        inner.map(lambda t: f"<table><tr><td>{t}</td></tr></table>"),
        inner.map(
            lambda t: (
                f"<table>{{% for a in interests %}}<tr><td>{t}</td></tr>{{% endfor %}}</table>"
            )
        ),
    )


LEAVES = st.one_of(
    EXPRESSIONS,
    st.sampled_from(
        [
            "<b>x</b>", " text &amp; ", "<br>", "\n", "æ", "{% set a = 1 %}", "{% set b = name %}",
            "{% set a %}{{ city }}{% endset %}", "{# c #}",
            '<a href="https://x.example/{{ points }}">{{ a }}</a>',
        ]
    ),
)  # fmt: skip
TEMPLATES = st.lists(
    st.recursive(
        LEAVES, lambda inner: statements(st.lists(inner, max_size=3).map("".join))
    ),
    max_size=6,
).map("".join)
PEOPLE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Bo", "Åse & <co>", ""]),
        "city": st.sampled_from(["Oslo", "a\nb"]),
        "points": st.integers(0, 5),
        "member": st.booleans(),
        "interests": st.lists(st.sampled_from(["t", "s"]), max_size=2),
    }
)


@settings(max_examples=60, deadline=None)
@given(TEMPLATES, st.lists(PEOPLE, min_size=1, max_size=3))
def test_any_template_says_what_jinja_says(
    html: str, people: list[dict[str, object]]
) -> None:
    template = source(f"<div>{{% set a = 'A' %}}{{% set b = 'B' %}}.{html}</div>")
    prepared = ready(template)
    for attributes in people:
        got = letters.html_of(prepared.compose(person(**attributes), 1, 1, DATE))
        wanted = letters.plain_jinja(template, attributes, html=True)
        assert letters.what_is_shown(got) == letters.what_is_shown(letters.inlined(wanted))


@settings(max_examples=60, deadline=None)
@given(TEMPLATES, st.lists(PEOPLE, min_size=1, max_size=3))
def test_any_written_text_says_what_jinja_says(
    text: str, people: list[dict[str, object]]
) -> None:
    text = f"{{% set a = 'A' %}}{{% set b = 'B' %}}.{text}."
    template = source("<p>x</p>", text=text)
    prepared = ready(template)
    for attributes in people:
        got = letters.text_of(prepared.compose(person(**attributes), 1, 1, DATE))
        assert got == letters.plain_jinja(template, attributes, html=False) + "\n"
