"""Planning: a campaign's audience becomes deliveries, in slices that survive a crash.

Letters leave when planning is through. Several may plan the same campaign at the same time,
and whoever comes after a crash goes on where the last slice ended.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailer.errors import WorkspaceError
from mailer.jobs.audience import audiences_of
from mailer.jobs.canary import drawn
from mailer.jobs.frozen import unpack
from mailer.jobs.providers import declare_providers
from mailer.jobs.slices import Slicer
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.pace.recipient import moments, stretch
from mailer.store import canaries
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.audience import Audience
from mailer.store.campaigns import (
    campaigns_in,
    change_state,
    find_campaign,
    frozen,
    lock_campaign,
    note_planned,
)
from mailer.store.database import Connection
from mailer.store.lots import draw, note_drawn
from mailer.store.planning import Order, Planning, Slice
from mailer.store.restoring import campaign_facts
from mailer.store.statistics import LETTERS, count_tables
from mailer.workspace.providers import read_providers

_log = logging.getLogger(__name__)


def plan(
    world: World,
    campaign_id: int,
    slicer: Slicer | None = None,
    tell: Callable[[Campaign], None] = lambda _: None,
) -> Campaign | None:
    """Write down a campaign's deliveries until there are no more, and let it run.

    Args:
        tell: Called after each slice with how far it came.

    Raises:
        WorkspaceError: when it cannot be planned, or not be kept in the logbook.

    Returns:
        The campaign afterwards: running, unless somebody paused or cancelled it meanwhile.
    """
    slicer = slicer or Slicer(world.database)
    declare_providers(world.database, read_providers(world.folder))
    with world.database.read() as connection:
        campaign = find_campaign(connection, campaign_id)
        if campaign is None or campaign.state is not CampaignState.PLANNING:
            return campaign
        body = frozen(connection, campaign.frozen_hash)
        facts = campaign_facts(connection, campaign_id)
        content = unpack(body)
        audiences = audiences_of(
            content,
            campaign.created_at,
            campaign.audience_up_to,
            world.zone,
            ask_needs=campaign.allow_withheld,
            rehearsed=campaign.rehearsal,
        )
        facts["drawn_up_to"] = drawn = _drawn(world, connection, campaign, audiences)
        order = _order(campaign, world.give_up_after)
        order = replace(order, engaged_first=world.engaged_first)
        plannings = [Planning(connection, one, order, drawn) for one in audiences]
    # Before the first letter can leave: a restore must know that it was begun.
    world.logbook.keep_campaign(campaign_id, {"campaign": facts, "frozen": body})
    while True:
        with slicer.turn() as connection:
            campaign = lock_campaign(connection, campaign_id)
            if campaign is None or campaign.state is not CampaignState.PLANNING:
                return campaign
            last, newest = campaign.planned_up_to, campaign.audience_up_to
            up_to = min(
                one.bound(connection, last, newest, slicer.size) for one in plannings
            )
            now, written = world.clock(), 0
            for planning in plannings:
                room = (campaign.limit or 0) - campaign.planned - written
                part = Slice(last, up_to, max(room, 0))
                written += planning.write_slice(connection, part, now)
            note_planned(connection, campaign_id, written, up_to)
        tell(replace(campaign, planned=campaign.planned + written, planned_up_to=up_to))
        if up_to >= newest:
            count_tables(world.database, LETTERS, campaign.planned + written)
            _let_run(world, campaign_id)


def _let_run(world: World, campaign_id: int) -> None:
    """Draw which letters leave first, and let a campaign run that is planned through."""
    with world.database.read() as connection:
        campaign = find_campaign(connection, campaign_id)
        first = None if campaign is None else drawn(connection, campaign)
    with world.database.write() as connection:
        campaign = lock_campaign(connection, campaign_id)
        if campaign is None or campaign.state is not CampaignState.PLANNING:
            return
        now = world.clock()
        if first is not None:
            canaries.draw(connection, campaign_id, first, now)
        change_state(connection, campaign_id, CampaignState.RUNNING, now)


def _drawn(
    world: World,
    connection: Connection,
    campaign: Campaign,
    audiences: Sequence[Audience],
) -> int | None:
    """Return up to which lot people are drawn; whoever plans first draws for all."""
    if campaign.limit is None or campaign.drawn_up_to is not None:
        return campaign.drawn_up_to
    drawn = draw(connection, audiences, campaign.id, campaign.limit, world.clock())
    with world.database.write() as writing:
        return note_drawn(writing, campaign.id, drawn)


def _order(campaign: Campaign, give_up_after: timedelta) -> Order:
    if campaign.valid_until is not None:
        whole = campaign.valid_until - campaign.due_at
        give_up_after = whole - stretch(campaign.wall_clock, campaign.spread)
    due_at = campaign.due_at
    elsewhere: dict[datetime, list[str]] = {}
    if campaign.wall_clock is not None:
        due_at, elsewhere = moments(campaign.wall_clock)
    return Order(
        campaign.id,
        due_at,
        due_at + give_up_after,
        campaign.spread or timedelta(),
        elsewhere,
        rehearsal=campaign.rehearsal,
        priority=campaign.priority,
    )


def plan_waiting(world: World) -> list[Campaign]:
    """Go on with every campaign that is not planned through; return those that are now.

    One that cannot be planned is paused with an alarm, and stops no other.
    """
    with world.database.read() as connection:
        waiting = campaigns_in(connection, CampaignState.PLANNING)
    done: list[Campaign] = []
    for campaign in waiting:
        try:
            planned = plan(world, campaign.id)
        except WorkspaceError as problem:
            _log.error("campaign %d cannot be planned: %s", campaign.id, problem)
            _pause(world, campaign, str(problem))
            continue
        if planned is not None and planned.state is CampaignState.RUNNING:
            done.append(planned)
    return done


def _pause(world: World, campaign: Campaign, reason: str) -> None:
    now = world.clock()
    with world.database.write() as connection:
        if not change_state(
            connection,
            campaign.id,
            CampaignState.PAUSED,
            now,
            f"cannot be planned: {reason}",
        ):
            return
        raise_alarm(
            connection,
            Alarm(
                "campaign_paused",
                f"campaign {campaign.id} ({campaign.name})",
                now,
                f"its audience cannot be planned, so it is paused: {reason}",
                f"put that right and run `mailer campaign resume {campaign.id}`,"
                f" or `mailer campaign cancel {campaign.id}`",
            ),
        )
