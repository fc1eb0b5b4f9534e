"""Which relays a campaign's letters may go by: for how long it takes."""

from collections.abc import Sequence

from mailer.jobs.frozen import unpack
from mailer.model.kind import KINDS
from mailer.pace.routing import Route, tiers
from mailer.store.campaigns import find_campaign, frozen
from mailer.store.database import Database


def carriers(database: Database, campaign_id: int, routes: Sequence[Route]) -> list[int]:
    """Return the places of the relays that take letters of a campaign, in order.

    Of one that does not go on all are returned: nothing of it is left to be reckoned.
    """
    every = list(range(len(routes)))
    if len(every) == 1:
        return every
    with database.read() as connection:
        campaign = find_campaign(connection, campaign_id)
        if campaign is None or campaign.finished_at is not None:
            return every
        content = unpack(frozen(connection, campaign.frozen_hash))
    lane = KINDS[campaign.kind].lane
    taking = {
        place
        for domain in content.sender_domains
        for tier in tiers(routes, domain, lane)
        for place in tier
    }
    return sorted(taking)
