"""Which topics people chose, by list, and what campaigns are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Subquery,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)

from mailer.store.choicetables import CampaignTopicRow, TopicChoiceRow
from mailer.store.tables import DeliveryRow, SubscriptionRow, table

_chosen = table(TopicChoiceRow)
_about = table(CampaignTopicRow)
_delivery = table(DeliveryRow)
_subscription = table(SubscriptionRow)
_ONE: ColumnElement[int] = literal_column("1", Integer())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose of a list's topics, and when."""

    topics: frozenset[str]
    at: datetime


def topics_chosen(connection: Connection, contact_id: int) -> dict[str, Chosen]:
    """Return which topics a person chose, by list; a list of all topics is not there."""
    rows = connection.execute(
        select(_chosen.c.list_id, _chosen.c.topic, _chosen.c.chosen_at).where(
            _chosen.c.contact_id == contact_id
        )
    )
    found: dict[str, Chosen] = {}
    for row in rows:
        before = found.get(row.list_id)
        topics = before.topics if before else frozenset[str]()
        found[row.list_id] = Chosen(topics | {row.topic}, row.chosen_at)
    return found


def choose_topics(
    connection: Connection,
    contact_id: int,
    list_id: str,
    topics: Sequence[str],
    now: datetime,
) -> None:
    """Write down which topics of a list a person chose, instead of those before.

    Args:
        topics: None for all there are.
    """
    # Letters to her that are about to leave hold this lock: they are gone when the choice
    # is made, and all others see it.
    connection.execute(
        select(_subscription.c.contact_id)
        .where(_subscription.c.contact_id == contact_id)
        .order_by(_subscription.c.list_id)
        .with_for_update()
    )
    hers = (_chosen.c.contact_id == contact_id) & (_chosen.c.list_id == list_id)
    connection.execute(delete(_chosen).where(hers))
    rows = [
        {"contact_id": contact_id, "list_id": list_id, "topic": topic, "chosen_at": now}
        for topic in sorted({*topics})
    ]
    if rows:
        connection.execute(insert(_chosen), rows)


def forget_topics(connection: Connection, contact_id: int) -> None:
    """Delete which topics a person chose."""
    connection.execute(delete(_chosen).where(_chosen.c.contact_id == contact_id))


def keep_topics(connection: Connection, campaign_id: int, topics: Sequence[str]) -> None:
    """Write down what a campaign is about."""
    rows = [{"campaign_id": campaign_id, "topic": topic} for topic in sorted({*topics})]
    if rows:
        connection.execute(insert(_about), rows)


def chose_others(
    contact_id: ColumnElement[int], list_id: ColumnElement[str], topics: Sequence[str]
) -> ColumnElement[bool]:
    """Say of a row whether its person chose topics of the list, and none of these."""
    hers = (_chosen.c.contact_id == contact_id) & (_chosen.c.list_id == list_id)
    some = exists(select(_ONE).select_from(_chosen).where(hers).correlate_except(_chosen))
    if not topics:
        return some
    matching = exists(
        select(_ONE)
        .select_from(_chosen)
        .where(hers, _chosen.c.topic.in_([*topics]))
        .correlate_except(_chosen)
    )
    return some & ~matching


def who_chose_others(list_id: ColumnElement[str], topics: Sequence[str]) -> Subquery:
    """Select the people who chose topics of a list, and none of these."""
    found = (
        select(_chosen.c.contact_id)
        .where(_chosen.c.list_id == list_id)
        .group_by(_chosen.c.contact_id)
    )
    if topics:
        about = case((_chosen.c.topic.in_([*topics]), 1), else_=0)
        found = found.having(func.sum(about) == 0)
    return found.subquery("chose_others")


def about_hers() -> ColumnElement[bool]:
    """Say of a delivery whether its person chose no topics, or it is about one of them."""
    hers = (_chosen.c.contact_id == _delivery.c.contact_id) & (
        _chosen.c.list_id == _delivery.c.list_id
    )
    about = exists(
        select(_ONE)
        .where(
            literal_column("delivery.cause_kind = 'campaign'"),
            _about.c.campaign_id == _delivery.c.cause_id,
            _about.c.topic == _chosen.c.topic,
        )
        .correlate(_delivery, _chosen)
    )
    return or_(
        ~exists(select(_ONE).where(hers).correlate(_delivery)),
        exists(select(_ONE).where(hers, about).correlate(_delivery)),
    )
