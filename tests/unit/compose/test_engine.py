"""What templates can reach, and how they compare."""

# ruff: noqa: E501 - templates and tables are read line by line

import letters
import pytest
from jinja2 import nodes
from letters import ready, source

from mailer.compose import locales
from mailer.compose.bounded import BudgetContext
from mailer.compose.engine import FUNCTIONS, HTML, TEXT
from mailer.compose.filters import FILTER_NAMES
from mailer.compose.limits import Budget, Limits
from mailer.compose.parts import Part, Where
from mailer.compose.places import Places
from mailer.errors import CannotComposeError, TemplateError


def shown(expression: str, **attributes: object) -> str:
    one = letters.letter(f"<p>{{{{ {expression} }}}}</p>", **attributes)
    return letters.body_of(one).removeprefix("<p>").removesuffix("</p>")


def answer(condition: str, **attributes: object) -> bool:
    html = f"<p>{{% if {condition} %}}yes{{% else %}}no{{% endif %}}</p>"
    return "<p>yes</p>" in letters.html_of(letters.letter(html, **attributes))


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("points > 3", False),
        ("points < 3", False),
        ("points != 3", False),
        ("points == points", False),
        ("not points > 3", True),
        ("'x' in interests", False),
        ("'x' not in interests", True),
        ("city in ['Oslo']", False),
        ("city not in ['Oslo']", True),
        ("city", False),
        ("not city", True),
        ("city is defined", False),
        ("city is none", True),
        ("city == none", False),
    ],
)
def test_a_missing_value_makes_a_comparison_false(condition: str, *, wanted: bool) -> None:
    assert answer(condition) is wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("name > 3", False),
        ("name != 3", False),
        ("points == '5'", False),
        ("member == 1", False),
        ("1 in [true]", False),
        ("points == 5.0", True),
        ("3 < points <= 5", True),
        ("3 < points < 5", False),
        ("name == 'Bo'", True),
        ("'o' in name", True),
        ("3 in name", False),
        ("'tents' in interests", True),
        ("birthday < '2000-01-02'", True),
        ("'Z' < 'a'", True),
        ("interests == interests", False),
        ("points is divisibleby 5", True),
        ("points is odd and points is not even", True),
        ("member is boolean and name is string and points is number", True),
    ],
)
def test_values_compare_as_in_segments(condition: str, *, wanted: bool) -> None:
    names = {
        "name": "Bo",
        "points": 5,
        "member": True,
        "interests": ["tents"],
        "birthday": "2000-01-01",
    }
    assert answer(condition, **names) is wanted


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("name|upper|lower|title|capitalize", "Bo nilsen"),
        ("name|split|first", "bo"),
        ("name|split('i')|join('|')", "bo n|lsen"),
        ("name|truncate(6, true, '…', 0)", "bo ni…"),
        ("name|replace('nil', 'x')|reverse", "nesx ob"),
        ("name|center(13)|length", "13"),
        ("name|indent|wordcount", "2"),
        ("name|wordwrap(4)|replace('\n', '/')", "bo n/ilse/n"),
        ("interests|sort|unique|join('-')", "a-b"),
        ("interests|first ~ interests|last", "bb"),
        ("interests|max ~ interests|min ~ interests|count", "ba3"),
        ("interests|reverse|list|length", "3"),
        ("[3, 1, 2]|sort|slice(2)|list|length", "2"),
        ("([1, 2, 3]|batch(2, 'x')|last)|join", "3x"),
        ("points|float|round(1)|int|abs", "12"),
        ("'%.2f'|format(points)", "12.35"),
        ("'%(a)s'|format(a=points)", "12.346"),
        ("'a&b'|e", "a&amp;b"),
        ("'a&b'|urlencode", "a%26b"),
        ("''|default('x', true)", "x"),
        ("range(3)|join", "012"),
        ("2 ** 10 + 7 % 4 * 2 - 1", "1029"),
        ("'ab' * 2", "abab"),
        ("'x' if points > 100", ""),
    ],
)
def test_filters_and_operators_do_what_jinja_says(expression: str, wanted: str) -> None:
    assert (
        shown(expression, name="bo nilsen", interests=["b", "a", "b"], points=12.346)
        == wanted
    )


def test_every_filter_of_the_list_is_there_for_html_and_text() -> None:
    assert set(HTML.filters) >= FILTER_NAMES - locales.NAMES
    assert set(TEXT.filters) == set(HTML.filters)


@pytest.mark.parametrize(
    "expression",
    ["interests", "{'a': 1}", "[1, 2]", "none", "interests|list", "range(3)", "interests ~ 'x'",
     "interests|upper", "'%s'|format(interests)", "name|replace(interests, 'x')"],
)  # fmt: skip
def test_what_is_no_text_is_not_printed(expression: str) -> None:
    with pytest.raises((CannotComposeError, TemplateError), match=r"body\.html, line 1: "):
        letters.letter(f"<p>{{{{ {expression} }}}}</p>", interests=["x"], name="y")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("points / 0", "division"),
        ("name + 1", "line 1: "),
        ("name.upper", "there is no 'upper' in it"),
        ("name['__class__']", "there is no '__class__' in it"),
        ("interests[99]", "there is no 99 in it"),
        ("{'a': 1}.b", "there is no 'b' in it"),
        ("points is divisibleby 0", "line 1: "),
        ("interests|join(interests)", "a list is no text"),
        ("interests[1:]|first", "No first item"),
        ("points.x", "there is no 'x' in it"),
        ("points[0]", "there is no 0 in it"),
        ("name|int(x)", "no such name 'x'"),
    ],
)  # fmt: skip
def test_a_mistake_while_composing_names_its_place(expression: str, words: str) -> None:
    with pytest.raises((CannotComposeError, TemplateError)) as caught:
        letters.letter(
            f"<p>{{{{ {expression} }}}}</p>", name="Bo", points=1, interests=["x"]
        )
    assert str(caught.value).startswith("templates/mail/sale/body.html, line 1: ")
    assert words in str(caught.value)


def test_a_mistake_that_everybody_would_get_is_found_before_anybody_does() -> None:
    with pytest.raises(TemplateError, match=r"body\.html, line 2: division"):
        ready(source("<p>\n{{ 1 / 0 }}</p>"))


def test_a_mistake_in_the_text_part_names_the_file_that_it_comes_from() -> None:
    template = source("<p>x</p>", text="a\nb\n{{ points / 0 }}")
    with pytest.raises(CannotComposeError, match=r"body\.txt, line 3: "):
        letters.letter(template, points=1)


def test_a_mistake_in_the_subject_names_it() -> None:
    with pytest.raises(CannotComposeError, match=r"letter\.toml, subject: "):
        letters.letter(source(subject="{{ points / 0 }}"), points=1)


def test_a_mistake_of_our_own_is_not_taken_for_one_of_the_template() -> None:
    def broken(text: str) -> str:
        if not text:
            return ""
        raise ValueError(f"our own mistake with {text}")

    places = Places()
    places.add("templates/mail/sale/body.html")
    name = nodes.Output([nodes.Name("name", "load", lineno=1)], lineno=1)
    part = Part(TEXT, [name], broken, Where(places, "x", Limits()))
    with pytest.raises(ValueError, match="our own mistake with Bo"):
        part.fill({**FUNCTIONS, "name": "Bo"})


def test_a_long_list_is_counted_when_it_is_searched() -> None:
    html = "<p>{% for i in range(900) %}{{ name in letters }}{% endfor %}</p>"
    html = "{% set letters = name|list %}" + html
    with pytest.raises(CannotComposeError, match="characters for one letter"):
        letters.letter(html, name="x" * 4_000)


def test_a_call_inside_a_loop_keeps_the_budget() -> None:
    html = (
        "<p>{% for i in interests %}{% set n = 2 %}"
        "{% for j in range(n) %}{{ j }}{% endfor %}{% endfor %}</p>"
    )
    assert "<p>0101</p>" in letters.html_of(letters.letter(html, interests=["a", "b"]))
    context = BudgetContext(HTML, dict(FUNCTIONS), None, {})
    context.budget = Budget(Limits())
    assert context.derived({"a": 1}).budget is context.budget


def test_loops_know_where_they_are() -> None:
    html = (
        "<p>{% for i in interests %}{{ loop.first }}{{ loop.revindex }}{{ loop.changed(i) }}"
        "{{ loop.previtem|default('-') }}{{ loop.nextitem|default('+') }};{% endfor %}</p>"
    )
    got = letters.html_of(letters.letter(html, interests=["a", "b"]))
    assert "<p>True2True-b;False1Truea+;</p>" in got
