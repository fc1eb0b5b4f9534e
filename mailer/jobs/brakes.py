"""The brakes of campaigns: what came back is looked at, and slows or pauses them."""

import logging
from datetime import datetime

from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.pace import shaping
from mailer.pace.brakes import Brake, Found, braked
from mailer.pace.providers import Providers
from mailer.pace.shaping import WELL
from mailer.store import brakes
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.campaigns import campaigns_in, change_state
from mailer.store.database import Connection
from mailer.store.providerstates import keep_states, provider_states

_log = logging.getLogger(__name__)

KIND = "campaign_braked"


def look(world: World, providers: Providers, now: datetime) -> list[int]:
    """Slow or pause running campaigns by what came back of them.

    After a brake on a campaign only letters count that are tried from then on, and what
    comes back of these: a person who let it go on has seen the others.

    Returns:
        The campaigns that were paused.
    """
    with world.database.read() as connection:
        running = [
            one
            for one in campaigns_in(connection, CampaignState.RUNNING)
            if not one.rehearsal
        ]
    return [one.id for one in running if _looked_at(world, one, providers, now)]


def _looked_at(world: World, one: Campaign, providers: Providers, now: datetime) -> bool:
    subject = f"campaign {one.id} ({one.name})"
    with world.database.read() as connection:
        since = brakes.last_braked(connection, KIND, subject) or one.created_at
        found = braked(brakes.tried(connection, one.id, since))
    if not found:
        return False
    with world.database.write() as connection:
        if found[0].brake is Brake.PAUSE:
            return _pause(connection, one, subject, found, now)
        for each in found:
            _slow(connection, one.id, each, providers, now)
    return False


def _pause(
    connection: Connection, one: Campaign, subject: str, found: list[Found], now: datetime
) -> bool:
    words = "; ".join(each.words for each in found if each.brake is Brake.PAUSE)
    if not change_state(connection, one.id, CampaignState.PAUSED, now, words):
        return False
    _log.warning("campaign %d is paused: %s", one.id, words)
    raise_alarm(
        connection,
        Alarm(
            KIND,
            subject,
            now,
            f"too much came back, so it is paused: {words}",
            "look whether these people asked for it, and at `mailer campaign report"
            f" {one.id}`; then `mailer campaign resume {one.id}`, which counts anew, or"
            f" `mailer campaign cancel {one.id}`",
        ),
    )
    return True


def _slow(
    connection: Connection,
    campaign_id: int,
    found: Found,
    providers: Providers,
    now: datetime,
) -> None:
    """Halve what a provider is given; of all that have no name of their own, together."""
    states = provider_states(connection, [found.provider])
    before = states.get(found.provider, WELL)
    if shaping.is_held(before, now):
        return
    if before.held_until is not None and found.last_at is not None:
        slowed_at = before.held_until - shaping.HELD_FOR
        if found.last_at <= slowed_at:
            # It was slowed for all of this.
            return
    limits = providers.limits_of(found.provider)
    rate = shaping.rate_of(before, limits)
    if not rate:
        rate = brakes.lately(connection, campaign_id, found.provider, now)
        if not rate:
            # Nothing leaves, so there is nothing to be slower with.
            return
    words = found.words.partition(": ")[2]
    after = shaping.braked(before, limits, words, rate, now)
    keep_states(connection, {found.provider: after}, now)
    _log.warning("provider %s is slowed: %s", found.provider, found.words)
