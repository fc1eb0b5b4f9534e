"""Campaigns after a restore: what may have left since is in doubt, and nothing goes on.

Those that were begun after the backup are known from the logbook, and come back too: else
the same campaign would be started, and sent, once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import WorkspaceError
from mailer.jobs.logbook import Logbook
from mailer.jobs.plan import plan
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.schedule import Firing, FiringState
from mailer.store import restoring as store
from mailer.store.campaigns import campaigns_in, change_state, find_campaign, freeze
from mailer.store.deliveries import counts
from mailer.store.schedules import FiringRecord, record_firing

REASON = (
    "the database was brought back from a backup, and letters of it may have left since"
)
_ACTIVE = (CampaignState.PLANNING, CampaignState.RUNNING, CampaignState.PAUSED)
_SLICE = 2_000


@dataclass(frozen=True, slots=True)
class Paused:
    """A campaign that came back paused.

    Args:
        in_doubt: How many of its letters may or may not have left.
        begun_since: It was begun after the backup, and only the logbook knew of it.
    """

    campaign: Campaign
    in_doubt: int
    begun_since: bool


def bring_back_begun(
    world: World, logbooks: Sequence[Logbook], problems: list[str], now: datetime
) -> set[int]:
    """Write down the campaigns that only the logbook knows; return their numbers."""
    with world.database.read() as connection:
        known = store.campaign_numbers(connection)
    begun: set[int] = set()
    for logbook in logbooks:
        for number in logbook.campaigns():
            if number in known | begun:
                continue
            try:
                _bring_back(world, logbook, number, now)
            except (WorkspaceError, KeyError, ValueError) as problem:
                problems.append(
                    f"campaign {number} was begun since, and cannot be brought back"
                    f" ({problem}): do not start it again"
                )
                continue
            begun.add(number)
    return begun


def _bring_back(world: World, logbook: Logbook, number: int, now: datetime) -> None:
    kept = logbook.campaign(number)
    facts = kept["campaign"]
    with world.database.write() as connection:
        freeze(connection, facts["frozen_hash"], kept["frozen"], now)
        store.bring_back_campaign(connection, facts)
        campaign = find_campaign(connection, number)
        assert campaign is not None
        if campaign.schedule is not None and campaign.occurrence is not None:
            firing = Firing(campaign.due_at, campaign.occurrence)
            record_firing(
                connection,
                FiringRecord(
                    campaign.schedule, firing, FiringState.FIRED, now, number, REASON
                ),
            )


def pause_all(world: World, begun: set[int], now: datetime) -> list[int]:
    """Pause every campaign that may have gone on since; return their numbers."""
    with world.database.read() as connection:
        active = campaigns_in(connection, *_ACTIVE)
    with world.database.write() as connection:
        for campaign in active:
            if campaign.id not in begun and campaign.state is not CampaignState.PAUSED:
                change_state(connection, campaign.id, CampaignState.PAUSED, now, REASON)
    return [campaign.id for campaign in active]


def plan_through(
    world: World, numbers: Sequence[int], problems: list[str], now: datetime
) -> None:
    """Plan what was not planned through: the rest of it may have been sent as well."""
    for number in numbers:
        with world.database.write() as connection:
            campaign = find_campaign(connection, number)
            assert campaign is not None
            if campaign.started_at is None:
                change_state(connection, number, CampaignState.PLANNING, now)
        try:
            if campaign.started_at is None:
                plan(world, number)
            after, reason = CampaignState.PAUSED, REASON
        except WorkspaceError as problem:
            # Paused it would be planned and sent to everybody, as soon as it can be.
            after, reason = CampaignState.CANCELLED, f"{REASON}; {problem}"
            problems.append(f"campaign {number} cannot be planned, so it is cancelled")
        with world.database.write() as connection:
            change_state(connection, number, after, now, reason)


def doubt(world: World, now: datetime) -> None:
    """Put all letters that were due and waited in doubt."""
    after, found = -1, 1
    while found:
        with world.database.write() as connection:
            found, after = store.doubt_slice(connection, after, _SLICE, now)


def how_paused(world: World, number: int, begun: set[int]) -> Paused:
    """Say how a campaign came back."""
    with world.database.read() as connection:
        campaign = find_campaign(connection, number)
        assert campaign is not None
        in_doubt = counts(connection, number)[DeliveryState.IN_DOUBT]
    return Paused(campaign, in_doubt, number in begun)
