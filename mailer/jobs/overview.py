"""The lists' growth and the latest campaigns, side by side."""

from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.list_growth import Period, Standing, grew, listed
from mailer.jobs.report import Report, report_within
from mailer.jobs.world import World
from mailer.store.campaigns import latest_campaigns

CAMPAIGNS = 10


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand.

    Args:
        lists: Each list with how it grew by month, the oldest first.
        campaigns: The last ten, the latest first.
    """

    lists: tuple[tuple[Standing, tuple[Period, ...]], ...]
    campaigns: tuple[Report, ...]


def overview(world: World, now: datetime) -> Overview:
    """Say how the lists grew and what came of the last ten campaigns."""
    lists = tuple(
        (one, tuple(grew(world, one.mailing_list.id, "month")))
        for one in listed(world, now)
    )
    reports: list[Report] = []
    with world.database.read() as connection:
        latest = latest_campaigns(connection, CAMPAIGNS)
    for campaign in latest:
        # Each by itself, so that no transaction stays open for long.
        with world.database.read() as connection:
            reports.append(report_within(connection, campaign))
    return Overview(lists, tuple(reports))
