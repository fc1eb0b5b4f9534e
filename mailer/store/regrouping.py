"""Letters that wait among those of unknown providers, though theirs is known by now."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from mailer.model.campaign import CampaignState
from mailer.model.provider import OTHER
from mailer.store.due import DUE, OF_A_CAMPAIGN, QUEUED
from mailer.store.maildomains import provider_of
from mailer.store.tables import CampaignRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_WITH_WORK = (CampaignState.PLANNING, CampaignState.RUNNING, CampaignState.PAUSED)


def ungrouped(connection: Connection) -> dict[str, list[int]]:
    """Return the ids of queued letters of campaigns whose provider was learnt, by its name.

    It reads all letters that are queued for nobody who is known by name.
    """
    learnt = provider_of(DUE.c.address, connection.dialect).label("learnt")
    each = (
        select(DUE.c.id, learnt)
        .select_from(_campaign)
        .join(DUE, DUE.c.cause_id == _campaign.c.id)
        .where(
            _campaign.c.state.in_(_WITH_WORK),
            QUEUED,
            OF_A_CAMPAIGN,
            DUE.c.provider == OTHER,
        )
        .subquery()
    )
    found: dict[str, list[int]] = {}
    rows = connection.execute(select(each).where(each.c.learnt != OTHER))
    for number, name in rows:
        found.setdefault(name, []).append(number)
    return {name: sorted(ids) for name, ids in found.items()}


def regroup(connection: Connection, provider: str, ids: Sequence[int]) -> int:
    """Group letters with their provider's, where they wait still; return how many.

    What another program has in hand at this moment is left for the next time.
    """
    waiting = (
        select(DUE.c.id)
        .where(DUE.c.id.in_(ids), QUEUED, OF_A_CAMPAIGN, DUE.c.provider == OTHER)
        .order_by(DUE.c.id)
        .with_for_update(skip_locked=True)
    )
    changed = connection.execute(
        update(_delivery).where(_delivery.c.id.in_(waiting)).values(provider=provider)
    )
    return changed.rowcount
