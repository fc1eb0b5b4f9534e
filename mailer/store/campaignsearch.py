"""Finding campaigns: by their name, by the lists that they go to, by what they follow."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, true

from mailer.model.campaign import Campaign
from mailer.store.campaigns import campaign_of
from mailer.store.tables import CampaignListRow, CampaignRow, table

_campaign = table(CampaignRow)
_also = table(CampaignListRow)


def to_lists(list_ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a campaign goes to one of some lists."""
    beside = select(_also.c.campaign_id).where(_also.c.list_id.in_(list_ids))
    return or_(_campaign.c.list_id.in_(list_ids), _campaign.c.id.in_(beside))


def same_since(
    connection: Connection,
    template: str,
    list_ids: Collection[str],
    since: datetime,
    *,
    rehearsed: bool = False,
) -> Campaign | None:
    """Return the latest campaign of a template to one of some lists, if any.

    Args:
        rehearsed: Rehearsals count too; nothing of them has reached anybody.
    """
    row = connection.execute(
        select(_campaign)
        .where(
            _campaign.c.template == template,
            to_lists(list_ids),
            _campaign.c.created_at > since,
            true() if rehearsed else _campaign.c.rehearsal.is_(False),
        )
        .order_by(_campaign.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else campaign_of(row)


def campaigns_called(connection: Connection, name: str) -> list[int]:
    """Return the numbers of all campaigns of a name."""
    found = select(_campaign.c.id).where(_campaign.c.name == name)
    return list(connection.execute(found.order_by(_campaign.c.id)).scalars())


def followers(connection: Connection, campaign_id: int) -> list[Campaign]:
    """Return the campaigns that followed one, for those who had no letter of it."""
    rows = connection.execute(
        select(_campaign).where(_campaign.c.follows == campaign_id).order_by(_campaign.c.id)
    )
    return [campaign_of(row) for row in rows]
