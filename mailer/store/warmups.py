"""What sending domains that are warmed up have sent on which day: shared by all senders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from mailer.model.campaign import Campaign
from mailer.model.delivery import DeliveryState
from mailer.pace.warmup import A_DAY, day_begins, day_number
from mailer.store.campaigns import campaign_of
from mailer.store.causes import PARTS
from mailer.store.columns import to_instant
from mailer.store.due import DUE, OF_A_CAMPAIGN, QUEUED
from mailer.store.inserting import inserting
from mailer.store.shapingtables import WarmUpDayRow
from mailer.store.tables import CampaignRow, DeliveryRow, table

REASON = "warm_up"
"""As it stands with letters that wait for another day's share."""

_day = table(WarmUpDayRow)
_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_A_DAY_US = to_instant(day_begins(datetime.fromtimestamp(0).astimezone()) + A_DAY)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a domain has sent.

    Args:
        before: On each earlier day, in order.
        claimed: Today, by all that senders took.
        back: Of those what did not leave, as it was last counted.
    """

    before: tuple[int, ...]
    claimed: int = 0
    back: int = 0

    @property
    def today(self) -> int:
        """Today's letters: gone, or in a sender's hand."""
        return self.claimed - self.back


def sent_by(connection: Connection, domain: str, now: datetime) -> Sent:
    """Return what a domain has sent."""
    today = day_number(now)
    rows = connection.execute(
        select(_day.c.day, _day.c.claimed, _day.c.back)
        .where(_day.c.domain == domain, _day.c.day <= today)
        .order_by(_day.c.day)
    ).all()
    before = tuple(row.claimed - row.back for row in rows if row.day < today)
    last = rows[-1] if rows and rows[-1].day == today else None
    return Sent(before) if last is None else Sent(before, last.claimed, last.back)


def charge(connection: Connection, domain: str, letters: int, now: datetime) -> None:
    """Write down that letters of a domain were taken."""
    adding = inserting(connection, _day).values(
        domain=domain, day=day_number(now), claimed=letters, back=0
    )
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=["domain", "day"], set_={"claimed": _day.c.claimed + letters}
        )
    )


def give_back(connection: Connection, domain: str, back: int, now: datetime) -> None:
    """Write down how many letters of those that were taken today did not leave.

    All of them, as they were counted: said twice it is the same.
    """
    connection.execute(
        update(_day)
        .where(_day.c.domain == domain, _day.c.day == day_number(now))
        .values(back=back)
    )


def at_work(connection: Connection, now: datetime) -> list[Campaign]:
    """Return the campaigns of which letters may have left today."""
    began = _campaign.c.started_at.is_not(None)
    today = or_(
        _campaign.c.finished_at.is_(None), _campaign.c.finished_at >= day_begins(now)
    )
    rows = connection.execute(select(_campaign).where(began, today, ~_campaign.c.rehearsal))
    return [campaign_of(row) for row in rows]


def count_today(
    connection: Connection, campaigns: Sequence[int], now: datetime
) -> tuple[int, int]:
    """Count the letters of campaigns that left today, and those in senders' hands."""
    of_them = (_delivery.c.cause_kind == "campaign", _delivery.c.cause_id.in_(campaigns))
    held = select(func.count()).where(*of_them, _delivery.c.owner_id.is_not(None))
    today = (_delivery.c.left_at >= day_begins(now), _delivery.c.owner_id.is_(None))
    left = [select(func.count()).where(*of_them, part, *today) for part in PARTS]
    # In one statement: what leaves in between would be in none of the counts, or in two.
    row = connection.execute(
        select(*(one.scalar_subquery() for one in (held, *left)))
    ).one()
    return int(sum(row[1:])), int(row[0])


def put_off(
    connection: Connection,
    campaign: Campaign,
    provider: str,
    limit: int,
    words: str,
    now: datetime,
) -> int:
    """Let some letters that are due wait for the next day, at the same time of the day.

    They are tried as long from then on as they would have been, unless the campaign says
    until when it is worth sending.

    Returns:
        How many; 0 when none is due.
    """
    chosen = (
        select(DUE.c.id)
        .where(
            QUEUED,
            OF_A_CAMPAIGN,
            DUE.c.cause_id == campaign.id,
            DUE.c.provider == provider,
            DUE.c.due_at <= now,
        )
        .order_by(DUE.c.due_at, DUE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(chosen).scalars())
    if not ids:
        return 0
    due, give_up = _whole("due_at"), _whole("give_up_at")
    a_day = literal_column(str(_A_DAY_US), BigInteger())
    # As many whole days as bring it into the next one.
    later = (literal(day_number(now) + 1, BigInteger()) - _divided(due, a_day)) * a_day
    values: dict[str, Any] = {"due_at": due + later, "reason": REASON, "reply": words}
    if campaign.valid_until is None:
        values["give_up_at"] = give_up + later
    else:
        values["due_at"] = case((due + later < give_up, due + later), else_=give_up)
    return connection.execute(
        update(_delivery).where(_delivery.c.id.in_(ids)).values(values)
    ).rowcount


def waiting_for_another_day(
    connection: Connection,
    campaign: Campaign,
    provider: str,
    after: tuple[datetime, int],
    limit: int,
) -> list[tuple[datetime, int]]:
    """Return letters that were put off, by when they are due and their numbers, in order.

    Args:
        after: What the first one comes after, as it is returned here.
    """
    chosen = (
        select(DUE.c.due_at, DUE.c.id)
        .where(
            QUEUED,
            OF_A_CAMPAIGN,
            DUE.c.cause_id == campaign.id,
            DUE.c.provider == provider,
            tuple_(DUE.c.due_at, DUE.c.id) > _place(*after),
            DUE.c.reason == REASON,
        )
        .order_by(DUE.c.due_at, DUE.c.id)
        .limit(limit)
    )
    return [(row.due_at, row.id) for row in connection.execute(chosen)]


def _place(due_at: datetime, number: int) -> ColumnElement[Any]:
    return tuple_(literal(due_at, DUE.c.due_at.type), literal(number, BigInteger()))


def bring_forward(
    connection: Connection, campaign: Campaign, ids: Sequence[int], now: datetime
) -> int:
    """Let letters that wait for another day go today, at the same time of the day.

    Returns:
        How many of them still waited.
    """
    due, a_day = _whole("due_at"), literal_column(str(_A_DAY_US), BigInteger())
    earlier = (_divided(due, a_day) - literal(day_number(now), BigInteger())) * a_day
    values: dict[str, Any] = {"due_at": due - earlier, "reason": None, "reply": None}
    if campaign.valid_until is None:
        values["give_up_at"] = _whole("give_up_at") - earlier
    waits = (_delivery.c.state == DeliveryState.QUEUED.value, _delivery.c.reason == REASON)
    return connection.execute(
        update(_delivery).where(_delivery.c.id.in_(ids), *waits).values(values)
    ).rowcount


def _whole(name: str) -> ColumnElement[int]:
    return literal_column(name, BigInteger())


def _divided(one: ColumnElement[int], by: ColumnElement[int]) -> ColumnElement[int]:
    return one.op("/", return_type=BigInteger())(by)


def waiting_days(connection: Connection, campaign_id: int) -> int:
    """Count the letters of a campaign that wait for another day's share."""
    found = select(func.count()).where(
        QUEUED,
        OF_A_CAMPAIGN,
        DUE.c.cause_id == campaign_id,
        DUE.c.reason == REASON,
    )
    return int(connection.execute(found).scalar_one())
