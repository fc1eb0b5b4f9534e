"""Whatever is typed is a rule or a clear mistake, and a rule survives being written."""

from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rulecases import FALLBACKS, SPECS, Somebody, moments, rules, somebody

from mailer.errors import ExpressionError
from mailer.model.evaluate import deciding, holds, values
from mailer.model.expression import parse
from mailer.model.rule import Fixed, Rule, leaves, operands
from mailer.model.ruletext import unparse

NOW = datetime(2026, 3, 29, 11, 30, tzinfo=UTC)
PIECES = (
    *SPECS, "language", "created", "today", "and", "or", "not", "in", "is", "none",
    "defined", "true", "==", "!=", "<", ">=", "(", ")", "[", "]", ",", "'NO'", "5", "-",
    "'2026-03-29'", "1.5", "|", "length", "member", "received_within", "'14d'", "days_ago",
    "anniversary", ".", "~", "+", "if", "else", "{", "}", "'", '"', "\\", "\n", " ", "\x00",
    "\ud800", "%}",
)  # fmt: skip


def read(text: str) -> Rule | None:
    try:
        return parse(text, SPECS, "a segment")
    except ExpressionError as refused:
        mistake = refused
    assert str(mistake).startswith("a segment")
    return None


@given(st.text())
def test_any_text_is_a_rule_or_a_mistake(text: str) -> None:
    read(text)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["", " "]))
def test_any_pieces_are_a_rule_or_a_mistake(pieces: list[str], between: str) -> None:
    rule = read(between.join(pieces))
    if rule is not None:
        assert read(unparse(rule)) == rule


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rule, Somebody, datetime, str]:
    now = draw(moments)
    return draw(rules), draw(somebody(now)), now, draw(st.sampled_from(FALLBACKS))


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_a_rule_that_is_written_and_read_again_gives_the_same_answer(
    case: tuple[Rule, Somebody, datetime, str],
) -> None:
    rule, one, now, zone = case
    fixed = [
        operand.value
        for leaf in leaves(rule)
        for operand in operands(leaf)
        if isinstance(operand, Fixed) and isinstance(operand.value, str)
    ]
    assume(all(text == normalize("NFC", text) for text in fixed))
    again = read(unparse(rule))
    assume(again is not None)
    assert again is not None
    facts = one.facts(1, now, zone)
    assert holds(again, facts) == holds(rule, facts)
    assert read(unparse(again)) == again


@given(cases())
def test_what_decided_explains_the_answer(
    case: tuple[Rule, Somebody, datetime, str],
) -> None:
    rule, one, now, zone = case
    facts = one.facts(1, now, zone)
    clauses = deciding(rule, facts)
    assert clauses
    for clause in clauses:
        assert holds(clause.rule, facts) is clause.holds
    assert set(values(rule, facts)) <= {*SPECS, "language", "time_zone", "created"}


@pytest.mark.parametrize("character", ["\x00", "\ud800", "\x1b", "\u2028"])
def test_what_no_database_keeps_is_in_no_rule(character: str) -> None:
    assert read(f"country == 'a{character}b'") is None
