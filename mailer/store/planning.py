"""Writing a campaign's deliveries down, slice by slice.

They come straight out of the query for its audience (INSERT … SELECT), so that a million of
them cost no row of Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    bindparam,
    case,
    false,
    literal_column,
    null,
    select,
    true,
)

from mailer.model.delivery import Withheld
from mailer.model.kind import KINDS
from mailer.store.audience import (
    NOW,
    Audience,
    contact,
    lacks,
    people,
    picked,
    picked_first,
    subscription,
    word,
)
from mailer.store.columns import Instant, to_instant
from mailer.store.engagement import last_engaged
from mailer.store.inserting import inserting
from mailer.store.lots import later_by, lot
from mailer.store.maildomains import provider_of
from mailer.store.stored import stored
from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class Order:
    """What the deliveries of a campaign have in common.

    Args:
        due_at: When they become due; of a spread the beginning.
        give_up_at: When those are given up that became due at `due_at`.
        spread: They become due evenly over this.
        elsewhere: When they become due in zones where that is another moment.
        engaged_first: Of those that become due together they leave first whose contacts
            did something last, of their own accord.
    """

    campaign_id: int
    due_at: datetime
    give_up_at: datetime
    spread: timedelta = timedelta()
    elsewhere: Mapping[datetime, list[str]] = field(
        default_factory=dict[datetime, list[str]]
    )
    engaged_first: bool = False
    rehearsal: bool = False
    priority: int = 0

    @property
    def alike(self) -> bool:
        """Whether all letters become due in the same moment."""
        return not (self.spread or self.elsewhere or self.engaged_first)


@dataclass(frozen=True, slots=True)
class Slice:
    """The contacts after `last` up to `up_to`, and how many letters there is room for."""

    last: int
    up_to: int
    room: int = 0


class Planning:
    """The statements that write one campaign's deliveries on one list, built once for it.

    Args:
        drawn_up_to: The highest lot that gets a letter; None for everyone.
    """

    def __init__(
        self,
        connection: Connection,
        audience: Audience,
        order: Order,
        drawn_up_to: int | None = None,
    ) -> None:
        self._audience = audience
        self._drawn = drawn_up_to is not None
        self._values: Mapping[str, Any] = {
            "list": audience.list_id,
            "words_floor": audience.words_floor,
        }
        if order.alike:
            due = {"due": order.due_at, "give_up": order.give_up_at}
            self._values = {**self._values, **due}
        self._bound = (
            select(subscription.c.contact_id)
            .where(
                subscription.c.list_id == bindparam("list"),
                subscription.c.contact_id > bindparam("last"),
                subscription.c.contact_id <= bindparam("up_to"),
            )
            .order_by(subscription.c.contact_id)
            .offset(bindparam("size"))
            .limit(1)
        )
        dialect = connection.dialect
        columns = _columns(audience, order, dialect)
        found = people(*(one.label(name) for name, one in columns.items()))
        found = found.order_by(subscription.c.contact_id)
        if drawn_up_to is None:
            found = found.where(picked(audience, dialect))
        else:
            drawn = lot(order.campaign_id) <= drawn_up_to
            found = found.where(drawn, picked_first(audience, dialect))
            found = found.limit(bindparam("room", type_=BigInteger()))
        self.statement = (
            inserting(connection, _delivery)
            .from_select(list(columns), found)
            .on_conflict_do_nothing()
            # Without this SQLAlchemy does not keep the count of an INSERT on PostgreSQL.
            .execution_options(preserve_rowcount=True)
        )

    def bound(self, connection: Connection, last: int, up_to: int, size: int) -> int:
        """Return the contact at which a slice of so many subscriptions ends."""
        values = {
            "list": self._audience.list_id,
            "last": last,
            "up_to": up_to,
            "size": size - 1,
        }
        found = connection.execute(self._bound, values).scalar()
        return up_to if found is None else int(found)

    def values(self, part: Slice, now: datetime) -> dict[str, Any]:
        """Return what the statement binds for one slice."""
        room = {"room": part.room} if self._drawn else {}
        return {**self._values, "last": part.last, "up_to": part.up_to, "now": now, **room}

    def write_slice(self, connection: Connection, part: Slice, now: datetime) -> int:
        """Write the deliveries of some contacts.

        Whoever has one of this campaign already does not get another.

        Returns:
            How many were written.
        """
        return connection.execute(self.statement, self.values(part, now)).rowcount


def _columns(
    audience: Audience, order: Order, dialect: Dialect
) -> dict[str, ColumnElement[Any]]:
    """Return what stands in each column of a delivery that is written."""
    rule = KINDS[audience.kind]
    state: ColumnElement[Any] = word("queued")
    reason: ColumnElement[Any] = null()
    ended: ColumnElement[Any] = null()
    if audience.needs:
        missing = lacks(audience, dialect)
        state = case((missing, word("withheld")), else_=state)
        reason = case((missing, word(Withheld.CANNOT_COMPOSE.value)))
        ended = case((missing, NOW))
    due, give_up = _times(order, dialect)
    return {
        "cause_kind": word("campaign"),
        "cause_id": literal_column(str(order.campaign_id)),
        "kind": word(audience.kind.value),
        "lane": literal_column(str(rule.lane.value)),
        "contact_id": contact.c.id,
        "hash": contact.c.hash,
        "address": contact.c.address,
        "list_id": subscription.c.list_id,
        "state": state,
        "reason": reason,
        "ended_at": ended,
        "attempt": literal_column("0"),
        "deferrals": literal_column("0"),
        "due_at": due,
        "give_up_at": give_up,
        "rehearsal": true() if order.rehearsal else false(),
        "priority": literal_column(str(order.priority)),
        "provider": provider_of(contact.c.address, dialect),
    }


def _times(order: Order, dialect: Dialect) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return when a contact's letter becomes due, and when it is given up."""
    if order.alike:
        return bindparam("due", type_=Instant()), bindparam("give_up", type_=Instant())
    due: ColumnElement[Any] = _number(to_instant(order.due_at))
    if order.elsewhere:
        zoned = stored(dialect)
        by_zone = [
            (zoned.in_zone(zones), _number(to_instant(at)))
            for at, zones in order.elsewhere.items()
        ]
        due = case(*by_zone, else_=due)
    if order.spread:
        due += later_by(order.spread, order.campaign_id)
    tried_for = to_instant(order.give_up_at) - to_instant(order.due_at)
    give_up = due + _number(tried_for)
    if order.engaged_first and not order.spread:
        due += last_engaged(order.due_at, dialect)
    return due, give_up


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), BigInteger())
