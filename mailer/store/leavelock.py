"""The locks under which letters leave on PostgreSQL, and by which others wait for them.

For a campaign's pause a lock of a row would not do: who shares one passes by those that
wait for it alone, and with a few busy senders a pause would wait for ever. These are given
out in turn.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Table,
    collate,
    exists,
    func,
    literal_column,
    select,
    text,
)

from mailer.store.claims import named
from mailer.store.compiled import Compiled
from mailer.store.tables import DeliveryRow, SubscriptionRow, table

_delivery = table(DeliveryRow)
_subscription = table(SubscriptionRow)

_LEAVING = 0x6C65_6176  # "leav"
_MAY_NOT_LEAVE = text("SELECT pg_advisory_xact_lock(:leaving, :number)")


def _let_leave(campaign_id: ColumnElement[int]) -> ColumnElement[Any]:
    """Keep a campaign in its state until the commit."""
    leaving = literal_column(str(_LEAVING), Integer())
    number = campaign_id.cast(Integer())
    locked: ColumnElement[Any] = func.pg_advisory_xact_lock_shared(leaving, number)
    return locked


def stop_leaving(connection: Connection, campaign_id: int) -> None:
    """Wait until the letters of a campaign that are leaving have left."""
    if connection.dialect.name == "postgresql":
        connection.execute(_MAY_NOT_LEAVE, {"leaving": _LEAVING, "number": campaign_id})


def subscriptions() -> Compiled:
    """Lock the subscriptions of claims against change, until they have left."""
    ours = exists(
        select(1).where(
            named("postgresql"),
            _delivery.c.contact_id == _subscription.c.contact_id,
            _delivery.c.list_id == _subscription.c.list_id,
        )
    )
    return Compiled(
        select(_subscription.c.contact_id)
        .where(ours)
        .order_by(_subscription.c.contact_id, collate(_subscription.c.list_id, "C"))
        .with_for_update(read=True)
    )


def people(rows: Table) -> Compiled:
    """Lock the people of claims, so that of two letters to one the later sees the first.

    Args:
        rows: The table with their rows: of all people, or of those who chose how often.
    """
    number = rows.c.id if "id" in rows.c else rows.c.contact_id
    ours = exists(select(1).where(named("postgresql"), _delivery.c.contact_id == number))
    return Compiled(
        select(number)
        .where(ours)
        .order_by(number)
        # What refers to a contact may be written meanwhile.
        .with_for_update(key_share=True)
    )


def campaigns() -> Compiled:
    """Keep the campaigns of claims in their states until the commit."""
    theirs = (
        select(_delivery.c.cause_id)
        .where(named("postgresql"), literal_column("cause_kind = 'campaign'"))
        .distinct()
        .order_by(_delivery.c.cause_id)
        .subquery("campaigns")
    )
    return Compiled(select(_let_leave(theirs.c.cause_id)))
