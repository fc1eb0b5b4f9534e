"""The values that a segment's rule is made of: a closed set.

A rule is true or false for a person at a moment, never anything third: a comparison with a
missing value is false, and `not` of it true. `mailer.model.evaluate` answers in Python,
`mailer.store.segments` in SQL; a property test holds the two to the same answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mailer.model.attributes import AttributeType

Default = str | int | float | bool | tuple[str, ...] | None


class Operator(StrEnum):
    """How two values are compared. Texts compare by code point."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Name:
    """A value of the contact: a declared attribute, `language` or `time_zone`.

    Args:
        default: What a contact without a value has; None for nothing.
    """

    name: str
    type: AttributeType
    default: Default = None


@dataclass(frozen=True, slots=True)
class Length:
    """How many characters a text has, or texts how many elements."""

    of: Name


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text, number or boolean written in the rule."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day written in the rule, as `YYYY-MM-DD`."""

    iso: str


@dataclass(frozen=True, slots=True)
class Today:
    """The contact's own day, in their time zone, so many days later (or earlier)."""

    shift_days: int = 0


@dataclass(frozen=True, slots=True)
class Created:
    """The contact's day on which we came to know them."""


Operand = Name | Length | Fixed | Day | Today | Created


@dataclass(frozen=True, slots=True)
class And:
    """All of them hold."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them holds."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other one does not hold."""

    rule: "Rule"


@dataclass(frozen=True, slots=True)
class Always:
    """The same answer for everyone."""

    answer: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one type compare so; false when one of them is missing."""

    left: Operand
    operator: Operator
    right: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of those listed; false when it is missing."""

    operand: Operand
    values: tuple[Fixed | Day, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """Texts have the item as an element, or a text has it as a part."""

    container: Name
    item: Name | Fixed


@dataclass(frozen=True, slots=True)
class Truthy:
    """The value is there, and is not empty, 0 or false."""

    operand: Name | Length | Created


@dataclass(frozen=True, slots=True)
class Known:
    """The value is there, and of the declared type."""

    name: Name


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The date's day and month come round for the contact in so many days (0 is today).

    29 February comes round on 28 February where a year has no other.
    """

    name: Name
    ahead_days: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A subscription to the list stands."""

    list_id: str


@dataclass(frozen=True, slots=True)
class JoinedWithin:
    """A subscription to the list stands, and does not for longer than this."""

    within: timedelta
    list_id: str


@dataclass(frozen=True, slots=True)
class Received:
    """A letter of a campaign of this name reached the person, or may have."""

    campaign: str


@dataclass(frozen=True, slots=True)
class ReceivedWithin:
    """A letter of any campaign reached the person within this time, or may have."""

    within: timedelta


@dataclass(frozen=True, slots=True)
class EngagedWithin:
    """The person did something of her own accord within this time.

    That is what she did (`mailer.model.event`), or a consent of hers that stands.
    """

    within: timedelta


ValueRule = Compare | OneOf | Contains | Truthy | Known | Anniversary
"""What asks the contact's own values."""

HistoryRule = Member | JoinedWithin | Received | ReceivedWithin | EngagedWithin
"""What asks where the contact stands, what they got and what they did."""

Leaf = Always | ValueRule | HistoryRule
Rule = And | Or | Not | Leaf


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Yield the parts that have no parts, from left to right."""
    match rule:
        case And(rules) | Or(rules):
            for one in rules:
                yield from leaves(one)
        case Not(inner):
            yield from leaves(inner)
        case _:
            yield rule


def operands(leaf: Leaf) -> tuple[Operand, ...]:
    """Return the values that a leaf asks for."""
    match leaf:
        case Compare(left, _, right):
            return (left, right)
        case OneOf(operand, values):
            return (operand, *values)
        case Contains(container, item):
            return (container, item)
        case Truthy(operand):
            return (operand,)
        case Known(name) | Anniversary(name):
            return (name,)
        case _:
            return ()


def named(operand: Operand) -> Name | Created | None:
    """Return the value of the contact that an operand reads, None when it reads none."""
    match operand:
        case Length(of):
            return of
        case Name() | Created():
            return operand
        case _:
            return None


def names(rule: Rule) -> dict[str, Name | Created]:
    """Return the values of the contact that a rule reads, in the order of the rule."""
    found: dict[str, Name | Created] = {}
    for leaf in leaves(rule):
        for operand in operands(leaf):
            match named(operand):
                case Name(name) as value:
                    found[name] = value
                case Created() as value:
                    found["created"] = value
                case None:
                    pass
    return found
