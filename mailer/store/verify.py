"""Whether the database is whole: its pages, and the sums that must balance.

Planned = queued + claimed + sending + accepted + refused + expired + withheld + in doubt,
for each campaign; and each delivery has what its state calls for.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from mailer.model.campaign import CampaignState
from mailer.model.delivery import OPEN_STATES, CauseKind, DeliveryState
from mailer.store.tables import CampaignAgedRow, CampaignRow, DeliveryRow, table

_campaign = table(CampaignRow)
_aged = table(CampaignAgedRow)
_delivery = table(DeliveryRow)

_HELD = (DeliveryState.CLAIMED.value, DeliveryState.SENDING.value)
_MOST = 20


def damage(connection: Connection) -> list[str]:
    """Return what SQLite finds wrong with its file; PostgreSQL keeps sums of its own."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
    wrong = [f"the file is damaged: {words}" for words in found if words != "ok"]
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_MOST)
    return wrong + [
        f"row {row[1]} of the table {row[0]} refers to nothing in {row[2]}" for row in lost
    ]


def campaigns_out_of_balance(connection: Connection) -> list[str]:
    """Return the campaigns whose plan is not the sum of their deliveries."""
    counts = (
        select(_delivery.c.cause_id, func.count().label("found"))
        .where(
            _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
            _delivery.c.state.in_([state.value for state in DeliveryState]),
        )
        .group_by(_delivery.c.cause_id)
        .subquery()
    )
    aged = (
        select(_aged.c.campaign_id, func.sum(_aged.c.letters).label("letters"))
        .group_by(_aged.c.campaign_id)
        .subquery()
    )
    found = func.coalesce(counts.c.found, 0) + func.coalesce(aged.c.letters, 0)
    rows = connection.execute(
        select(
            _campaign.c.id.label("id"),
            _campaign.c.name.label("name"),
            _campaign.c.planned.label("planned"),
            found.label("found"),
        )
        .outerjoin_from(_campaign, counts, counts.c.cause_id == _campaign.c.id)
        .outerjoin(aged, aged.c.campaign_id == _campaign.c.id)
        .where(_campaign.c.planned != found)
        .order_by(_campaign.c.id)
        .limit(_MOST)
    )
    return [
        f"campaign {row.id} ({row.name}): {row.planned} planned, but {row.found} deliveries"
        for row in rows
    ]


def deliveries_out_of_order(connection: Connection) -> list[str]:
    """Return the deliveries that are not what their state calls for.

    Where all is well the letters are read once, and not once for each thing asked.
    """
    anything = select(_delivery.c.id).where(or_(*(wrong for _, wrong in _wrong())))
    if connection.execute(anything.limit(1)).first() is None:
        return []
    return [
        f"delivery {row.id}: {words} (it is {row.state})"
        for words, wrong in _wrong()
        for row in connection.execute(
            select(_delivery.c.id, _delivery.c.state)
            .where(wrong)
            .order_by(_delivery.c.id)
            .limit(_MOST)
        )
    ]


def out_of_balance(connection: Connection) -> list[str]:
    """Return what is wrong with the sums, as far as it is named, and where."""
    return [
        *campaigns_out_of_balance(connection),
        *deliveries_out_of_order(connection),
    ]


def _wrong() -> Iterator[tuple[str, ColumnElement[bool]]]:
    row = _delivery.c
    states = [state.value for state in DeliveryState]
    open_states = [state.value for state in OPEN_STATES]
    yield "there is no such state", row.state.not_in(states)
    yield "nobody holds it", and_(row.state.in_(_HELD), row.owner_id.is_(None))
    yield "someone still holds it", and_(row.state.not_in(_HELD), row.owner_id.is_not(None))
    yield "it was never tried", and_(row.state.in_(_HELD), row.attempt < 1)
    yield (
        "its withholding has no reason",
        and_(row.state == DeliveryState.WITHHELD.value, row.reason.is_(None)),
    )
    yield (
        "it does not say when it was accepted",
        and_(
            row.state == DeliveryState.ACCEPTED.value,
            or_(row.left_at.is_(None), row.ended_at.is_(None)),
        ),
    )
    yield (
        "its campaign is finished, or there is none",
        and_(
            row.cause_kind == CauseKind.CAMPAIGN.value,
            row.state.in_(open_states),
            row.cause_id.not_in(
                select(_campaign.c.id).where(
                    _campaign.c.state != CampaignState.FINISHED.value
                )
            ),
        ),
    )
