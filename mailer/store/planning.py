"""Writing a campaign's deliveries down, slice by slice.

They come straight out of the query for its audience (INSERT … SELECT), so that a million of
them cost no row of Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    bindparam,
    case,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from mailer.model.delivery import Withheld
from mailer.model.kind import KINDS
from mailer.store.audience import (
    NOW,
    Audience,
    contact,
    lacks,
    people,
    picked,
    subscription,
    word,
)
from mailer.store.tables import DeliveryRow, Instant, table

_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class Order:
    """What the deliveries of a campaign have in common."""

    campaign_id: int
    due_at: datetime
    give_up_at: datetime


class Planning:
    """The statements that write one campaign's deliveries, built once for it."""

    def __init__(self, connection: Connection, audience: Audience, order: Order) -> None:
        self._audience = audience
        self._values: Mapping[str, Any] = {
            "list": audience.list_id,
            "words_floor": audience.words_floor,
            "due": order.due_at,
            "give_up": order.give_up_at,
        }
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
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        columns = _columns(audience, order.campaign_id, connection.dialect)
        found = people(*(one.label(name) for name, one in columns.items()))
        self.statement = (
            insert(_delivery)
            .from_select(
                list(columns),
                found.where(picked(audience, connection.dialect)).order_by(
                    subscription.c.contact_id
                ),
            )
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

    def values(self, last: int, up_to: int, now: datetime) -> dict[str, Any]:
        """Return what the statement binds for one slice."""
        return {**self._values, "last": last, "up_to": up_to, "now": now}

    def write_slice(
        self, connection: Connection, last: int, up_to: int, now: datetime
    ) -> int:
        """Write the deliveries of the contacts after `last` up to `up_to`.

        Whoever has one of this campaign already does not get another.

        Returns:
            How many were written.
        """
        return connection.execute(self.statement, self.values(last, up_to, now)).rowcount


def _columns(
    audience: Audience, campaign_id: int, dialect: Dialect
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
    return {
        "cause_kind": word("campaign"),
        "cause_id": literal_column(str(campaign_id)),
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
        "due_at": bindparam("due", type_=Instant()),
        "give_up_at": bindparam("give_up", type_=Instant()),
    }
