"""The alarms of campaigns that end as they should not."""

from datetime import datetime

from mailer.model.campaign import Campaign
from mailer.model.delivery import DeliveryState
from mailer.store.alarms import Alarm


def subject_of(campaign: Campaign) -> str:
    """Return how alarms name a campaign."""
    return f"campaign {campaign.id} ({campaign.name})"


def unbalanced(campaign: Campaign, found: int, now: datetime) -> Alarm:
    """Return the alarm of a campaign whose sums don't add up."""
    return Alarm(
        "campaign_unbalanced",
        subject_of(campaign),
        now,
        f"{campaign.planned} letters were planned, and there are {found}: it goes on",
        "run `mailer db verify` and bring back a backup if the file is damaged",
    )


def nothing_accepted(
    campaign: Campaign, by_state: dict[DeliveryState, int], now: datetime
) -> Alarm:
    """Return the alarm of a campaign that nobody got."""
    if not campaign.planned:
        return Alarm(
            "campaign_empty",
            subject_of(campaign),
            now,
            "nobody was in its audience, so nothing was sent",
            f"see `mailer campaign start {campaign.template} --list … --dry-run` for why",
        )
    others = ", ".join(f"{count} {state}" for state, count in by_state.items() if count)
    doubted = (
        f"; `mailer campaign resolve {campaign.id} --all --as …` settles what is in doubt"
        if by_state.get(DeliveryState.IN_DOUBT)
        else ""
    )
    return Alarm(
        "campaign_nothing_accepted",
        subject_of(campaign),
        now,
        f"it has ended and not one letter was accepted: {others}",
        f"look at `mailer campaign deliveries {campaign.id}`, and when the cause is gone"
        f" run `mailer campaign retry {campaign.id} --state refused,expired`{doubted}",
    )


def waits_for_its_domain(campaign: Campaign, words: str, now: datetime) -> Alarm:
    """Return the alarm of a campaign whose letters wait for another day's share."""
    return Alarm(
        "campaign_warm_up",
        subject_of(campaign),
        now,
        f"{words}; the rest waits for another day, and goes by itself",
        f"see `mailer campaign status {campaign.id}` for how many days it takes; to send"
        " more a day, raise `letters` of its domain under [warm_up] in config.toml",
    )
