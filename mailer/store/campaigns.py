"""Campaigns: made with a frozen template, list and rule, and moved from state to state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from mailer.model.campaign import Campaign, CampaignState, states_before
from mailer.model.choosing import EVERYBODY_AT_ONCE, Choice, WallClock
from mailer.model.kind import Kind
from mailer.store.inserting import put
from mailer.store.leavelock import stop_leaving
from mailer.store.restoring import next_campaign_number
from mailer.store.tables import (
    CampaignListRow,
    CampaignRow,
    ContactRow,
    FrozenRow,
    ListRow,
    table,
)
from mailer.store.topics import keep_topics

_campaign = table(CampaignRow)
_also = table(CampaignListRow)
_SECOND = timedelta(seconds=1)
_frozen = table(FrozenRow)
_contact = table(ContactRow)
_list = table(ListRow)


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What a campaign is made with; see `Campaign` for what the words mean."""

    name: str
    kind: Kind
    template: str
    list_id: str
    segment: str
    rule: str
    frozen_hash: str
    due_at: datetime
    valid_until: datetime | None = None
    pace_per_s: float | None = None
    allow_withheld: bool = False
    schedule: str | None = None
    occurrence: str | None = None
    also_lists: tuple[str, ...] = ()
    choice: Choice = EVERYBODY_AT_ONCE
    rehearsal: bool = False
    priority: int = 0
    notice_reason: str = ""
    topics: tuple[str, ...] = ()


def freeze(
    connection: Connection, content_hash: str, body: dict[str, Any], now: datetime
) -> None:
    """Keep what a campaign is started with; what was aged to its bones is whole again."""
    put(connection, _frozen, {"hash": content_hash}, {"body": body, "frozen_at": now})


def frozen(connection: Connection, content_hash: str) -> dict[str, Any]:
    """Return what was kept under a hash."""
    found = connection.execute(
        select(_frozen.c.body).where(_frozen.c.hash == content_hash)
    ).scalar_one()
    return cast("dict[str, Any]", found)


def make_campaign(connection: Connection, new: NewCampaign, now: datetime) -> int:
    """Write down a campaign that is to be planned, and return its number.

    Whoever becomes a contact from now on is not in its audience.
    """
    newest_contact = select(func.coalesce(func.max(_contact.c.id), 0)).scalar_subquery()
    given = next_campaign_number(connection)
    number = int(
        connection.execute(
            insert(_campaign)
            .values(
                **({} if given is None else {"id": given}),
                name=new.name,
                kind=new.kind.value,
                state=CampaignState.PLANNING.value,
                template=new.template,
                list_id=new.list_id,
                segment=new.segment,
                rule=new.rule,
                schedule=new.schedule,
                occurrence=new.occurrence,
                frozen_hash=new.frozen_hash,
                planned=0,
                planned_up_to=0,
                audience_up_to=newest_contact,
                created_at=now,
                due_at=new.due_at,
                valid_until=new.valid_until,
                reason="",
                allow_withheld=new.allow_withheld,
                pace_per_s=new.pace_per_s,
                **_chosen(new.choice),
                rehearsal=new.rehearsal,
                priority=new.priority,
                notice_reason=new.notice_reason,
            )
            .returning(_campaign.c.id)
        ).scalar_one()
    )
    keep_topics(connection, number, new.topics)
    also = sorted({*new.also_lists} - {new.list_id})
    if also:
        rows = [{"campaign_id": number, "list_id": list_id} for list_id in also]
        connection.execute(insert(_also), rows)
    return number


def _chosen(choice: Choice) -> dict[str, Any]:
    clock = choice.wall_clock
    return {
        "spread_s": None if choice.spread is None else choice.spread // _SECOND,
        "people_limit": choice.limit,
        "wall_clock": None if clock is None else clock.at.isoformat(),
        "fallback_zone": None if clock is None else clock.fallback,
        "follows": choice.since,
    }


_find = select(_campaign).where(_campaign.c.id == bindparam("number"))
_lock = _find.with_for_update()
_note_planned = (
    update(_campaign)
    .where(_campaign.c.id == bindparam("number"))
    .values(
        planned=_campaign.c.planned + bindparam("more"), planned_up_to=bindparam("last")
    )
)


def find_campaign(connection: Connection, campaign_id: int) -> Campaign | None:
    """Return a campaign by its number."""
    row = connection.execute(_find, {"number": campaign_id}).first()
    return None if row is None else campaign_of(row)


def lock_campaign(connection: Connection, campaign_id: int) -> Campaign | None:
    """Return a campaign, and let nobody else change it until the commit."""
    row = connection.execute(_lock, {"number": campaign_id}).first()
    return None if row is None else campaign_of(row)


def latest_campaigns(connection: Connection, limit: int) -> list[Campaign]:
    """Return the latest campaigns, the latest first."""
    rows = connection.execute(
        select(_campaign).order_by(_campaign.c.id.desc()).limit(limit)
    )
    return [campaign_of(row) for row in rows]


def campaigns_in(connection: Connection, *states: CampaignState) -> list[Campaign]:
    """Return the campaigns in one of the states, oldest first."""
    rows = connection.execute(
        select(_campaign)
        .where(_campaign.c.state.in_([state.value for state in states]))
        .order_by(_campaign.c.id)
    )
    return [campaign_of(row) for row in rows]


def unfinished_cancelled(connection: Connection) -> list[int]:
    """Return the cancelled campaigns of which letters may still be open."""
    rows = connection.execute(
        select(_campaign.c.id)
        .where(
            _campaign.c.state == CampaignState.CANCELLED.value,
            _campaign.c.finished_at.is_(None),
        )
        .order_by(_campaign.c.id)
    )
    return list(rows.scalars())


def lock_list(connection: Connection, list_id: str) -> None:
    """Let nobody else start a campaign to a list until the commit.

    Two starts at the same moment would not see each other's campaign.
    """
    connection.execute(
        select(_list.c.number).where(_list.c.id == list_id).with_for_update()
    )


def change_state(
    connection: Connection,
    campaign_id: int,
    after: CampaignState,
    now: datetime,
    reason: str = "",
) -> bool:
    """Move a campaign to a state if the table of steps has that step.

    Planning that ends is the start; finishing sets the end, and running again lifts it.

    Returns:
        False when the campaign is in a state from which there is no such step.
    """
    stop_leaving(connection, campaign_id)
    values: dict[str, Any] = {"state": after.value, "reason": reason}
    if after is CampaignState.RUNNING:
        values["started_at"] = func.coalesce(
            _campaign.c.started_at, literal(now, _campaign.c.started_at.type)
        )
        values["finished_at"] = None
    elif after is CampaignState.FINISHED:
        values["finished_at"] = now
    return bool(
        connection.execute(
            update(_campaign)
            .where(
                _campaign.c.id == campaign_id,
                _campaign.c.state.in_([state.value for state in states_before(after)]),
            )
            .values(**values)
        ).rowcount
    )


def close_cancelled(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Note that no letter of a cancelled campaign is open any more."""
    connection.execute(
        update(_campaign)
        .where(
            _campaign.c.id == campaign_id,
            _campaign.c.state == CampaignState.CANCELLED.value,
        )
        .values(finished_at=now)
    )


def note_planned(
    connection: Connection, campaign_id: int, written: int, up_to: int
) -> None:
    """Write down how far planning came, in the transaction that wrote the deliveries."""
    values = {"number": campaign_id, "more": written, "last": up_to}
    connection.execute(_note_planned, values)


def campaign_of(row: Row[Any]) -> Campaign:
    """Turn a row of the campaign table into its value."""
    return Campaign(
        id=row.id,
        name=row.name,
        kind=Kind(row.kind),
        state=CampaignState(row.state),
        template=row.template,
        list_id=row.list_id,
        segment=row.segment,
        rule=row.rule,
        schedule=row.schedule,
        occurrence=row.occurrence,
        frozen_hash=row.frozen_hash,
        planned=row.planned,
        planned_up_to=row.planned_up_to,
        audience_up_to=row.audience_up_to,
        created_at=row.created_at,
        due_at=row.due_at,
        valid_until=row.valid_until,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason,
        allow_withheld=row.allow_withheld,
        pace_per_s=row.pace_per_s,
        spread=None if row.spread_s is None else row.spread_s * _SECOND,
        limit=row.people_limit,
        drawn_up_to=row.drawn_up_to,
        wall_clock=None if row.wall_clock is None else _clock_of(row),
        follows=row.follows,
        rehearsal=row.rehearsal,
        priority=row.priority,
        notice_reason=row.notice_reason,
    )


def _clock_of(row: Row[Any]) -> WallClock:
    return WallClock(datetime.fromisoformat(row.wall_clock), row.fallback_zone)
