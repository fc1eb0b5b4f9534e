"""Which names a person must have, and names that nobody has."""

# ruff: noqa: E501 - templates and tables are read line by line

import pytest
from letters import FOOT, NEWS, SPECS, ready, source

from mailer.compose.making import BUILT_IN_NAMES
from mailer.errors import TemplateError
from mailer.model.attributes import RESERVED_NAMES
from mailer.model.kind import Kind


def needs(html: str, **more: str) -> set[str]:
    return set(ready(source(f"<p>{html}</p>", **more)).needs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("{{ name }}", {"name"}),
        ("{{ name|upper }}", {"name"}),
        ("{{ name ~ city }}", {"name", "city"}),
        ("{{ points + 1 }}", {"points"}),
        ("{% for one in interests %}{{ one }}{% endfor %}", {"interests"}),
        ("{% set x = name|upper %}{{ x }}", {"name"}),
        ("{{ name|upper|default('x') }}", {"name"}),
        ("{{ city|default(name) }}", {"name"}),
        ("{% if country %}{{ name }}{% endif %}", {"name"}),
        ("{% if name %}x{% else %}{{ name }}{% endif %}", {"name"}),
        ("{% if name or city %}{{ name }}{% endif %}", {"name"}),
        ("{% if not name %}{{ name }}{% endif %}", {"name"}),
        ("{{ name if city else 'x' }}", {"name"}),
        ("{% if city not in ['Oslo'] %}{{ city }}{% endif %}", {"city"}),
        ("{% if points|int > 3 %}x{% endif %}", {"points"}),
        ("{{ name and city }}", {"name", "city"}),
        ("{% for one in interests if one == city %}{{ one }}{% endfor %}", {"interests"}),
        ("{% if points is even %}x{% endif %}", {"points"}),
        ("{% with who = name %}{{ who }}{% endwith %}", {"name"}),
        ("{% macro m(who) %}{{ who }}{% endmacro %}{{ m(name) }}", {"name"}),
        ("{{ language }}{{ time_zone }}", {"language", "time_zone"}),
        ('<a href="https://x.example/{{ city }}">x</a>', {"city"}),
    ],
)
def test_a_name_that_is_printed_without_fallback_is_needed(
    html: str, wanted: set[str]
) -> None:
    assert needs(html) == wanted


@pytest.mark.parametrize(
    "html",
    [
        "{{ name|default('friend') }}",
        "{{ name|d('friend')|upper }}",
        "{{ name or 'friend' }}",
        "{% if name %}{{ name }}{% endif %}",
        "{% if name is defined %}{{ name }}{% endif %}",
        "{% if name is not none %}{{ name }}{% endif %}",
        "{% if name is undefined %}x{% else %}{{ name }}{% endif %}",
        "{% if not name %}x{% else %}{{ name }}{% endif %}",
        "{% if not name %}x{% elif city %}{{ name }}{{ city }}{% endif %}",
        "{% if name and city %}{{ name }}{{ city }}{% endif %}",
        "{% if name and name|length > 3 %}x{% endif %}",
        "{% if not name or not city %}x{% else %}{{ name }}{{ city }}{% endif %}",
        "{{ name if name else 'x' }}",
        "{{ name if name }}",
        "{{ 'x' if not name else name }}",
        "{% if points > 3 %}{{ points }}{% endif %}",
        "{% if 3 < points <= 9 %}{{ points }}{% endif %}",
        "{% if 'tents' in interests %}{{ interests|join }}{% endif %}",
        "{% if city in ['Oslo'] %}{{ city }}{% endif %}",
        "{% if city not in ['Oslo'] %}x{% else %}{{ city }}{% endif %}",
        "{% if points is number %}{{ points }}{% endif %}",
        "{% if interests %}{% for one in interests %}{{ one }}{% endfor %}{% endif %}",
        "{% for one in interests|default([]) %}{{ one }}{% endfor %}",
        "{% set who = name %}{{ who|default('x') }}",
        "{% set who = name|default('x') %}{{ who }}",
        "{% with who = name %}{{ who|default('x') }}{% endwith %}",
        "{% macro m(who) %}{{ who|default('x') }}{% endmacro %}{{ m(name) }}",
        "{% macro m(who) %}{% if who %}{{ who }}{% endif %}{% endmacro %}{{ m(who=name) }}",
        "{{ country }}",
        "{{ email }}{{ list_title }}{{ sender_name }}{{ unsubscribe_url }}",
        "{% for name in ['a'] %}{{ name }}{% endfor %}",
        "{% set name = 'a' %}{{ name }}",
        "{% if country %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}",
    ],
)
def test_a_name_with_a_fallback_is_not_needed_and_its_lack_does_no_harm(html: str) -> None:
    prepared = ready(source(f"<p>{html}</p>"))
    assert prepared.needs == frozenset()
    from letters import DATE, person  # noqa: PLC0415

    assert prepared.compose(person(), 1, 1, DATE)


def test_subject_preview_and_text_count_too() -> None:
    assert needs("x", subject="{{ city }}") == {"city"}
    assert needs("{{ preview }}", preview="{{ points }}") == {"points"}
    assert needs("x", text="{{ name }}") == {"name"}


def test_a_needed_name_in_a_layout_or_include_counts() -> None:
    files = {
        "_layouts/a.html": '<p>{{ city }}{% block b %}{% endblock %}{% include "_layouts/c.html" %}',
        "_layouts/c.html": "{{ points }}",
    }
    html = '{% extends "_layouts/a.html" %}{% block b %}{{ name }}{% endblock %}'
    assert ready(source(html, files=files)).needs == {"city", "name", "points"}


def refusal(html: str, **more: object) -> str:
    with pytest.raises(TemplateError) as caught:
        ready(source(html, **more))  # type: ignore[arg-type]
    return str(caught.value)


def test_an_unknown_name_is_told_with_the_nearest_right_one() -> None:
    words = refusal("<p>\n\nHi {{ nmae }}</p>")
    assert words.startswith(
        "templates/mail/sale/body.html, line 3: no such name 'nmae'; did you mean 'name'?"
        " a contact has: birthday, city, country, interests, member, name, points;"
        " a letter has: browser_url, email, "
    )


def test_an_unknown_name_that_resembles_none_gets_them_all() -> None:
    assert "no such name 'zzz'; a contact has: birthday, city" in refusal(
        "<p>{{ zzz }}</p>"
    )


def test_an_unknown_name_is_refused_also_behind_a_fallback() -> None:
    assert "no such name 'nmae'" in refusal("<p>{{ nmae|default('x') }}</p>")
    assert "no such name 'nmae'" in refusal("<p>{% if nmae %}x{% endif %}</p>")


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"subject": "{{ nmae }}"}, "templates/mail/sale/letter.toml, subject: no such"),
        ({"preview": "{{ nmae }}"}, "templates/mail/sale/letter.toml, preview: no such"),
        ({"text": "x\n{{ nmae }}"}, "templates/mail/sale/body.txt, line 2: no such"),
        ({"subject": "{{ preview }}"}, "templates/mail/sale/letter.toml, subject: no such"),
    ],
)
def test_an_unknown_name_names_its_place(more: dict[str, object], place: str) -> None:
    assert refusal("<p>x</p>", **more).startswith(place)


def test_an_unknown_name_in_a_layout_names_the_layout() -> None:
    words = refusal(
        '{% extends "_layouts/a.html" %}', files={"_layouts/a.html": "<p>\n{{ nmae }}</p>"}
    )
    assert words.startswith("templates/mail/_layouts/a.html, line 2: no such name 'nmae'")


def test_a_name_that_only_one_branch_sets_is_refused() -> None:
    words = refusal("<p>{% if name %}{% set x = 1 %}{% endif %}{{ x }}</p>")
    assert "'x' is only set in one branch of a condition" in words


def test_a_name_of_a_loop_is_unknown_behind_it() -> None:
    assert "no such name 'x'" in refusal("<p>{% for x in [1] %}{% endfor %}{{ x }}</p>")
    assert "no such name 'loop'" in refusal("<p>{{ loop.index }}</p>")


def test_no_attribute_can_be_called_what_a_letter_prints() -> None:
    assert BUILT_IN_NAMES <= RESERVED_NAMES


def test_the_names_of_the_list_are_there_without_a_contact_having_them() -> None:
    html = "<p>{{ list_title }} {{ sender_name }}</p>" + FOOT
    assert (
        ready(source(html, kind=Kind.MARKETING), mailing_list=NEWS, specs={}).needs == set()
    )
    assert SPECS
