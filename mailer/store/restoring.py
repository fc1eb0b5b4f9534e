"""What is done to a database that was brought back from a backup.

What happened since the backup is not on record in it. So numbers that may have been given
since are passed by, and letters that waited may have left.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from mailer.store.tables import CampaignRow, Instant, from_instant, table, to_instant

_campaign = table(CampaignRow)


def campaign_facts(connection: Connection, campaign_id: int) -> dict[str, Any]:
    """Return a campaign's row as JSON values, as `bring_back_campaign` takes them."""
    row = connection.execute(
        select(_campaign).where(_campaign.c.id == campaign_id)
    ).mappings()
    return {
        column.name: (
            to_instant(value)
            if isinstance(column.type, Instant) and value is not None
            else value
        )
        for one in row
        for column in _campaign.c
        for value in (one[column.name],)
    }


def bring_back_campaign(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Write a campaign's row again under its own number."""
    values = {
        column.name: (
            from_instant(value)
            if isinstance(column.type, Instant) and value is not None
            else value
        )
        for column in _campaign.c
        if column.name in facts
        for value in (facts[column.name],)
    }
    connection.execute(insert(_campaign).values(**values))
