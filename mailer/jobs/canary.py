"""The canary of campaigns: the first letters are drawn, looked at, and let the rest go."""

import logging
from datetime import datetime

from mailer.jobs.brakes import KIND
from mailer.jobs.campaign_alarms import subject_of
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.schedule import duration_words
from mailer.pace.brakes import Brake, braked
from mailer.pace.canary import Step, Tally, next_step
from mailer.pace.sharing import share_out
from mailer.store import canaries
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.brakes import last_braked
from mailer.store.campaigns import change_state, find_campaign, lock_campaign
from mailer.store.canaries import Canary
from mailer.store.database import Connection
from mailer.store.waiting import providers_of

_log = logging.getLogger(__name__)

BY_HAND = "let go by hand"


def drawn(connection: Connection, campaign: Campaign) -> list[int] | None:
    """Return which letters of a campaign that is planned through leave first.

    Evenly over its providers, and at each the first in the order in which they leave.

    Returns:
        None when it was not to have a canary; nothing when it is too small for one.
    """
    canary = canaries.canary_of(connection, campaign.id)
    if canary is None or canary.passed_at is not None:
        return None
    size = canary.rule.size(campaign.planned)
    if not size:
        return []
    providers = providers_of(connection, campaign.id)
    first = canaries.first_letters(connection, campaign.id, providers, size)
    shares = share_out(size, {name: len(letters) for name, letters in first.items()})
    return [one for name, letters in first.items() for one in letters[: shares[name]]]


def look(world: World, now: datetime) -> list[int]:
    """Look at the samples that have been tried, and let the rest go or pause it.

    Call it every few seconds.

    Returns:
        The campaigns that were paused.
    """
    with world.database.read() as connection:
        waiting = canaries.open_canaries(connection)
    return [one for one in waiting if _looked_at(world, one, now)]


def _looked_at(world: World, campaign_id: int, now: datetime) -> bool:
    with world.database.read() as connection:
        campaign = find_campaign(connection, campaign_id)
        canary = canaries.canary_of(connection, campaign_id)
        tally, tried = canaries.sample(connection, campaign_id)
    if campaign is None or canary is None or _step(campaign, canary, tally, now) is None:
        return False
    with world.database.write() as connection:
        # Another program may look at it in the same moment.
        campaign = lock_campaign(connection, campaign_id)
        canary = canaries.canary_of(connection, campaign_id, lock=True)
        if campaign is None or campaign.state is not CampaignState.RUNNING:
            return False
        if canary is None or not canary.holds:
            return False
        match _step(campaign, canary, tally, now):
            case Step.SETTLE:
                canaries.settle(connection, campaign_id, now)
            case Step.LOOK:
                found = [
                    one.words for one in braked(tried.values()) if one.brake is Brake.PAUSE
                ]
                if found:
                    return _pause(connection, campaign, canary, "; ".join(found), now)
                words = f"{tally.accepted} accepted, {tally.refused} refused"
                canaries.let_go(connection, campaign_id, words, now)
                _log.info("campaign %d: the rest leaves: %s", campaign_id, words)
            case Step.WAIT | None:
                pass
    return False


def _step(campaign: Campaign, canary: Canary, tally: Tally, now: datetime) -> Step | None:
    """Return what is to be done; None for nothing yet."""
    if canary.drawn_at is None:
        return None
    began = max(campaign.due_at, canary.drawn_at)
    step = next_step(tally, canary.rule.wait, began, canary.settled_at, now)
    return None if step is Step.WAIT else step


def _pause(
    connection: Connection, campaign: Campaign, canary: Canary, words: str, now: datetime
) -> bool:
    first = f"of its first {canary.letters} letters too much came back: {words}"
    if not change_state(connection, campaign.id, CampaignState.PAUSED, now, first):
        return False
    _log.warning("campaign %d is paused: %s", campaign.id, first)
    raise_alarm(
        connection,
        Alarm(
            KIND,
            subject_of(campaign),
            now,
            f"{first}; so it is paused before the rest leaves",
            f"look whether these people asked for it, and at `mailer campaign deliveries"
            f" {campaign.id}`; then `mailer campaign resume {campaign.id}` sends the rest,"
            f" `mailer campaign cancel {campaign.id}` never",
        ),
    )
    return True


def resumed(
    connection: Connection, campaign: Campaign, now: datetime, *, at_once: bool = False
) -> None:
    """Hear that a person lets a campaign go on.

    Whoever does so after a brake has seen what came back: the rest leaves then.

    Args:
        at_once: The rest is not to wait for the sample, whatever came back.
    """
    since = last_braked(connection, KIND, subject_of(campaign))
    if at_once or (since is not None and since >= campaign.created_at):
        canaries.let_go(connection, campaign.id, BY_HAND, now)


def told(connection: Connection, campaign_id: int) -> str:
    """Say how a campaign's canary stands; "" when it has none."""
    canary = canaries.canary_of(connection, campaign_id)
    if canary is None:
        return ""
    tally, _ = canaries.sample(connection, campaign_id)
    return _words(canary, tally)


def _words(canary: Canary, tally: Tally) -> str:
    """Say in one sentence how a canary stands."""
    if canary.passed_at is not None:
        return f"{canary.letters} letters went first: {canary.words}"
    if canary.drawn_at is None:
        return "drawn when its planning is through"
    tried = tally.letters - tally.untried
    words = f"{tried} of its first {canary.letters} letters were tried; the rest waits"
    if canary.settled_at is None:
        wait = duration_words(canary.rule.wait)
        return f"{words} until all were, and then {wait} for what comes back"
    until = canary.settled_at + canary.rule.wait
    return f"{words} until {until:%Y-%m-%d %H:%M:%S} UTC for what comes back"
