"""Why a claimed delivery may not leave: the clauses of the predicate, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, literal_column, not_, null, select

from mailer.model.consent import SuppressionReason
from mailer.store.claims import Cap, names, ours
from mailer.store.columns import Instant, to_instant
from mailer.store.compiled import Compiled, Number, as_parameter, rows_given
from mailer.store.permission import (
    below_cap,
    cap_holding,
    cause_stands,
    choice_holding,
    chosen_days,
    may_leave,
    on_topic,
    subscription_stands,
    superseded,
    suppressed,
    window_open,
)
from mailer.store.tables import CampaignRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a claimed delivery may not leave: the clauses of the predicate, one by one.

    Args:
        on_topic: The person chose no topics, or one of those that the letter is about.
        window_open: The person's quiet hours have not begun.
        superseded: A letter that goes first was chosen over this one.
        ends: Somebody said until when the letter is worth sending.
        holding: When the letter left that must leave the cap's window first; None when that
            can't be told (yet).
        chosen_days: Within how many days the person herself wants one letter, 0 for all;
            None when she chose nothing, so that the workspace's cap counts.
    """

    claimed: bool
    subscribed: bool
    suppressed: bool
    erased: bool
    cause_stands: bool
    campaign_cancelled: bool
    in_time: bool
    below_cap: bool
    on_topic: bool = True
    window_open: bool = True
    superseded: bool = False
    ends: bool = False
    holding: datetime | None = None
    chosen_days: int | None = None

    @property
    def permitted(self) -> bool:
        """Whether it may leave at some time, if not at this."""
        return (
            self.claimed
            and self.subscribed
            and not self.suppressed
            and self.on_topic
            and self.cause_stands
            and self.in_time
        )

    @property
    def may_leave(self) -> bool:
        """Whether none of the clauses holds it."""
        return self.permitted and self.window_open and self.below_cap


_CANCELLED = (
    select(_campaign.c.state)
    .where(_delivery.c.cause_kind == "campaign", _campaign.c.id == _delivery.c.cause_id)
    .correlate(_delivery)
    .scalar_subquery()
)

_VALID_UNTIL = (
    select(_campaign.c.valid_until)
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
        values["cap_others"] = cap.letters - 1
    rows = connection.execute(
        select(
            _delivery.c.id,
            (_delivery.c.state == "claimed").label("claimed"),
            subscription_stands().label("subscribed"),
            suppressed().label("suppressed"),
            suppressed(SuppressionReason.ERASED).label("erased"),
            on_topic().label("on_topic"),
            cause_stands().label("cause_stands"),
            _CANCELLED.label("campaign_state"),
            (_delivery.c.give_up_at > bindparam("now", type_=Instant())).label("in_time"),
            below_cap(capped=cap is not None).label("below_cap"),
            window_open().label("window_open"),
            superseded(capped=cap is not None).label("superseded"),
            _VALID_UNTIL.label("valid_until"),
            (null() if cap is None else cap_holding()).label("holding"),
            choice_holding().label("last"),
            chosen_days().label("chosen_days"),
        ).where(ours()),
        values,
    )
    return {
        row.id: Held(
            claimed=bool(row.claimed),
            subscribed=bool(row.subscribed),
            suppressed=bool(row.suppressed),
            erased=bool(row.erased),
            on_topic=bool(row.on_topic),
            cause_stands=bool(row.cause_stands),
            campaign_cancelled=row.campaign_state == "cancelled",
            in_time=bool(row.in_time),
            below_cap=bool(row.below_cap),
            window_open=bool(row.window_open),
            superseded=bool(row.superseded),
            ends=row.valid_until is not None,
            holding=row.holding if row.chosen_days is None else row.last,
            chosen_days=row.chosen_days,
        )
        for row in rows
    }


@cache
def _not_now(dialect_name: str, *, capped: bool) -> Compiled:
    given = rows_given("claims", {"row": Number, "fence": Number}, dialect_name)
    stands = may_leave(capped=False) & below_cap(capped=capped, ahead=True)
    return Compiled(
        select(_delivery.c.id).where(
            _delivery.c.id == given.c.row,
            _delivery.c.attempt == given.c.fence,
            literal_column("delivery.state = 'claimed'"),
            not_(stands),
        )
    )


def not_now(
    connection: Connection,
    claims: Sequence[tuple[int, int]],
    now: datetime,
    cap: Cap | None,
) -> set[int]:
    """Return which of our claims may not leave as things stand: one look at a whole batch.

    Of several letters to one person only as many as the cap leaves room for may: the most
    important first, then the newest.
    """
    values = {"claims": as_parameter(claims), "now": to_instant(now)}
    if cap is not None:
        values |= {"cap_letters": cap.letters, "cap_since": to_instant(cap.since)}
    statement = _not_now(connection.dialect.name, capped=cap is not None)
    return {row[0] for row in statement.rows(connection, values)}
