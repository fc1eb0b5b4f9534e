"""What a template may cost: each limit is counted, and the error names file and line."""

import letters
import pytest
from letters import ready, source

from mailer.compose.limits import Limits
from mailer.errors import CannotComposeError, TemplateError

SMALL = Limits(max_steps=1_000, max_output_bytes=20_000)


def refusal_of_all(html: str) -> str:
    """Return why a template is refused for everybody."""
    with pytest.raises(TemplateError) as caught:
        ready(source(html), limits=SMALL)
    return str(caught.value)


def refusal_of_one(html: str, **attributes: object) -> str:
    """Return why it is refused for one person."""
    prepared = ready(source(html), limits=SMALL)
    with pytest.raises(CannotComposeError) as caught:
        prepared.compose(letters.person(**attributes), 1, 1, letters.DATE)
    return str(caught.value)


def refusal(html: str, **attributes: object) -> str:
    """Return why a template or a letter is refused, whichever comes first."""
    with pytest.raises((TemplateError, CannotComposeError)) as caught:
        ready(source(html), limits=SMALL).compose(
            letters.person(**attributes), 1, 1, letters.DATE
        )
    return str(caught.value)


def test_a_loop_without_end_is_refused_with_its_line() -> None:
    words = refusal_of_all("<p>\n{% for i in range(10 ** 9) %}x{% endfor %}</p>")
    assert words.startswith(
        "templates/mail/sale/body.html, line 2: the loops of one letter"
    )
    assert "raise max_steps" in words


def test_nested_loops_multiply() -> None:
    loops = "{% for i in range(100) %}{% for j in range(100) %}{% endfor %}{% endfor %}"
    assert "more than 1000 turns" in refusal_of_all(f"<p>{loops}</p>")


def test_a_loop_that_prints_nothing_counts() -> None:
    words = refusal_of_one("<p>{% for i in range(points) %}{% endfor %}</p>", points=1_001)
    assert "more than 1000 turns" in words


def test_loops_one_after_the_other_add_up() -> None:
    loop = "{% for i in range(points) %}{% endfor %}"
    assert letters.read(
        ready(source(f"<p>{loop * 2}</p>"), limits=SMALL).compose(
            letters.person(points=500), 1, 1, letters.DATE
        )
    )
    assert "more than 1000 turns" in refusal_of_one(f"<p>{loop * 3}</p>", points=500)


def test_each_letter_has_the_whole_budget() -> None:
    prepared = ready(
        source("<p>{% for i in range(points) %}{% endfor %}</p>"), limits=SMALL
    )
    for delivery in range(5):
        assert prepared.compose(letters.person(points=1_000), delivery, 1, letters.DATE)


def test_the_letters_of_a_long_text_are_turns_too() -> None:
    words = refusal_of_one("<p>{% for x in name %}{% endfor %}</p>", name="x" * 1_001)
    assert "more than 1000 turns" in words


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * points",
        "points * 'a'",
        "'a'|center(points)",
        r"'a\nb'|indent(points)",
        r"'a\nb'|indent('x' * 9000)",
        "('x' * 1000)|replace('x', 'y' * 100)",
        "'ab'|replace('', 'y' * 9000)",
        "['x' * 9000, 'y' * 9000]|join('z' * 9000)",
        "range(1000)|join('x' * 100)",
        "'%99999999d'|format(1)",
        "'%s%s%s%s'|format(name, name, name, name)",
        "'%99999d' % 1",
        "'%s %s %s' % (name, name, name)",
        "name ~ name ~ name ~ name ~ name",
        "name + name + name + name",
        "(name * 2)|upper|lower|upper|lower",
        "(name * 2)|urlencode|urlencode|urlencode",
        "name|list|reverse|list|sort|list|join",
        "[1]|batch(points)|list|length",
        "[1]|slice(points)|list|length",
        "name|wordwrap(1)|wordwrap(1)|wordwrap(1)",
        "range(points)|list|length",
        "name|split('')|length if false else range(points)|sort|length",
    ],
)
def test_operators_and_filters_cannot_grow_without_end(expression: str) -> None:
    words = refusal(f"<p>\n{{{{ {expression} }}}}</p>", name="x" * 6_000, points=10**9)
    assert words.startswith("templates/mail/sale/body.html, line 2: ")
    assert "characters for one letter" in words or "turns" in words or "a width" in words


@pytest.mark.parametrize(
    "expression", ["9 ** 99999", "(9 ** 99) ** 99", "(2 ** 500) * (2 ** 500) * (2 ** 500)"]
)
def test_numbers_cannot_grow_without_end(expression: str) -> None:
    assert "is too large" in refusal_of_all(f"<p>{{{{ {expression} }}}}</p>")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("[1] * 9", "a list cannot be multiplied"),
        ("interests * 2", "a list cannot be multiplied"),
        ("9 * interests", "a list cannot be multiplied"),
        ("interests * interests", "only numbers can be multiplied"),
        ("'a' * 'b'", "only numbers can be multiplied"),
    ],
)
def test_only_numbers_and_texts_can_be_multiplied(expression: str, words: str) -> None:
    assert words in refusal(f"<p>{{{{ ({expression})|length }}}}</p>", interests=["x"])


def test_a_number_is_nothing_to_loop_over() -> None:
    words = refusal_of_one("<p>\n{% for i in points %}{% endfor %}</p>", points=3)
    assert words == "templates/mail/sale/body.html, line 2: 'int' object is not iterable"


def test_a_list_in_a_list_made_while_it_runs_is_refused() -> None:
    lines = "{% set a = [name] %}" + "{% set a = [a, a] %}" * 40
    assert "a list is no text" in refusal_of_one(
        f"<p>{lines}{{{{ a|length }}}}</p>", name="x"
    )


def test_a_set_block_that_doubles_is_stopped() -> None:
    lines = (
        "{% set a %}{{ name }}{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40
    )
    assert "characters for one letter" in refusal_of_one(
        f"<p>{lines}{{{{ a }}}}</p>", name="x"
    )


def test_a_set_block_counts_the_text_of_its_loops() -> None:
    body = "{% set a %}{% for i in range(900) %}" + "x" * 100 + "{% endfor %}{% endset %}"
    words = refusal(f"<p>{body}{{{{ a }}}}{{{{ name }}}}</p>", name="x")
    assert "characters for one letter" in words


def test_macros_that_call_macros_are_stopped() -> None:
    lines = "{% macro m0() %}x{% endmacro %}"
    for number in range(1, 30):
        call = f"{{{{ m{number - 1}() }}}}"
        lines += f"{{% macro m{number}() %}}{call}{call}{{% endmacro %}}"
    assert "parts" in refusal_of_all(f"{lines}<p>{{{{ m29() }}}}</p>")


def test_a_macro_that_calls_itself_is_refused_with_its_line() -> None:
    words = refusal_of_all("{% macro m() %}\n{{ m() }}{% endmacro %}<p>{{ m() }}</p>")
    assert words == "templates/mail/sale/body.html, line 2: the macro 'm' calls itself"


def test_files_that_include_each_other_twice_are_stopped() -> None:
    files = {"_layouts/p0.html": "x"}
    for number in range(1, 30):
        files[f"_layouts/p{number}.html"] = (
            f'{{% include "_layouts/p{number - 1}.html" %}}' * 2
        )
    with pytest.raises(TemplateError, match="parts"):
        ready(source('<p>{% include "_layouts/p29.html" %}</p>', files=files))


def test_what_everybody_gets_may_not_be_too_large() -> None:
    words = refusal_of_all("<p>" + "x" * 15_000 + "é" * 1_500 + "</p>")
    assert words.startswith("templates/mail/sale/body.")
    assert "raise max_output_bytes" in words


def test_what_one_person_gets_may_not_be_too_large() -> None:
    words = refusal_of_one("<p>{{ name }}{{ name }}{{ name }}</p>", name="é" * 3_000)
    assert "more than 20000 bytes" in words


def test_the_output_of_a_loop_is_stopped_while_it_runs() -> None:
    html = "<p>\n{% for i in range(points) %}{{ name }}{% endfor %}</p>"
    words = refusal_of_one(html, name="x" * 1_000, points=999)
    assert words.startswith(
        "templates/mail/sale/body.html, line 2: it makes more than 20000"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p>{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}</p>",
        "<p>{{ 1" + " + 1" * 5_000 + " }}</p>",
        "<p>" + "{% if name %}" * 300 + "{% endif %}" * 300 + "</p>",
        "<p>" + "{% for x in [1] %}" * 60 + "{{ name }}" + "{% endfor %}" * 60 + "</p>",
        "<p>{{ " + "9" * 5_000 + " }}</p>",
        "<p>{{ name" + "|upper" * 3_000 + " }}</p>",
    ],
)
def test_what_is_nested_too_deeply_is_refused_in_words(html: str) -> None:
    with pytest.raises(TemplateError, match=r"templates/mail/sale/body\.html"):
        ready(source(html))
