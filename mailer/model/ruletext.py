"""How a rule is written as text: one way, which parsed again gives the same rule."""

from datetime import timedelta
from typing import assert_never

from mailer.model.rule import (
    Always,
    And,
    Anniversary,
    Compare,
    Contains,
    Created,
    Day,
    EngagedWithin,
    Fixed,
    HistoryRule,
    JoinedWithin,
    Known,
    Leaf,
    Length,
    Member,
    Name,
    Not,
    OneOf,
    Operand,
    Or,
    Received,
    ReceivedWithin,
    Rule,
    Today,
    Truthy,
    ValueRule,
)


def clauses(rule: Rule) -> tuple[tuple[str, Rule], ...]:
    """Return the parts that must all hold, each with its text."""
    parts = rule.rules if isinstance(rule, And) else (rule,)
    return tuple((unparse(part), part) for part in parts)


def unparse(rule: Rule) -> str:
    """Write a rule as text: parsed again, it is the same rule."""
    match rule:
        case And(rules):
            return " and ".join(_bracketed(one, Or) for one in rules)
        case Or(rules):
            return " or ".join(unparse(one) for one in rules)
        case Not(OneOf() | Contains() | Known() as leaf):
            return _leaf(leaf, negated=True)
        case Not(inner):
            return f"not {_bracketed(inner, And, Or)}"
        case _:
            return _leaf(rule, negated=False)


def _bracketed(rule: Rule, *loose: type[And | Or]) -> str:
    text = unparse(rule)
    return f"({text})" if isinstance(rule, loose) else text


def _leaf(leaf: Leaf, *, negated: bool) -> str:
    if isinstance(leaf, Always):
        return _fixed(leaf.answer)
    if isinstance(leaf, HistoryRule):
        return _history(leaf)
    return _values(leaf, negated=negated)


def _values(leaf: ValueRule, *, negated: bool) -> str:
    word_in = "not in" if negated else "in"
    match leaf:
        case Compare(left, operator, right):
            text = f"{operand_text(left)} {operator} {operand_text(right)}"
        case OneOf(operand, values):
            listed = ", ".join(operand_text(value) for value in values)
            text = f"{operand_text(operand)} {word_in} [{listed}]"
        case Contains(container, item):
            text = f"{operand_text(item)} {word_in} {operand_text(container)}"
        case Truthy(operand):
            text = operand_text(operand)
        case Known(name):
            text = f"{name.name} is {'none' if negated else 'defined'}"
        case Anniversary(name, ahead_days):
            text = f"anniversary({name.name}{f', {ahead_days}' if ahead_days else ''})"
        case _:
            assert_never(leaf)
    return text


def _history(leaf: HistoryRule) -> str:
    match leaf:
        case Member(list_id):
            return f"member({_text(list_id)})"
        case JoinedWithin(within, list_id):
            return f"joined_within({_text(_duration(within))}, {_text(list_id)})"
        case Received(campaign):
            return f"received({_text(campaign)})"
        case ReceivedWithin(within):
            return f"received_within({_text(_duration(within))})"
        case EngagedWithin(within):
            return f"engaged_within({_text(_duration(within))})"
        case _:
            assert_never(leaf)


def operand_text(operand: Operand) -> str:
    """Write one value of a rule as text."""
    match operand:
        case Name(name):
            return name
        case Length(of):
            return f"{of.name}|length"
        case Fixed(value):
            return _fixed(value)
        case Day(iso):
            return _text(iso)
        case Today(shift_days):
            return _today(shift_days)
        case Created():
            return "created"
        case _:
            assert_never(operand)


def _today(shift_days: int) -> str:
    if not shift_days:
        return "today"
    word = "days_ahead" if shift_days > 0 else "days_ago"
    return f"{word}({abs(shift_days)})"


def _fixed(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _duration(within: timedelta) -> str:
    seconds = within // timedelta(seconds=1)
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
