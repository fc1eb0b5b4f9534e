"""How the text of a segment's rule becomes rule values: Jinja's syntax, a closed meaning.

Jinja's own parser reads it, and nothing of it is ever run: each part becomes one of the
values of `mailer.model.rule`, or is refused with its place, what was found, and the nearest
right name.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from jinja2 import nodes

from mailer.errors import did_you_mean
from mailer.model.attributes import AttributeType
from mailer.model.bounds import measure
from mailer.model.operands import CONDITION_USAGE, Declared, Operands, type_of
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
    JoinedWithin,
    Known,
    Length,
    Member,
    Name,
    Not,
    OneOf,
    Operand,
    Operator,
    Or,
    Received,
    ReceivedWithin,
    Rule,
    Today,
    Truthy,
)
from mailer.model.ruletext import operand_text
from mailer.model.schedule import parse_duration
from mailer.model.syntax import tree

_LONGEST = timedelta(days=3_660)
_UNTRACKED = frozenset({"opened", "opened_within", "clicked", "clicked_within"})
_NOT_KNOWN = (
    "asks what a person did with a letter, and no list keeps that: letters carry no pixel,"
    " and links are counted with no person in them but those who agreed to it, which"
    " engaged_within sees; ask what she did of her own accord: engaged_within('90d')"
)
_MAX_AHEAD_DAYS = 366

_OPERATORS = {
    "eq": Operator.EQ,
    "ne": Operator.NE,
    "lt": Operator.LT,
    "lteq": Operator.LE,
    "gt": Operator.GT,
    "gteq": Operator.GE,
}


def parse(
    text: str, known: Declared, where: str, lists: Collection[str] | None = None
) -> Rule:
    """Read a rule.

    Args:
        known: The declared attributes, as types or with their defaults.
        where: The place for messages, such as `lists/news.toml, segment norway`.
        lists: The ids of all lists; None when nobody knows them here, and then every id
            is taken as right.

    Raises:
        ExpressionError: when it is no rule, or names what nobody has.
    """
    source, node = tree(text, where)
    rule = _Reading(Operands(source, known), lists).rule(node)
    measure(rule, where)
    return rule


class _Reading:
    """Reads the conditions of one expression."""

    def __init__(self, operands: Operands, lists: Collection[str] | None) -> None:
        self._operands = operands
        self._lists = lists
        self._error = operands.error
        self._readers: dict[type[nodes.Node], Callable[[Any], Rule]] = {
            nodes.And: lambda node: And(self._joined(node, nodes.And, And)),
            nodes.Or: lambda node: Or(self._joined(node, nodes.Or, Or)),
            nodes.Not: self._not,
            nodes.Compare: self._comparison,
            nodes.Call: self._call,
            nodes.Test: self._test,
            nodes.Const: self._constant,
        }

    def rule(self, node: nodes.Node) -> Rule:
        """Return the rule that a part of the expression stands for."""
        return self._readers.get(type(node), self._truthy)(node)

    def _joined(
        self, node: nodes.BinExpr, kind: type[nodes.BinExpr], joined: type[And | Or]
    ) -> tuple[Rule, ...]:
        """Read a chain of `and` or of `or`, whose tree is deep on its left side."""
        parts: list[nodes.Node] = []
        left: nodes.Node = node
        while isinstance(left, kind):
            parts.append(left.right)
            left = left.left
        parts.append(left)
        rules: list[Rule] = []
        for part in reversed(parts):
            rule = self.rule(part)
            rules.extend(rule.rules if isinstance(rule, joined) else (rule,))
        return tuple(rules)

    def _not(self, node: nodes.Not) -> Rule:
        rule = self.rule(node.node)
        return rule.rule if isinstance(rule, Not) else Not(rule)

    def _comparison(self, node: nodes.Compare) -> Rule:
        left: nodes.Node = node.expr
        rules: list[Rule] = []
        for operand in node.ops:
            if operand.op in _OPERATORS:
                rules.append(self._compare(left, _OPERATORS[operand.op], operand.expr))
            else:
                contained = self._in(left, operand.expr)
                rules.append(Not(contained) if operand.op == "notin" else contained)
            left = operand.expr
        return rules[0] if len(rules) == 1 else And(tuple(rules))

    def _compare(self, left: nodes.Node, operator: Operator, right: nodes.Node) -> Compare:
        one, two = self._operands.read(left), self._operands.read(right)
        if isinstance(one, Fixed) and isinstance(two, Fixed):
            raise self._error(
                left, "two fixed values are compared: one must be the contact's"
            )
        one = self._operands.as_type(one, type_of(two), left)
        two = self._operands.as_type(two, type_of(one), right)
        self._check_types(one, two, left)
        if type_of(one) is AttributeType.BOOLEAN and operator not in {"==", "!="}:
            raise self._error(left, "true and false have no order: write == or !=")
        return Compare(one, operator, two)

    def _check_types(self, one: Operand, two: Operand, node: nodes.Node) -> None:
        for operand in (one, two):
            if type_of(operand) is AttributeType.TEXTS:
                name = operand_text(operand)
                raise self._error(
                    node, f"{name} holds several texts: write 'text' in {name}"
                )
        if type_of(one) is not type_of(two):
            raise self._error(
                node,
                f"{operand_text(one)} is a {type_of(one)} and {operand_text(two)} a"
                f" {type_of(two)}: they never compare",
            )
        for operand, other in ((one, two), (two, one)):
            if isinstance(operand, Created) and not isinstance(other, (Day, Today)):
                raise self._error(
                    node,
                    "created is compared with a day in quotes, today, days_ago(…) or"
                    " days_ahead(…)",
                )

    def _in(self, item: nodes.Node, container: nodes.Node) -> Rule:
        if isinstance(container, (nodes.List, nodes.Tuple)):
            return self._one_of(item, container.items)
        usage = "country in ['NO', 'SE'] or 'tents' in interests"
        operand = self._operands.name(container, usage)
        if operand.type not in {AttributeType.TEXT, AttributeType.TEXTS}:
            raise self._error(
                container, f"{operand.name} is a {operand.type}: nothing is in it"
            )
        part = self._operands.read(item)
        if type_of(part) is not AttributeType.TEXT or not isinstance(part, (Name, Fixed)):
            raise self._error(item, f"only a text can be in {operand.name}, as in {usage}")
        return Contains(operand, part)

    def _one_of(self, item: nodes.Node, listed: list[nodes.Expr]) -> OneOf:
        operand = self._operands.read(item)
        wanted = type_of(operand)
        if isinstance(operand, Fixed):
            raise self._error(
                item, "a fixed value is looked for in a list: write a name before 'in'"
            )
        if wanted is AttributeType.TEXTS:
            name = operand_text(operand)
            raise self._error(item, f"{name} holds several texts: write 'text' in {name}")
        if not listed:
            raise self._error(item, "the list after 'in' is empty")
        values: list[Fixed | Day] = []
        for one in listed:
            value = self._operands.as_type(self._operands.read(one), wanted, one)
            if not isinstance(value, (Fixed, Day)):
                raise self._error(one, "only fixed values stand in a list")
            if type_of(value) is not wanted:
                raise self._error(
                    one, f"{operand_text(operand)} is a {wanted}, not {operand_text(value)}"
                )
            values.append(value)
        return OneOf(operand, tuple(values))

    def _constant(self, node: nodes.Const) -> Always:
        if not isinstance(node.value, bool):
            raise self._error(
                node, "a value alone is no condition: compare it with something"
            )
        return Always(node.value)

    def _truthy(self, node: nodes.Node) -> Truthy:
        operand = self._operands.read(node)
        if not isinstance(operand, (Name, Length, Created)):
            raise self._error(
                node, "a value alone is no condition: compare it with something"
            )
        return Truthy(operand)

    def _test(self, node: nodes.Test) -> Rule:
        if node.name not in {"defined", "none"} or node.args or node.kwargs:
            near = did_you_mean(node.name, ["defined", "none"])
            raise self._error(node, f"no such test 'is {node.name}'{near}")
        known = Known(self._operands.name(node.node, "city is defined"))
        return known if node.name == "defined" else Not(known)

    def _call(self, node: nodes.Call) -> Rule:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        read = self._functions().get(name)
        if name in _UNTRACKED:
            raise self._error(node, f"{name}(…) {_NOT_KNOWN}")
        if read is None:
            self._operands.read(node)
            raise self._error(node, f"{name}(…) is a day: compare it with one")
        least, most, build = read
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if not plain or not least <= len(node.args) <= most:
            raise self._error(node, f"write {CONDITION_USAGE[name]}")
        return build(*node.args)

    def _functions(self) -> dict[str, tuple[int, int, Callable[..., Rule]]]:
        """Return the functions: how many arguments they take at least and at most."""
        return {
            "member": (1, 1, self._member),
            "joined_within": (2, 2, self._joined_within),
            "received": (1, 1, self._received),
            "received_within": (1, 1, self._received_within),
            "engaged_within": (1, 1, self._engaged_within),
            "anniversary": (1, 2, self._anniversary),
        }

    def _member(self, list_id: nodes.Expr) -> Member:
        return Member(self._list(list_id, "member"))

    def _joined_within(self, within: nodes.Expr, list_id: nodes.Expr) -> JoinedWithin:
        length = self._duration(within, "joined_within")
        return JoinedWithin(length, self._list(list_id, "joined_within"))

    def _received(self, campaign: nodes.Expr) -> Received:
        return Received(self._operands.text(campaign, CONDITION_USAGE["received"]))

    def _received_within(self, within: nodes.Expr) -> ReceivedWithin:
        return ReceivedWithin(self._duration(within, "received_within"))

    def _engaged_within(self, within: nodes.Expr) -> EngagedWithin:
        return EngagedWithin(self._duration(within, "engaged_within"))

    def _anniversary(
        self, date: nodes.Expr, ahead: nodes.Expr | None = None
    ) -> Anniversary:
        usage = CONDITION_USAGE["anniversary"]
        name = self._operands.name(date, usage)
        if name.type is not AttributeType.DATE:
            raise self._error(date, f"{name.name} is a {name.type}, not a date")
        days = self._operands.whole(ahead, _MAX_AHEAD_DAYS, usage) if ahead else 0
        return Anniversary(name, days)

    def _list(self, node: nodes.Expr, function: str) -> str:
        list_id = self._operands.text(node, CONDITION_USAGE[function])
        if self._lists is not None and list_id not in self._lists:
            near = did_you_mean(list_id, self._lists)
            raise self._error(node, f"no list has the id {list_id!r}{near}")
        return list_id

    def _duration(self, node: nodes.Expr, function: str) -> timedelta:
        text = self._operands.text(node, CONDITION_USAGE[function])
        try:
            length = parse_duration(text)
        except ValueError as problem:
            raise self._error(node, str(problem)) from problem
        if length > _LONGEST:
            raise self._error(node, f"{text!r} is longer than ten years")
        return length
