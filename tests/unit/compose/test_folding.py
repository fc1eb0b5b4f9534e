"""What is the same for everybody is worked out once."""

# ruff: noqa: E501 - templates and tables are read line by line

import letters
from letters import ready, source

from mailer.compose.tree import literal_text


def pieces(html: str) -> int:
    """Return how many statements of the HTML are left to each letter."""
    body = ready(source(html)).bodies.html.body
    return sum(1 for node in body if literal_text(node) is None)


def test_a_loop_over_what_the_template_lists_costs_no_letter_anything() -> None:
    html = (
        "{% set offers = [{'n': 'Tent', 'p': 3}, {'n': 'Stove', 'p': 4}] %}"
        "<table>{% for one in offers %}<tr><td>{{ one.n }}</td><td>{{ one.p * 2 }}</td></tr>"
        "{% endfor %}</table>"
    )
    assert pieces(html) == 0
    assert "<td>Stove</td><td>8</td>" in letters.html_of(letters.letter(html))


def test_a_list_that_a_personal_loop_uses_is_kept() -> None:
    html = (
        "{% set offers = [{'n': 'Tent', 't': 'tents'}, {'n': 'Stove', 't': 'stoves'}] %}"
        "<p>{% for one in offers if one.t in interests %}{{ one.n }}{% endfor %}</p>"
    )
    assert "<p>Stove</p>" in letters.html_of(letters.letter(html, interests=["stoves"]))


def test_the_names_of_the_list_are_common() -> None:
    assert pieces("<p>{{ list_title }} {{ sender_name|upper }} {{ 1 + 1 }}</p>") == 0


def test_a_name_that_becomes_personal_is_not_taken_for_common() -> None:
    html = (
        "<p>{% set a = 'x' %}{{ a }}{% set a = name %}{{ a }}{% set a = 'y' %}{{ a }}</p>"
        "<p>{% set b = 'x' %}{% if member %}{% set b = name %}{% endif %}{{ b }}</p>"
        "<p>{% set c = 'x' %}{% if member %}{% set c = 'z' %}{{ c }}{% endif %}{{ c }}</p>"
        "<p>{% set d = 'x' %}{% for i in interests %}{% set d = i %}{{ d }}{% endfor %}{{ d }}</p>"
        "<p>{% set e = 1 %}{% with e = name %}{{ e }}{% endwith %}{{ e }}</p>"
    )
    got = letters.html_of(letters.letter(html, name="N", member=True, interests=["i"]))
    for wanted in ("<p>xNy</p>", "<p>N</p>", "<p>zz</p>", "<p>ix</p>", "<p>N1</p>"):
        assert wanted in got
    got = letters.html_of(letters.letter(html, name="N", member=False, interests=[]))
    for wanted in ("<p>xNy</p>", "<p>x</p>", "<p>x</p>", "<p>N1</p>"):
        assert wanted in got


def test_the_branches_of_a_condition_are_worked_out_too() -> None:
    html = "<p>{% if member %}{% for i in range(3) %}{{ i }}{% endfor %}{% else %}{{ 1 + 1 }}{% endif %}</p>"
    assert "<p>012</p>" in letters.html_of(letters.letter(html, member=True))
    assert "<p>2</p>" in letters.html_of(letters.letter(html, member=False))


def test_a_definition_that_nothing_uses_is_dropped() -> None:
    html = "{% set a = name|upper %}{% set b = a ~ a %}<p>x</p>"
    assert pieces(html) == 0


def test_a_value_that_holds_what_stands_between_others_stays_whole():
    loop = '{% for one in ["c\\0"] %}{{ one }}{% endfor %}'
    made = ready(source(f'<p>{{{{ list_title }}}}{{{{ "a\\0b" }}}}{loop}</p>'))
    texts = [literal_text(node) or "" for node in made.bodies.html.body]
    assert "News from the fellsa" in "".join(texts)
    assert "bc" in "".join(texts)
