"""Whatever is looked up rather than run: a part says what a plain rendering says."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from letters import source

from mailer.compose.assembly import Assembler
from mailer.compose.engine import FUNCTIONS, HTML, RENDER_ERRORS, TEXT, Engine, Program
from mailer.compose.limits import Budget, Limits, counting
from mailer.compose.parts import Part, Where
from mailer.compose.places import Places
from mailer.errors import CannotComposeError

PIECES = st.sampled_from(
    [
        "<p>",
        "{{ name }}",
        "{{ name|default('a<b') }}",
        "{{ name|d('é') }}",
        "{{ name|default(city) }}",
        "{{ name|default('x', true) }}",
        "{{ name|upper }}",
        "{{ points }}",
        "{{ points|default('none') }}",
        "{{ member }}",
        "{{ interests }}",
        "{% if name %}A{{ city|default('z') }}{% else %}B{% endif %}",
        "{% if member %}m{% elif interests %}i{{ name|lower }}{% elif city %}c{% endif %}",
        "{% if points > 3 %}many{{ name|default('n') }}{% else %}{{ city }}{% endif %}",
        "{% if member %}{% endif %}",
        "{% set name %}{{ city|default('c') }}!{% endset %}",
        "{% set who %}Hi & {{ name|default('you') }}{% endset %}",
        "{% set who %}{{ who|default('w') }}{{ points|default(0) + 1 }}{% endset %}",
        "{% set who %}{% set city = name|upper %}{{ city }}{% endset %}",
        "{% set who %}{% if name %}{% set name = 'n' %}{% endif %}{{ name }}{% endset %}",
        "{{ who|default('w') }}",
        "{{ who }}",
        "{% if member %}{{ who }}{% set city %}in{% endset %}{% endif %}",
        "{% with city = name %}{{ city|default('v') }}{% endwith %}",
        "{% for one in interests|default([]) %}{{ one }}{{ name|d('n') }}{% endfor %}",
        "{% for name in interests|default([]) %}{{ name }}{% endfor %}",
        "{% set city = points %}",
        "{% if city %}{% set name = 'set' %}{% endif %}",
    ]
)
WORDS = st.sampled_from(["Bo", "", "<b>&\"'", "0", "Åse", "a\nb", " ", "x" * 90])
NAMES = st.fixed_dictionaries(
    {},
    optional={
        "name": WORDS,
        "city": WORDS,
        "points": st.sampled_from([0, 7, 2.5]),
        "member": st.booleans(),
        "interests": st.lists(WORDS, max_size=3),
    },
)


def test_a_value_that_is_missing_where_it_is_printed_is_named() -> None:
    places = Places()
    line = Assembler(source("<p>x</p>"), places, Limits()).line("a{{ name }}", "subject")
    part = Part(TEXT, counting(line), str, Where(places, "x", Limits()))
    with pytest.raises(CannotComposeError, match="subject: there is no 'name' here"):
        part.fill(dict(FUNCTIONS))


@pytest.mark.parametrize("engine", [HTML, TEXT])
@given(st.lists(PIECES, min_size=1, max_size=6), NAMES)
@example(
    ["{% set who %}{% set city = name|upper %}{{ city }}{% endset %}", "{{ who }}",
     "{{ city|default('c') }}"],
    {"name": "Bo", "city": "Oslo"},
)  # fmt: skip
@example(["{{ who|default('w') }}", "{% set who %}x{% endset %}", "{{ who }}"], {})
@settings(max_examples=300)
def test_a_part_is_a_plain_rendering(
    engine: Engine, pieces: list[str], names: dict[str, object]
) -> None:
    places = Places()
    line = Assembler(source("<p>x</p>"), places, Limits()).line("".join(pieces), "subject")
    body = counting(line)
    part = Part(engine, body, str, Where(places, "x", Limits()))
    given_names = {**FUNCTIONS, **names}
    plain = Program(engine, body, places, "x")
    try:
        wanted = "".join(plain.run(dict(given_names), Budget(Limits())))
    except RENDER_ERRORS:
        # What is set and not printed need not be worked out, so it need not fail.
        with suppress(CannotComposeError):
            part.fill(dict(given_names))
        return
    assert "".join(part.fill(dict(given_names))) == wanted
