"""A segment's rule as one SQL condition over the contact table.

Each part of a condition is true or false and never NULL, so that `and`, `or` and `not` mean
what they mean in Python. `mailer.model.evaluate` gives the same answers; a property test
holds the two together on both databases. What a marketer wrote arrives as bound values.
"""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import (
    ColumnElement,
    Dialect,
    and_,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from mailer.model.attributes import AttributeType
from mailer.model.consent import SubscriptionStatus
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.evaluate import flipped
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
)
from mailer.store.columns import Instant
from mailer.store.days import Days
from mailer.store.eventtables import EventRow
from mailer.store.stored import ONE, Expression, contact, stored
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table

_subscription = table(SubscriptionRow)
_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_event = table(EventRow)

_COMPARED: dict[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def condition(
    rule: Rule,
    now: datetime,
    dialect: Dialect,
    zone: str = "UTC",
    *,
    rehearsed: bool = False,
) -> ColumnElement[bool]:
    """Return the rule as a condition over the contact table; it is never NULL.

    Embed it in any statement that has `contact` among its tables.

    Args:
        now: The moment that `today` and "within" are reckoned from.
        dialect: The database's, as `connection.dialect` has it.
        zone: The zone that counts where a contact's own is missing or unknown.
        rehearsed: A rehearsal's letters count as received too.
    """
    return _Conditions(now, dialect, zone, rehearsed=rehearsed).rule(rule)


def stands(now: datetime) -> ColumnElement[bool]:
    """Return whether a row of the subscription table stands: subscribed and not expired."""
    columns = _subscription.c
    return and_(
        columns.status == SubscriptionStatus.SUBSCRIBED.value,
        or_(columns.expires_at.is_(None), columns.expires_at > literal(now, Instant())),
    )


def arrived(*, rehearsed: bool = False) -> ColumnElement[bool]:
    """Return whether a delivery is a campaign's letter that arrived, or may have.

    Args:
        rehearsed: A rehearsal's letter counts too, although it reached nobody.
    """
    columns = _delivery.c
    return and_(
        columns.cause_kind == CauseKind.CAMPAIGN.value,
        columns.state.in_([DeliveryState.ACCEPTED.value, DeliveryState.IN_DOUBT.value]),
        columns.left_at.is_not(None),
        true() if rehearsed else columns.rehearsal.is_(False),
    )


class _Conditions:
    """Makes the conditions of one rule."""

    def __init__(
        self, now: datetime, dialect: Dialect, zone: str, *, rehearsed: bool
    ) -> None:
        self._now = now
        self._rehearsed = rehearsed
        self._stored = stored(dialect)
        self._days = Days(now, zone, self._stored)

    def rule(self, rule: Rule) -> ColumnElement[bool]:
        match rule:
            case And(rules):
                return and_(*(self.rule(one) for one in rules))
            case Or(rules):
                return or_(*(self.rule(one) for one in rules))
            case Not(inner):
                return not_(self.rule(inner))
            case Always(answer):
                return true() if answer else false()
            case (
                Member() | JoinedWithin() | Received() | ReceivedWithin() | EngagedWithin()
            ):
                return self._history(rule)
            case _:
                return func.coalesce(self._values(rule), false())

    def _history(self, rule: HistoryRule) -> ColumnElement[bool]:
        match rule:
            case Member(list_id):
                return self._member(list_id)
            case JoinedWithin(within, list_id):
                since = literal(self._now - within, Instant())
                return self._member(list_id, _subscription.c.since_at >= since)
            case Received(campaign):
                named = select(_campaign.c.id).where(_campaign.c.name == campaign)
                return self._letter(_delivery.c.cause_id.in_(named))
            case ReceivedWithin(within):
                since = literal(self._now - within, Instant())
                return self._letter(_delivery.c.left_at >= since)
            case EngagedWithin(within):
                return self._engaged(literal(self._now - within, Instant()))
            case _:
                assert_never(rule)

    def _member(self, list_id: str, *more: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists(
            select(ONE)
            .select_from(_subscription)
            .where(
                _subscription.c.contact_id == contact.c.id,
                _subscription.c.list_id == list_id,
                stands(self._now),
                *more,
            )
            .correlate(contact)
        )

    def _engaged(self, since: ColumnElement[datetime]) -> ColumnElement[bool]:
        did = (
            select(ONE)
            .select_from(_event)
            .where(_event.c.contact_id == contact.c.id, _event.c.at >= since)
            .correlate(contact)
        )
        agreed = (
            select(ONE)
            .select_from(_subscription)
            .where(
                _subscription.c.contact_id == contact.c.id,
                stands(self._now),
                _subscription.c.since_at >= since,
            )
            .correlate(contact)
        )
        return or_(exists(did), exists(agreed))

    def _letter(self, which: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists(
            select(ONE)
            .select_from(_delivery)
            .where(
                _delivery.c.contact_id == contact.c.id,
                arrived(rehearsed=self._rehearsed),
                which,
            )
            .correlate(contact)
        )

    def _values(self, rule: ValueRule) -> ColumnElement[bool]:
        match rule:
            case Compare(left, compared, right):
                return self._compare(left, compared, right)
            case OneOf(operand, values):
                return self._one_of(operand, values)
            case Contains(container, item):
                return self._contains(container, item)
            case Truthy(operand):
                return self._truthy(operand)
            case Known(name):
                return self._stored.value(name).is_not(None)
            case Anniversary(name, ahead_days):
                return self._days.anniversary(self._stored.value(name), ahead_days)
            case _:
                assert_never(rule)

    def _compare(
        self, left: Operand, compared: Operator, right: Operand
    ) -> ColumnElement[bool]:
        if isinstance(right, Created):
            left, compared, right = right, flipped(compared), left
        if isinstance(left, Created):
            assert isinstance(right, (Day, Today))
            return self._days.created(compared, right)
        return _COMPARED[compared](self._operand(left), self._operand(right))

    def _one_of(
        self, operand: Operand, values: tuple[Fixed | Day, ...]
    ) -> ColumnElement[bool]:
        if isinstance(operand, Created):
            return or_(*(self._compare(operand, Operator.EQ, one) for one in values))
        return self._operand(operand).in_([self._operand(one) for one in values])

    def _contains(self, container: Name, item: Name | Fixed) -> ColumnElement[bool]:
        part = self._operand(item)
        if container.type is AttributeType.TEXTS:
            return self._stored.has_element(container, part)
        return self._stored.has_part(self._stored.value(container), part)

    def _truthy(self, operand: Name | Length | Created) -> ColumnElement[bool]:
        if isinstance(operand, Created):
            return true()
        value = self._operand(operand)
        kind = AttributeType.NUMBER if isinstance(operand, Length) else operand.type
        match kind:
            case AttributeType.TEXT:
                answer = value != ""
            case AttributeType.NUMBER:
                answer = value != 0
            case AttributeType.BOOLEAN:
                answer = value == true()
            case AttributeType.DATE:
                answer = value.is_not(None)
            case AttributeType.TEXTS:
                answer = self._stored.elements(value) > 0
        return answer

    def _operand(self, operand: Operand) -> Expression:
        match operand:
            case Name():
                return self._stored.value(operand)
            case Length(of) if of.type is AttributeType.TEXTS:
                return self._stored.elements(self._stored.value(of))
            case Length(of):
                return self._stored.text_length(self._stored.value(of))
            case Fixed(value) | Day(value):
                return self._stored.constant(value)
            case Today():
                return self._days.text(operand)
            case Created():
                raise AssertionError("created is a moment: it is only compared with days")
            case _:
                assert_never(operand)
