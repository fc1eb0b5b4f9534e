"""Why a claimed delivery may not leave: the clauses of the predicate, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from mailer.model.consent import SuppressionReason
from mailer.store.claims import Cap, names, ours
from mailer.store.permission import below_cap, cause_stands, subscription_stands, suppressed
from mailer.store.tables import CampaignRow, DeliveryRow, Instant, table

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a claimed delivery may not leave: the clauses of the predicate, one by one."""

    claimed: bool
    subscribed: bool
    suppressed: bool
    erased: bool
    cause_stands: bool
    campaign_cancelled: bool
    in_time: bool
    below_cap: bool


_CANCELLED = (
    select(_campaign.c.state)
    .where(_delivery.c.cause_kind == "campaign", _campaign.c.id == _delivery.c.cause_id)
    .correlate(_delivery)
    .scalar_subquery()
)


def held(
    connection: Connection,
    claims: Sequence[tuple[int, int]],
    now: datetime,
    cap: Cap | None,
) -> dict[int, Held]:
    """Say for each of our claims that did not leave which clause held it."""
    values = names(claims) | {"now": now}
    if cap is not None:
        values |= {"cap_letters": cap.letters, "cap_since": cap.since}
    rows = connection.execute(
        select(
            _delivery.c.id,
            (_delivery.c.state == "claimed").label("claimed"),
            subscription_stands().label("subscribed"),
            suppressed().label("suppressed"),
            suppressed(SuppressionReason.ERASED).label("erased"),
            cause_stands().label("cause_stands"),
            _CANCELLED.label("campaign_state"),
            (_delivery.c.give_up_at > bindparam("now", type_=Instant())).label("in_time"),
            below_cap(capped=cap is not None).label("below_cap"),
        ).where(ours()),
        values,
    )
    return {
        row.id: Held(
            claimed=bool(row.claimed),
            subscribed=bool(row.subscribed),
            suppressed=bool(row.suppressed),
            erased=bool(row.erased),
            cause_stands=bool(row.cause_stands),
            campaign_cancelled=row.campaign_state == "cancelled",
            in_time=bool(row.in_time),
            below_cap=bool(row.below_cap),
        )
        for row in rows
    }
