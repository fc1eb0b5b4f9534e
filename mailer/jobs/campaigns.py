"""Looking after campaigns: pause, resume, cancel, finish, and how far each has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.alarms import open_alarms
from mailer.jobs.campaign_alarms import nothing_accepted, subject_of, unbalanced
from mailer.jobs.canary import resumed, told
from mailer.jobs.rehearsals import end_rehearsals, require_mode
from mailer.jobs.slices import Slicer
from mailer.jobs.warmup import waits_of
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import OPEN_STATES, DeliveryState
from mailer.pace.throttle import Rate, limits_take_s
from mailer.pace.warmup import A_DAY, NO_PLANS, Plans
from mailer.store import campaigns as store
from mailer.store import throttle
from mailer.store.alarms import Alarm, raise_alarm, raise_once
from mailer.store.canaries import let_go
from mailer.store.database import Connection, Database
from mailer.store.deliveries import (
    any_open,
    counts,
    failed_composing,
    ids_of,
    progress,
    withheld_counts,
)
from mailer.store.settling import cancel_slice, renew

_RATE_OVER = timedelta(minutes=1)
_S = CampaignState


@dataclass(frozen=True, slots=True)
class Status:
    """How far a campaign has come.

    Args:
        counts: Every state with its count; their sum is what was planned.
        withheld: What was withheld, by reason.
        rate_per_s: Letters accepted a second, over the last minute.
        left_s: Until the rest has gone at that rate, or longer where the relays' hourly
            and daily limits do not allow it; None when nobody can tell.
        alarms: About it, that nobody has acknowledged.
        canary: How the letters stand that leave before the rest; "" without any.
        warm_up: How far its sending domain is warmed up; "" where it has no limit.
    """

    campaign: Campaign
    counts: dict[DeliveryState, int]
    withheld: dict[str, int]
    rate_per_s: float
    left_s: float | None
    alarms: list[Alarm]
    canary: str = ""
    warm_up: str = ""

    @property
    def open(self) -> int:
        """How many letters are still to be sent, or on their way."""
        return sum(self.counts[state] for state in OPEN_STATES)


def find(database: Database, campaign_id: int) -> Campaign:
    """Return a campaign.

    Raises:
        NotFoundError: when there is none of that number.
    """
    with database.read() as connection:
        campaign = store.find_campaign(connection, campaign_id)
    if campaign is None:
        raise NotFoundError(
            f"there is no campaign {campaign_id}; `mailer campaign list` shows them"
        )
    return campaign


def status(
    database: Database,
    campaign_id: int,
    now: datetime,
    rates: Mapping[str, Rate] = MappingProxyType({}),
    plans: Plans = NO_PLANS,
) -> Status:
    """Say how far a campaign has come, under the rates of the relays by their names.

    Args:
        plans: Of the sending domains that are warmed up.

    Raises:
        NotFoundError: when there is none of that number.
    """
    campaign = find(database, campaign_id)
    since = now - _RATE_OVER
    with database.read() as connection:
        by_state, lately = progress(connection, campaign_id, since)
        withheld = withheld_counts(connection, campaign_id)
        canary = told(connection, campaign_id)
        used = [throttle.used(connection, f"relay:{name}", now) for name in rates]
        still = sum(by_state[state] for state in OPEN_STATES)
        waits = waits_of(connection, campaign, plans, still, now)
    began = max(since, campaign.started_at or now)
    over_s = (now - began).total_seconds()
    rate = lately / max(over_s, 1.0)
    left_s: float | None = None
    if not still:
        left_s = 0.0
    elif campaign.state is _S.RUNNING:
        at_least_s = limits_take_s(still, list(zip(rates.values(), used, strict=True)))
        at_least_s = max(at_least_s, waits.days * A_DAY.total_seconds())
        left_s = max(still / rate, at_least_s) if rate else at_least_s or None
    alarms = open_alarms(database, subject_of(campaign))
    return Status(
        campaign, by_state, withheld, round(rate, 2), left_s, alarms, canary, waits.words
    )


def latest(database: Database, limit: int) -> list[Campaign]:
    """Return the latest campaigns, the latest first."""
    with database.read() as connection:
        return store.latest_campaigns(connection, limit)


def pause(world: World, campaign_id: int, reason: str = "paused by hand") -> Campaign:
    """Let no further letter of a campaign leave; those on the line end.

    Raises:
        NotFoundError: when there is none of that number.
        RefusedError: when it is in a state that cannot be paused.
    """
    campaign = find(world.database, campaign_id)
    with world.database.write() as connection:
        if not store.change_state(
            connection, campaign_id, _S.PAUSED, world.clock(), reason
        ):
            raise _refused(campaign, "paused")
    return find(world.database, campaign_id)


def resume(
    world: World,
    campaign_id: int,
    slicer: Slicer | None = None,
    *,
    whole: bool = False,
) -> Campaign:
    """Let a paused campaign go on: with its planning if that was not through.

    Letters that waited for most of their time meanwhile get all of it again, unless the
    campaign itself says until when it is worth sending.

    Args:
        whole: The rest does not wait until the first letters have been looked at.

    Raises:
        NotFoundError: when there is none of that number.
        RefusedError: when it is not paused.
    """
    campaign = find(world.database, campaign_id)
    if campaign.state is not _S.PAUSED:
        raise _refused(campaign, "resumed")
    require_mode(world, campaign)
    if campaign.valid_until is None:
        _renew(world, campaign_id, slicer or Slicer(world.database))
    after = _S.PLANNING if campaign.started_at is None else _S.RUNNING
    with world.database.write() as connection:
        if not store.change_state(connection, campaign_id, after, world.clock()):
            raise _refused(campaign, "resumed")
        resumed(connection, campaign, world.clock(), at_once=whole)
    return find(world.database, campaign_id)


def _renew(world: World, campaign_id: int, slicer: Slicer) -> None:
    now = world.clock()
    too_soon = now + world.give_up_after / 2
    for ids in ids_of(world.database, campaign_id, [DeliveryState.QUEUED]):
        with slicer.turn() as connection:
            renew(connection, ids, too_soon, now + world.give_up_after)


def cancel(world: World, campaign_id: int, slicer: Slicer | None = None) -> Campaign:
    """End a campaign: what has not left is withheld, and never sent.

    Called again after a crash, it goes on.

    Raises:
        NotFoundError: when there is none of that number.
        RefusedError: when it is finished.
    """
    campaign = find(world.database, campaign_id)
    if campaign.state is not _S.CANCELLED:
        with world.database.write() as connection:
            now = world.clock()
            if not store.change_state(
                connection, campaign_id, _S.CANCELLED, now, "cancelled by hand"
            ):
                raise _refused(campaign, "cancelled")
            let_go(connection, campaign_id, "cancelled", now)
    _withhold_rest(world, campaign_id, slicer or Slicer(world.database))
    return find(world.database, campaign_id)


def _withhold_rest(world: World, campaign_id: int, slicer: Slicer) -> None:
    """Withhold what is open. A letter that is being sent now comes to its own end."""
    while True:
        now = world.clock()
        with slicer.turn() as connection:
            if cancel_slice(connection, campaign_id, slicer.size, now):
                continue
            if not any_open(connection, campaign_id):
                store.close_cancelled(connection, campaign_id, now)
            return


def tend(world: World) -> list[int]:
    """Finish what is done, and withhold what cancelled campaigns got back meanwhile.

    What a rehearsal has left is ended first, when letters go to people now.

    Returns:
        The campaigns that are finished now.
    """
    end_rehearsals(world)
    with world.database.read() as connection:
        cancelled = store.unfinished_cancelled(connection)
        running = store.campaigns_in(connection, _S.RUNNING)
    for campaign_id in cancelled:
        _withhold_rest(world, campaign_id, Slicer(world.database))
    return [
        campaign.id
        for campaign in running
        if finish_if_done(world.database, campaign.id, world.clock())
    ]


def finish_if_done(database: Database, campaign_id: int, now: datetime) -> bool:
    """Finish a campaign if none of its letters is open and its sums add up.

    A campaign of which nothing was accepted raises an alarm: nobody should have to find out
    from its readers.

    Returns:
        True when it was finished by this call.
    """
    with database.read() as connection:
        campaign = store.find_campaign(connection, campaign_id)
        if campaign is None or campaign.state is not _S.RUNNING:
            return False
        if any_open(connection, campaign_id):
            return False
        by_state = counts(connection, campaign_id)
    with database.write() as connection:
        locked = store.lock_campaign(connection, campaign_id)
        if locked is None or any_open(connection, campaign_id):
            return False
        if sum(by_state.values()) != locked.planned:
            raise_once(connection, unbalanced(locked, sum(by_state.values()), now))
            return False
        if not store.change_state(connection, campaign_id, _S.FINISHED, now):
            return False
        if not by_state[DeliveryState.ACCEPTED]:
            raise_alarm(connection, nothing_accepted(locked, by_state, now))
    return True


def pause_if_many_fail(world: World, campaign_id: int) -> bool:
    """Pause a campaign when too many of its letters turn out not to be composable.

    Returns:
        True when it was paused by this call.
    """
    with world.database.read() as connection:
        campaign = store.find_campaign(connection, campaign_id)
        if campaign is None or campaign.state is not _S.RUNNING:
            return False
        failed = failed_composing(connection, campaign_id)
    if failed <= campaign.planned * world.withheld_share:
        return False
    now = world.clock()
    happened = f"{failed} of {campaign.planned} letters could not be composed"
    with world.database.write() as connection:
        if not store.change_state(connection, campaign_id, _S.PAUSED, now, happened):
            return False
        raise_alarm(
            connection,
            Alarm(
                "campaign_paused",
                subject_of(campaign),
                now,
                f"{happened}, so it is paused",
                f"look at `mailer campaign deliveries {campaign_id} --state withheld`, then"
                f" `mailer campaign resume {campaign_id}` or cancel it",
            ),
        )
    return True


def run_again(connection: Connection, campaign: Campaign, now: datetime) -> None:
    """Let a finished campaign run again, because letters of it were queued again."""
    if campaign.state is _S.FINISHED:
        store.change_state(connection, campaign.id, _S.RUNNING, now)


def _refused(campaign: Campaign, done: str) -> RefusedError:
    return RefusedError(
        f"campaign {campaign.id} ({campaign.name}) is {campaign.state}: it cannot be {done}"
    )
