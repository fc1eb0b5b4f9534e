"""Whether a rule holds for one person, and which of its clauses decided that."""

import operator
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, assert_never

from mailer.model.attributes import read
from mailer.model.person import Person
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
    ValueRule,
    names,
)
from mailer.model.zone import day_begins, later, today, zone_of

Value = object
"""A JSON value of the type that its name was declared with."""

_COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}

_FLIPPED = {
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule is asked about: one person, where they stand, and what they got.

    Args:
        created: When we came to know them.
        now: The moment of asking.
        memberships: List ids to when the standing, unexpired subscription began.
        received: Campaign names to when the latest letter left that reached the person, or
            may have.
        engaged: When they last did something of their own accord; None for never.
        zone: The zone that counts where the person's own is missing or unknown.
    """

    person: Person
    created: datetime
    now: datetime
    memberships: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    received: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    zone: str = "UTC"
    engaged: datetime | None = None

    @property
    def today(self) -> date:
        """The person's own day."""
        return today(self.now, zone_of(self.person.time_zone, self.zone))


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a rule that has no need of its other parts, and its answer."""

    rule: Rule
    holds: bool


def holds(rule: Rule, facts: Facts) -> bool:
    """Say whether a rule holds for a person."""
    match rule:
        case And(rules):
            return all(holds(one, facts) for one in rules)
        case Or(rules):
            return any(holds(one, facts) for one in rules)
        case Not(inner):
            return not holds(inner, facts)
        case Always(answer):
            return answer
        case Member() | JoinedWithin() | Received() | ReceivedWithin() | EngagedWithin():
            return _history_holds(rule, facts)
        case _:
            return _values_hold(rule, facts)


def deciding(rule: Rule, facts: Facts) -> tuple[Clause, ...]:
    """Return the smallest parts that decided the answer, each with its own answer.

    Where one false part of an `and` would have been enough, all false ones are there, so
    that a person sees everything that stood in the way; likewise the true parts of an `or`.
    """
    match rule:
        case And(rules) | Or(rules):
            answer = holds(rule, facts)
            return tuple(
                clause
                for one in rules
                if holds(one, facts) is answer
                for clause in deciding(one, facts)
            )
        case Not(And() | Or() as inner):
            return deciding(inner, facts)
        case _:
            return (Clause(rule, holds(rule, facts)),)


def values(rule: Rule, facts: Facts) -> dict[str, Value | None]:
    """Return what a rule reads of a person, as it sees it: None for what is missing."""
    return {
        name: facts.created if isinstance(read_one, Created) else _read(read_one, facts)
        for name, read_one in names(rule).items()
    }


def month_days(day: date) -> tuple[str, ...]:
    """Return the `MM-DD` whose anniversary a day is: on 28 February often two of them."""
    own = day.strftime("%m-%d")
    leapless = own == "02-28" and later(day, 1).month != day.month
    return (own, "02-29") if leapless else (own,)


def flipped(operator: Operator) -> Operator:
    """Return the operator that says the same with its sides exchanged."""
    return _FLIPPED.get(operator, operator)


def _history_holds(rule: HistoryRule, facts: Facts) -> bool:
    match rule:
        case Member(list_id):
            return list_id in facts.memberships
        case JoinedWithin(within, list_id):
            since = facts.memberships.get(list_id)
            return since is not None and since >= facts.now - within
        case Received(campaign):
            return campaign in facts.received
        case ReceivedWithin(within):
            return any(at >= facts.now - within for at in facts.received.values())
        case EngagedWithin(within):
            since = facts.now - within
            did = facts.engaged is not None and facts.engaged >= since
            return did or any(at >= since for at in facts.memberships.values())
        case _:
            assert_never(rule)


def _values_hold(rule: ValueRule, facts: Facts) -> bool:
    match rule:
        case Compare(left, compared, right):
            answer = _compare(left, compared, right, facts)
        case OneOf(operand, listed):
            answer = any(_compare(operand, Operator.EQ, one, facts) for one in listed)
        case Contains(container, item):
            answer = _contains(_read(container, facts), _value(item, facts))
        case Truthy(operand):
            answer = isinstance(operand, Created) or bool(_value(operand, facts))
        case Known(name):
            answer = _read(name, facts) is not None
        case Anniversary(name, ahead_days):
            value = _read(name, facts)
            due = month_days(later(facts.today, ahead_days))
            answer = isinstance(value, str) and value[5:] in due
        case _:
            assert_never(rule)
    return answer


def _compare(left: Operand, compared: Operator, right: Operand, facts: Facts) -> bool:
    if isinstance(right, Created):
        left, compared, right = right, flipped(compared), left
    if isinstance(left, Created):
        return _compare_created(compared, _value(right, facts), facts)
    one, two = _value(left, facts), _value(right, facts)
    return one is not None and two is not None and _COMPARED[compared](one, two)


def _compare_created(compared: Operator, iso: object, facts: Facts) -> bool:
    assert isinstance(iso, str)
    day = date.fromisoformat(iso)
    zone = zone_of(facts.person.time_zone, facts.zone)
    begun = facts.created >= day_begins(day, zone)
    over = facts.created >= day_begins(later(day, 1), zone)
    return {
        Operator.EQ: begun and not over,
        Operator.NE: over or not begun,
        Operator.LT: not begun,
        Operator.LE: not over,
        Operator.GT: over,
        Operator.GE: begun,
    }[compared]


def _contains(container: object, item: object) -> bool:
    if isinstance(container, (list, tuple)):
        return isinstance(item, str) and item in container
    return isinstance(container, str) and isinstance(item, str) and item in container


def _value(operand: Operand, facts: Facts) -> Value | None:
    match operand:
        case Name():
            return _read(operand, facts)
        case Length(of):
            value = _read(of, facts)
            return len(value) if isinstance(value, Sized) else None
        case Fixed(value):
            return value
        case Day(iso):
            return iso
        case Today(shift_days):
            return later(facts.today, shift_days).isoformat()
        case Created():
            raise AssertionError("created is a moment: it is only compared with days")
        case _:
            assert_never(operand)


def _read(name: Name, facts: Facts) -> Value | None:
    person = facts.person
    if name.name in {"language", "time_zone"}:
        return person.language if name.name == "language" else person.time_zone
    value = read(name.type, person.attributes.get(name.name))
    return name.default if value is None else value
