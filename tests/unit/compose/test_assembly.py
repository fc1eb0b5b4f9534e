"""Layouts, includes and macros: put in place, they print what Jinja itself prints."""

# ruff: noqa: E501 - templates and tables are read line by line

import letters
import pytest
from letters import ready, source

from mailer.errors import TemplateError

LAYOUT = """<html><head><title>{% block title %}Shop{% endblock %}</title></head><body>
{% set greeting = "Hi" %}
{% block top %}<h1>Top</h1>{% endblock %}
{% block body %}<p>Base of {{ name }}</p>{% block inner %}<i>inner</i>{% endblock %}{% endblock %}
{% include "_layouts/foot.html" %}
</body></html>"""
FOOT = '<p>{{ greeting }} from {{ city }}{% set greeting = "changed" %}{{ greeting }}</p>'
MIDDLE = """{% extends "_layouts/base.html" %}
{% block body %}<div>{{ super() }}{% block more %}{% endblock %}</div>{% endblock %}"""
MACROS = """{% macro button(words, url="https://shop.example/", kind='plain') %}
{% set seen = words|upper %}<a href="{{ url }}" title="{{ kind }}">{{ seen }}</a>{% endmacro %}
{% macro box(title) %}<div title="{{ title }}">{{ caller() }}</div>{% endmacro %}
{% macro both(a, b=a) %}{{ button(a) }}{{ button(b, kind="second") }}{% endmacro %}"""
FILES = {
    "_layouts/base.html": LAYOUT,
    "_layouts/foot.html": FOOT,
    "_layouts/middle.html": MIDDLE,
    "_layouts/macros.html": MACROS,
}
NAMES = {
    "name": "Åse & <Bo>",
    "city": "Oslo",
    "interests": ["tents", "x<y"],
    "points": 12,
    "member": True,
}


@pytest.mark.parametrize(
    "html",
    [
        '{% extends "_layouts/base.html" %}',
        '{% extends "_layouts/base.html" %}{% block top %}<p>{{ name }}</p>{% endblock %}',
        '{% extends "_layouts/base.html" %}{% block inner %}<b>new</b>{% endblock %}',
        '{% extends "_layouts/base.html" %}{% block body %}{{ super() }}+{{ super() }}{% endblock %}',
        '{% extends "_layouts/middle.html" %}{% block more %}<p>{{ points }}</p>{% endblock %}',
        '{% extends "_layouts/middle.html" %}{% block body %}a{{ super() }}b{% endblock %}',
        '{% extends "_layouts/middle.html" %}{% block inner %}[{{ super() }}]{% endblock %}',
        (
            '{% extends "_layouts/base.html" %}{% set city = "Bergen" %}'
            "{% block top %}<p>{{ city }}</p>{% endblock %}"
        ),
        '{% from "_layouts/macros.html" import button %}<p>{{ button("Go") }}</p>',
        '{% from "_layouts/macros.html" import button as b %}<p>{{ b(name, kind=city) }}</p>',
        '{% import "_layouts/macros.html" as m %}<p>{{ m.both(name) }}{{ m.button("x") }}</p>',
        '{% import "_layouts/macros.html" as m %}{% call m.box(name) %}<p>{{ city }}</p>{% endcall %}',
        (
            "{% macro m(x) %}<i>{{ x }}{{ name }}</i>{% endmacro %}"
            "<p>{% for one in interests %}{{ m(one) }}{{ loop.index }}{% endfor %}</p>"
        ),
        (
            "{% set seen = 'mine' %}{% from '_layouts/macros.html' import button %}"
            "<p>{{ button('Go') }}{{ seen }}</p>"
        ),
        '<div>{% set greeting = "x" %}{% include "_layouts/foot.html" %}{{ greeting }}</div>',
        (
            "<div>{% for city in interests %}{% set greeting = loop.index %}"
            '{% include "_layouts/foot.html" %}{% endfor %}{{ city }}</div>'
        ),
        '<p>{% include "_layouts/none.html" ignore missing %}x</p>',
        "<p>{% if points > 10 %}{% set a = 1 %}{% else %}{% set a = 2 %}{% endif %}{{ a }}</p>",
        "<p>{% for i in range(3) %}{% set a = i %}{{ a }}{% endfor %}</p>",
        (
            "<p>{% for i in interests %}{{ loop.cycle('odd', 'even') }}{{ loop.last }}{% else %}none"
            "{% endfor %}</p>"
        ),
        "<p>{% for i in interests if i != 'tents' %}{{ i }}{{ loop.length }}{% endfor %}</p>",
        "<p>{% with a = name, b = 2 %}{{ a }}{{ b }}{% endwith %}</p>",
        "<p>{% set long %}{{ name }}!{% endset %}{{ long }}{{ long|upper }}</p>",
        "<p>{% set a, b = 1, name %}{{ a }}{{ b }}</p>",
        "<p>{{ name[:3] }}{{ interests[0] }}{{ interests|join(', ') }}{{ [1, 2]|last }}</p>",
        "<p>{{ '%05.1f'|format(points) }}{{ '%s' % name }}{{ -points }}{{ points // 5 }}</p>",
        "<p>{{ {'a': name}.a }}{{ {'a': 1}['a'] }}{{ (1, 2)[1] }}{{ not member }}</p>",
        "<p>{{ 'a' if member else 'b' }}{{ name|length }}{{ 'x' ~ name ~ 1 }}</p>",
        "<p>{% raw %}{{ name }}{% endraw %}{# gone #}</p>",
        "<p>\n  {% if member %}\n  yes\n  {% endif %}\n{%- if member -%}\n no \n{%- endif %}\n</p>",
        "{% block one scoped %}<p>{{ name }}</p>{% endblock %}",
        "<p>{% for one in interests %}{% block b scoped %}{{ one }}{% endblock %}{% endfor %}</p>",
    ],
)
def test_a_letter_prints_what_jinja_prints(html: str) -> None:
    template = source(html, files=FILES)
    wanted = letters.inlined(
        letters.plain_jinja(template, {**NAMES, "range": range}, html=True)
    )
    got = letters.html_of(letters.letter(template, **NAMES))
    assert letters.what_is_shown(got) == letters.what_is_shown(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "Hi {{ name }}\n{% if member %}\nyes\n{% else %}\nno\n{% endif %}\nend",
        "{% for one in interests %}\n- {{ one }}\n{% else %}\nnone\n{% endfor %}\nend\n",
        "{% include '_layouts/foot.txt' %} {{ name|title }}",
        "{% extends '_layouts/base.txt' %}{% block b %}<{{ name }}>{{ super() }}{% endblock %}",
        "{% macro m(x) %}* {{ x }}\n{% endmacro %}{{ m(name) }}{{ m('b') }}",
    ],
)
def test_a_text_prints_what_jinja_prints(text: str) -> None:
    files = {
        "_layouts/foot.txt": "{% if points > 3 %}{{ points }}{% endif %} & co",
        "_layouts/base.txt": "Begin\n{% block b %}{{ city }}{% endblock %}\nEnd",
    }
    template = source("<p>x</p>", text=text, files=files)
    wanted = letters.plain_jinja(template, dict(NAMES), html=False)
    got = letters.text_of(letters.letter(template, **NAMES))
    assert got == wanted.strip("\n") + "\n"


def refusal(html: str, **files: str) -> str:
    named = {f"_layouts/{name}.html": text for name, text in files.items()}
    with pytest.raises(TemplateError) as caught:
        ready(source(html, files={**FILES, **named}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (
            '<p>\n{% include "_layouts/fot.html" %}',
            "line 2: there is no file templates/mail/_layouts/fot.html; did you mean '_layouts/foot.html'?",
        ),
        ("{% include name %}", "line 1: the file must be named as it is"),
        ('{% extends "_layouts/" ~ name %}', "line 1: the file must be named as it is"),
        (
            '{% if name %}{% extends "_layouts/base.html" %}{% endif %}',
            "outside of everything",
        ),
        ('{% extends "_layouts/base.html" %}<p>lost</p>', "nobody would see it"),
        ('{% extends "_layouts/base.html" %}{{ name }}', "nobody would see it"),
        (
            '{% extends "_layouts/base.html" %}{% if name %}x{% endif %}',
            "nobody would see it",
        ),
        ("{{ super() }}", "super() needs a block"),
        ("{% block a %}{{ super() }}{% endblock %}", "super() needs a block"),
        ("{{ caller() }}", "caller() is only known in a macro"),
        (
            '{% import "_layouts/macros.html" as m %}{% call(x) m.box(1) %}{% endcall %}',
            "a {% call %} cannot take values",
        ),
        ("{{ button('x') }}", "there is no macro 'button'"),
        ("{{ name|upper ~ lipsum() }}", "there is no function 'lipsum'"),
        (
            '{% from "_layouts/macros.html" import buton %}',
            "no macro 'buton' in it; did you mean 'button'?",
        ),
        (
            '{% import "_layouts/macros.html" as m %}{{ m.buton("x") }}',
            "no macro 'buton'; did you mean 'button'?",
        ),
        (
            '{% from "_layouts/macros.html" import button %}{{ button() }}',
            "the macro 'button' needs 'words'",
        ),
        (
            '{% from "_layouts/macros.html" import button %}{{ button("a", wrods="b") }}',
            "takes no 'wrods'",
        ),
        (
            '{% from "_layouts/macros.html" import button %}{{ button(1, 2, 3, 4) }}',
            "takes 3 values at most",
        ),
        (
            '{% from "_layouts/macros.html" import button %}{{ button("a")|upper }}',
            "can only be printed by itself",
        ),
        (
            '{% from "_layouts/macros.html" import button %}{% set x = button("a") %}',
            "can only be printed by itself",
        ),
        ("{% if name %}{% macro m() %}{% endmacro %}{% endif %}", "stands at the top"),
        (
            "{% macro m() %}{{ name }}{% endmacro %}{% for name in [1] %}{{ m() }}{% endfor %}",
            "give it the value in brackets",
        ),
        (
            "{% for x in interests %}{% block b %}{{ x }}{% endblock %}{% endfor %}",
            "{% block b scoped %}",
        ),
        (
            "{% block a %}{% endblock %}{% block a %}{% endblock %}",
            "the block 'a' is there twice",
        ),
        (
            '{% include "_layouts/foot.html" without context %}',
            "always sees the names around it",
        ),
    ],
)
def test_what_cannot_be_put_together_is_refused_in_words(html: str, words: str) -> None:
    assert words in refusal(html)


def test_a_required_block_must_be_filled() -> None:
    layout = "<p>{% block a required %}{% endblock %}</p>"
    assert "the block 'a' must be filled" in refusal(
        '{% extends "_layouts/r.html" %}', r=layout
    )
    filled = '{% extends "_layouts/r.html" %}{% block a %}x{% endblock %}'
    assert letters.letter(source(filled, files={"_layouts/r.html": layout}))


def test_files_that_name_each_other_are_refused() -> None:
    assert "extends itself" in refusal(
        '{% extends "_layouts/a.html" %}',
        a='{% extends "_layouts/b.html" %}',
        b='{% extends "_layouts/a.html" %}',
    )
    assert "includes itself" in refusal(
        '{% include "_layouts/a.html" %}',
        a='{% include "_layouts/b.html" %}',
        b='{% include "_layouts/a.html" %}',
    )
    assert "imports itself" in refusal(
        '{% import "_layouts/a.html" as a %}',
        a='{% import "_layouts/b.html" as b %}',
        b='{% import "_layouts/a.html" as a %}',
    )


def test_a_subject_can_include_nothing() -> None:
    with pytest.raises(
        TemplateError, match=r"letter\.toml, subject: nothing can be included"
    ):
        ready(source("<p>x</p>", subject='{% include "_layouts/foot.html" %}', files=FILES))


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>\n{% if name %}</p>", "Unexpected end of template"),
        ("<p>{{ name </p>", "body.html, line 1: "),
        ("<p>{% fi %}</p>", "unknown tag 'fi'"),
        ("<p>{{ name|uper }}</p>", "no such filter 'uper'; did you mean 'upper'?"),
        ("<p>{{ name|safe }}</p>", "no such filter 'safe'"),
        ("<p>{{ name|_url }}</p>", "no such filter '_url'"),
        (
            "<p>{% if name is defind %}{% endif %}</p>",
            "no such test 'defind'; did you mean 'defined'?",
        ),
        ("<p>{{ name.upper() }}</p>", "a value has no functions: write a filter"),
        ("<p>{{ name.__class__ }}</p>", "no such name '__class__'"),
        ("<p>{{ ''.join(['a']) }}</p>", "only macros, range(), loop.cycle()"),
        ("<p>{{ range(*[1, 2]) }}</p>", "* and ** cannot be used here"),
        ("<p>{{ name|join(*[1]) }}</p>", "* and ** cannot be used here"),
        ("<p>{% filter upper %}x{% endfilter %}</p>", "write the filter behind a value"),
        ("<p>{% for x in interests recursive %}{% endfor %}</p>", "a recursive loop"),
        (
            "<p>{% for x in interests %}{{ loop.indx }}{% endfor %}</p>",
            "a loop has no 'indx'; did you mean 'index'?",
        ),
        (
            "<p>{% set x | upper %}a{% endset %}</p>",
            "write the filter where the value is printed",
        ),
        ("<p>{% set ns.x = 1 %}</p>", "give the value a name with {% set %}"),
        ("<p>{{ self.body() }}</p>", "body.html, line 1: "),
    ],
)
def test_what_no_template_can_say_is_refused_in_words(html: str, words: str) -> None:
    assert words in refusal(html)
