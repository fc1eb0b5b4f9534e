"""What a rehearsal may not become: its campaigns never go on as if they were meant."""

from mailer.errors import RefusedError
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.mode import Mode
from mailer.store.campaigns import campaigns_in, change_state
from mailer.store.settling import any_rehearsed_left, end_rehearsed

_ENDED = "it was a rehearsal, and letters go to people now"


def require_mode(world: World, campaign: Campaign) -> None:
    """Raise a RefusedError when a campaign's letters cannot leave as things stand.

    Raises:
        ConfigError: when nobody has said how things stand.
    """
    if campaign.rehearsal and not world.rehearsing:
        raise RefusedError(
            f"campaign {campaign.id} ({campaign.name}) was a rehearsal, and does not go on"
            " in earnest: start it anew with `mailer campaign start`"
        )
    if world.rehearsing and not campaign.rehearsal:
        raise RefusedError(
            f"campaign {campaign.id} ({campaign.name}) goes to people, and this workspace"
            ' rehearses now: its letters wait until mode = "live" is in config.toml'
        )


def end_rehearsals(world: World) -> list[int]:
    """End what a rehearsal has left, once letters go to people: it never goes on as live.

    Returns:
        The campaigns that were ended.
    """
    if world.mode is not Mode.LIVE:
        return []
    with world.database.read() as connection:
        left = [
            campaign.id
            for campaign in campaigns_in(
                connection,
                CampaignState.PLANNING,
                CampaignState.RUNNING,
                CampaignState.PAUSED,
            )
            if campaign.rehearsal
        ]
        others = any_rehearsed_left(connection)
    now = world.clock()
    for campaign_id in left:
        with world.database.write() as connection:
            change_state(connection, campaign_id, CampaignState.CANCELLED, now, _ENDED)
    if others:
        with world.database.write() as connection:
            end_rehearsed(connection, now)
    return left
