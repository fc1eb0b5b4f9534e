"""Letters that wait for another day's share, though there is room for them today.

A plan was raised since, or taken away: senders and what runs by the clock are started anew
for that.
"""

import logging
from datetime import datetime

from mailer.jobs.warmup import domains_of, stage_of
from mailer.model.campaign import Campaign, CampaignState
from mailer.pace.warmup import A_DAY, Plans, day_begins
from mailer.store import warmups
from mailer.store.campaigns import campaigns_in
from mailer.store.database import Database
from mailer.store.waiting import providers_of

_log = logging.getLogger(__name__)

_AT_A_TIME = 500


def bring_forward(database: Database, plans: Plans, now: datetime) -> int:
    """Let letters go today that had been put off, as far as there is room.

    Returns:
        How many.
    """
    with database.read() as connection:
        going_on = campaigns_in(connection, CampaignState.RUNNING, CampaignState.PAUSED)
        names = {one.id: domains_of(connection, one, plans) for one in going_on}
        stages = {
            name: stage_of(connection, name, plan, now) for name, plan in plans.items()
        }
    room = {name: one.room for name, one in stages.items() if one.room is not None}
    moved = 0
    for one in going_on:
        limited = [name for name in names[one.id] if name in room]
        found = _of_one(
            database, one, min(map(room.__getitem__, limited), default=None), now
        )
        for name in limited:
            room[name] -= found
        moved += found
    if moved:
        _log.info("%d letters that waited for their domain's next day go today", moved)
    return moved


def _of_one(database: Database, campaign: Campaign, room: int | None, now: datetime) -> int:
    """Let a campaign's letters go today, so many at most; return how many.

    They are looked for outside of a writer's turn, by the index.
    """
    with database.read() as connection:
        providers = providers_of(connection, campaign.id)
    moved = 0
    for provider in providers:
        after = day_begins(now) + A_DAY, 0
        while room is None or moved < room:
            some = _AT_A_TIME if room is None else min(_AT_A_TIME, room - moved)
            with database.read() as connection:
                found = warmups.waiting_for_another_day(
                    connection, campaign, provider, after, some
                )
            if not found:
                break
            after = found[-1]
            with database.write() as connection:
                ids = [number for _, number in found]
                moved += warmups.bring_forward(connection, campaign, ids, now)
    return moved
