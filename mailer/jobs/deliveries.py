"""What a person does with a campaign's deliveries: list them, try again, settle doubts."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.campaigns import find, run_again
from mailer.jobs.rehearsals import require_mode
from mailer.jobs.slices import Slicer
from mailer.jobs.world import World
from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import TRANSITIONS, DeliveryState
from mailer.store import settling
from mailer.store.campaigns import lock_campaign
from mailer.store.database import Connection, Database
from mailer.store.deliveries import DeliveryView, deliveries_of, find_delivery, ids_of
from mailer.store.settling import Again

_IN_DOUBT = frozenset({DeliveryState.IN_DOUBT})

Step = Callable[[Connection, Sequence[int], Again], int]


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of moving deliveries.

    Args:
        found: How many were in the states asked for.
        moved: How many were moved, or would be. The others may not be written to any more,
            and stay as they are.
    """

    found: int
    moved: int


def listed(
    database: Database, campaign_id: int, states: Sequence[DeliveryState] = ()
) -> Generator[DeliveryView, None, None]:
    """List a campaign's deliveries, one after the other.

    Args:
        states: Only those in one of these; none means all.

    Raises:
        NotFoundError: when there is no campaign of that number.
    """
    find(database, campaign_id)
    return deliveries_of(database, campaign_id, states)


def retry(
    world: World,
    campaign_id: int,
    states: frozenset[DeliveryState],
    *,
    dry_run: bool,
    slicer: Slicer | None = None,
) -> Moved:
    """Queue refused or expired letters again; they are tried as long as new ones.

    Who left or is suppressed meanwhile is not queued.

    Raises:
        NotFoundError: when there is no campaign of that number.
        RefusedError: when letters in these states are not tried again, or the campaign is
            cancelled or over.
    """
    campaign = find(world.database, campaign_id)
    if wrong := sorted(states - settling.RETRIED):
        raise RefusedError(
            f"letters that are {wrong[0]} are not tried again; only"
            f" {' and '.join(sorted(settling.RETRIED))} ones are (`mailer campaign resolve`"
            " settles what is in doubt)"
        )
    require_mode(world, campaign)
    _require_sending(world, campaign)
    pages = ids_of(world.database, campaign_id, states)
    if dry_run:
        return _counted(world, pages, states)

    def step(connection: Connection, ids: Sequence[int], again: Again) -> int:
        return settling.retry(connection, ids, states, again, world.clock())

    return _moved(world, campaign, pages, step, slicer)


def resolve(
    world: World,
    campaign_id: int,
    after: DeliveryState,
    *,
    delivery_id: int | None,
    dry_run: bool,
    slicer: Slicer | None = None,
) -> Moved:
    """Settle what is in doubt: it was accepted, it was refused, or it is sent again.

    Args:
        after: accepted, refused, or queued to send it again under the same Message-ID.
        delivery_id: Only this one; None for all of the campaign.

    Raises:
        NotFoundError: when there is no such campaign or delivery.
        RefusedError: when the delivery is not in doubt, or the campaign is cancelled or
            over and letters would be sent again.
    """
    assert after in TRANSITIONS[DeliveryState.IN_DOUBT]
    campaign = find(world.database, campaign_id)
    sends = after is DeliveryState.QUEUED
    if sends:
        require_mode(world, campaign)
        _require_sending(world, campaign)
    if delivery_id is None:
        pages: Iterable[Sequence[int]] = ids_of(world.database, campaign_id, _IN_DOUBT)
    else:
        pages = [[_doubted(world.database, campaign_id, delivery_id)]]
    if dry_run:
        found = _counted(world, pages, _IN_DOUBT)
        return found if sends else Moved(found.found, found.found)

    def step(connection: Connection, ids: Sequence[int], again: Again) -> int:
        return settling.resolve(connection, ids, after, again, world.clock())

    return _moved(world, campaign, pages, step, slicer, wakes=sends)


def _doubted(database: Database, campaign_id: int, delivery_id: int) -> int:
    with database.read() as connection:
        found = find_delivery(connection, campaign_id, delivery_id)
    if found is None:
        raise NotFoundError(
            f"campaign {campaign_id} has no delivery {delivery_id};"
            f" `mailer campaign deliveries {campaign_id}` lists them"
        )
    if found.state is not DeliveryState.IN_DOUBT:
        raise RefusedError(f"delivery {delivery_id} is {found.state}, not in doubt")
    return delivery_id


def _require_sending(world: World, campaign: Campaign) -> None:
    if campaign.state is CampaignState.CANCELLED:
        raise RefusedError(
            f"campaign {campaign.id} is cancelled: none of its letters is sent any more"
        )
    if campaign.valid_until is not None and campaign.valid_until <= world.clock():
        raise RefusedError(
            f"campaign {campaign.id} was worth sending until"
            f" {campaign.valid_until:%Y-%m-%d %H:%M} UTC: start a new one"
        )


def _counted(
    world: World, pages: Iterable[Sequence[int]], states: frozenset[DeliveryState]
) -> Moved:
    found = allowed = 0
    now = world.clock()
    for ids in pages:
        found += len(ids)
        with world.database.read() as connection:
            allowed += settling.count_allowed(connection, ids, states, now)
    return Moved(found, allowed)


def _moved(
    world: World,
    campaign: Campaign,
    pages: Iterable[Sequence[int]],
    step: Step,
    slicer: Slicer | None,
    *,
    wakes: bool = True,
) -> Moved:
    slicer = slicer or Slicer(world.database)
    found = moved = 0
    for page in pages:
        found += len(page)
        for ids in slicer.slices(page):
            now = world.clock()
            give_up_at = campaign.valid_until or now + world.give_up_after
            with slicer.turn() as connection:
                # It may finish, or be cancelled, between two slices.
                locked = lock_campaign(connection, campaign.id)
                assert locked is not None
                if wakes:
                    _require_sending(world, locked)
                changed = step(connection, ids, Again(now, give_up_at))
                if changed and wakes:
                    run_again(connection, locked, now)
            moved += changed
    return Moved(found, moved)
