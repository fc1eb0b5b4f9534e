"""How the values in an expression are read: names, texts, numbers and days."""

import math
from collections.abc import Mapping
from typing import cast

from jinja2 import nodes

from mailer.errors import ExpressionError, did_you_mean
from mailer.model.attributes import (
    NUMBER_LIMIT,
    AttributeSpec,
    AttributeType,
    composed,
    is_date,
)
from mailer.model.rule import (
    Created,
    Day,
    Default,
    Fixed,
    Length,
    Name,
    Operand,
    Today,
)
from mailer.model.ruletext import operand_text
from mailer.model.syntax import Source, place_of

Declared = Mapping[str, AttributeType | AttributeSpec]

BUILT_IN: Declared = {"language": AttributeType.TEXT, "time_zone": AttributeType.TEXT}
DAY_NAMES = ("created", "today")
DAY_FUNCTIONS = {"days_ago": -1, "days_ahead": 1}
CONDITION_USAGE = {
    "member": "member('list')",
    "joined_within": "joined_within('14d', 'list')",
    "received": "received('campaign')",
    "received_within": "received_within('14d')",
    "engaged_within": "engaged_within('90d')",
    "anniversary": "anniversary(birthday) or anniversary(birthday, 7)",
}
"""The functions that are conditions, each with an example."""

_MAX_SHIFT_DAYS = 36_525

_A_CONDITION = "a condition stands where a value is due: join conditions with 'and', 'or'"
_NO_ARITHMETIC = (
    "there is no arithmetic in expressions; days_ago(30) and days_ahead(7) count days"
)
_A_LIST = "a list stands only after 'in'"
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Getattr: "nothing stands behind a point in expressions",
    nodes.Getitem: "no brackets stand behind a value in expressions",
    nodes.Concat: "texts cannot be joined in expressions",
    nodes.Dict: "there are no dictionaries in expressions",
    nodes.List: _A_LIST,
    nodes.Tuple: _A_LIST,
}


class Operands:
    """Reads the values of one expression.

    Args:
        known: The declared attributes, by name.
    """

    def __init__(self, source: Source, known: Declared) -> None:
        self._source = source
        self._known = {**known, **BUILT_IN}

    def error(self, node: nodes.Node, words: str) -> ExpressionError:
        """Return the error that names the place of a part."""
        return self._source.error(place_of(node), words)

    def read(self, node: nodes.Node) -> Operand:
        """Return the value that a part of the expression stands for."""
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Const():
                return Fixed(self._constant(node, node.value))
            case nodes.Neg(node=nodes.Const() as number):
                return Fixed(-self._number(number, number.value))
            case nodes.Filter():
                return self._length(node)
            case nodes.Call():
                return self._day(node)
            case _:
                raise self.error(node, _why_not(node))

    def name(self, node: nodes.Node, usage: str) -> Name:
        """Return a value of the contact that is kept as such, not one reckoned from it."""
        operand = self._name(node) if isinstance(node, nodes.Name) else None
        if not isinstance(operand, Name):
            raise self.error(node, f"here stands the name of a value, as in {usage}")
        return operand

    def text(self, node: nodes.Node, usage: str) -> str:
        """Return a text in quotes."""
        if not (isinstance(node, nodes.Const) and isinstance(node.value, str)):
            raise self.error(node, f"here stands a text in quotes, as in {usage}")
        return self._text(node, node.value)

    def whole(self, node: nodes.Node, most: int, usage: str) -> int:
        """Return a whole number from 0 to the most that there can be."""
        value = node.value if isinstance(node, nodes.Const) else None
        if not isinstance(value, int) or isinstance(value, bool) or value > most:
            raise self.error(
                node, f"here stands a whole number up to {most}, as in {usage}"
            )
        return value

    def as_type(self, operand: Operand, type: AttributeType, node: nodes.Node) -> Operand:
        """Return a text in quotes as a day where a day is due; all else as it is."""
        if type is not AttributeType.DATE or not isinstance(operand, Fixed):
            return operand
        if not isinstance(operand.value, str):
            return operand
        if not is_date(operand.value):
            raise self.error(
                node, f"{operand_text(operand)} is not a date: write it like '2026-12-24'"
            )
        return Day(operand.value)

    def _name(self, node: nodes.Name) -> Operand:
        name = node.name
        if name == "today":
            return Today()
        if name == "created":
            return Created()
        match self._known.get(name):
            case AttributeSpec(type=type, default=default):
                return Name(name, type, _frozen(default))
            case AttributeType() as type:
                return Name(name, type)
            case None:
                raise self._unknown(node)

    def _unknown(self, node: nodes.Name) -> ExpressionError:
        name = node.name
        if name in CONDITION_USAGE:
            return self.error(
                node, f"{name!r} is a function: write {CONDITION_USAGE[name]}"
            )
        if name in DAY_FUNCTIONS:
            return self.error(node, f"{name!r} is a function: write {name}(30)")
        near = did_you_mean(name, [*self._known, *DAY_NAMES])
        quotes = "" if "did you mean" in near else f" (a text stands in quotes: '{name}')"
        return self.error(node, f"no such name {name!r}{near}{quotes}")

    def _constant(self, node: nodes.Node, value: object) -> str | int | float | bool:
        if value is None:
            raise self.error(node, "nothing is compared with none: write 'name is none'")
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(node, value)
        return self._number(node, value)

    def _text(self, node: nodes.Node, value: str) -> str:
        try:
            return composed(value)
        except ValueError as problem:
            raise self.error(node, f"the text {problem}") from problem

    def _number(self, node: nodes.Node, value: object) -> int | float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.error(node, "only a number can have a sign")
        if not math.isfinite(value) or abs(value) > NUMBER_LIMIT:
            raise self.error(node, f"numbers go from -{NUMBER_LIMIT} to {NUMBER_LIMIT}")
        return value

    def _length(self, node: nodes.Filter) -> Length:
        if node.name != "length":
            raise self.error(
                node, f"no such filter {node.name!r}{did_you_mean(node.name, ['length'])}"
            )
        usage = "interests|length"
        if node.node is None or node.args or node.kwargs:
            raise self.error(node, f"write {usage}")
        name = self.name(node.node, usage)
        if name.type not in {AttributeType.TEXT, AttributeType.TEXTS}:
            raise self.error(node, f"{name.name} is a {name.type} and has no length")
        return Length(name)

    def _day(self, node: nodes.Call) -> Today:
        if not isinstance(node.node, nodes.Name):
            raise self.error(node, _why_not(node.node))
        name = node.node.name
        if name in CONDITION_USAGE:
            raise self.error(
                node, f"{name}(…) says yes or no by itself: leave the comparison out"
            )
        if name not in DAY_FUNCTIONS:
            functions = [*CONDITION_USAGE, *DAY_FUNCTIONS]
            raise self.error(
                node, f"no such function {name!r}{did_you_mean(name, functions)}"
            )
        usage = f"{name}(30)"
        if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self.error(node, f"write {usage}")
        days = self.whole(node.args[0], _MAX_SHIFT_DAYS, usage)
        return Today(DAY_FUNCTIONS[name] * days)


def type_of(operand: Operand) -> AttributeType:
    """Return the type of a value."""
    match operand:
        case Name(type=type):
            return type
        case Length():
            return AttributeType.NUMBER
        case Fixed(value):
            return _fixed_type(value)
        case Day() | Today() | Created():
            return AttributeType.DATE


def _fixed_type(value: str | float) -> AttributeType:
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    return AttributeType.TEXT if isinstance(value, str) else AttributeType.NUMBER


def _frozen(default: object) -> Default:
    if isinstance(default, list):
        return tuple(str(one) for one in cast("list[object]", default))
    assert default is None or isinstance(default, (str, int, float, bool))
    return default


def _why_not(node: nodes.Node) -> str:
    for kind, words in _REFUSED.items():
        if isinstance(node, kind):
            return words
    if isinstance(node, (nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Test)):
        return _A_CONDITION
    return _NO_ARITHMETIC
