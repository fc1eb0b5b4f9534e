"""The links of campaigns that are counted, and how often each was followed, by nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from mailer.model.token import Link
from mailer.store.inserting import inserting
from mailer.store.tables import CampaignLinkRow, LinkClicksRow, table

_link = table(CampaignLinkRow)
_clicks = table(LinkClicksRow)


@dataclass(frozen=True, slots=True)
class CountedLink:
    """A link of a campaign.

    Args:
        variant: The language of the letters that it stands in, as a tag.
    """

    number: int
    variant: str
    url: str


@dataclass(frozen=True, slots=True)
class Followed:
    """How often a link was followed in one hour."""

    number: int
    hour_at: datetime
    people: int
    machines: int


def keep_links(
    connection: Connection, campaign_id: int, links: Sequence[tuple[str, str]]
) -> None:
    """Write down the links of a campaign; each is known by its place among them.

    Args:
        links: Variant and address, each once.
    """
    rows = [
        {"campaign_id": campaign_id, "number": number, "variant": variant, "url": url}
        for number, (variant, url) in enumerate(links)
    ]
    if rows:
        connection.execute(insert(_link), rows)


def links_of(connection: Connection, campaign_id: int) -> list[CountedLink]:
    """Return the counted links of a campaign, in their order."""
    rows = connection.execute(
        select(_link).where(_link.c.campaign_id == campaign_id).order_by(_link.c.number)
    )
    return [CountedLink(row.number, row.variant, row.url) for row in rows]


def count_clicks(
    connection: Connection, counts: Mapping[tuple[Link, datetime], tuple[int, int]]
) -> None:
    """Add clicks, of people and of machines, to what was counted in some hours."""
    statement = inserting(connection, _clicks)
    # In one order, so that two programs never wait for each other in a circle.
    rows = [
        {
            "campaign_id": link.campaign_id,
            "number": link.number,
            "hour_at": hour_at,
            "people": people,
            "machines": machines,
        }
        for (link, hour_at), (people, machines) in sorted(counts.items())
    ]
    if rows:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["campaign_id", "number", "hour_at"],
                set_={
                    "people": _clicks.c.people + statement.excluded.people,
                    "machines": _clicks.c.machines + statement.excluded.machines,
                },
            ),
            rows,
        )


def followed(connection: Connection, campaign_id: int) -> list[Followed]:
    """Return how often a campaign's links were followed, hour by hour."""
    rows = connection.execute(
        select(_clicks)
        .where(_clicks.c.campaign_id == campaign_id)
        .order_by(_clicks.c.hour_at, _clicks.c.number)
    )
    return [Followed(row.number, row.hour_at, row.people, row.machines) for row in rows]


def clicks_of_all(connection: Connection, campaign_ids: Sequence[int]) -> dict[int, int]:
    """Return how often people followed links of some campaigns."""
    rows = connection.execute(
        select(_clicks.c.campaign_id, func.sum(_clicks.c.people))
        .where(_clicks.c.campaign_id.in_(list(campaign_ids)))
        .group_by(_clicks.c.campaign_id)
    )
    return {row[0]: int(row[1]) for row in rows}
