"""Whom a segment's rule picks, and what a rule knows about a person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select, true

from mailer.model.evaluate import Facts
from mailer.model.person import Person
from mailer.model.rule import Rule
from mailer.store.eventtables import EventRow
from mailer.store.segments import arrived, condition, stands
from mailer.store.stored import contact
from mailer.store.tables import CampaignRow, DeliveryRow, SubscriptionRow, table

_subscription = table(SubscriptionRow)
_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_event = table(EventRow)

_SLICE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked, and when.

    Args:
        list_id: Only those whose subscription to this list stands; None for everyone.
        zone: The zone that counts where a contact's own is missing or unknown.
        rehearsed: A rehearsal's letters count as received too.
    """

    list_id: str | None
    now: datetime
    zone: str = "UTC"
    rehearsed: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many were asked, and how many of them each rule picks."""

    asked: int
    picked: tuple[int, ...]


def count(connection: Connection, asked: Asked, rules: Sequence[Rule]) -> Count:
    """Count whom each of some rules picks, in one statement."""
    everyone = func.count()
    columns = [everyone.filter(_picked(connection, asked, rule)) for rule in rules]
    statement = select(everyone, *columns).select_from(_people(asked)).where(_stands(asked))
    total, *picked = connection.execute(statement).one()
    return Count(total, tuple(picked))


def first(
    connection: Connection, asked: Asked, rule: Rule | None, limit: int
) -> list[Facts]:
    """Return what is known about the first people whom a rule picks, in order of id.

    Args:
        rule: None for everyone who was asked.
    """
    statement = (
        select(contact.c.id)
        .select_from(_people(asked))
        .where(_stands(asked), _picked(connection, asked, rule))
        .order_by(contact.c.id)
        .limit(limit)
    )
    ids = connection.execute(statement).scalars().all()
    known = facts(connection, ids, asked.now, asked.zone, rehearsed=asked.rehearsed)
    return [known[contact_id] for contact_id in ids if contact_id in known]


def campaign_names(connection: Connection) -> frozenset[str]:
    """Return the names of all campaigns that there ever were."""
    return frozenset(connection.execute(select(_campaign.c.name).distinct()).scalars())


def facts(
    connection: Connection,
    contact_ids: Iterable[int],
    now: datetime,
    zone: str = "UTC",
    *,
    rehearsed: bool = False,
) -> dict[int, Facts]:
    """Return what rules know about some contacts; who is not there any more is left out."""
    ids = list(contact_ids)
    known: dict[int, Facts] = {}
    for start in range(0, len(ids), _SLICE):
        asked = Asked(None, now, zone, rehearsed)
        known.update(_slice_of_facts(connection, ids[start : start + _SLICE], asked))
    return known


def _people(asked: Asked) -> FromClause:
    if asked.list_id is None:
        return contact
    return _subscription.join(contact, contact.c.id == _subscription.c.contact_id)


def _stands(asked: Asked) -> ColumnElement[bool]:
    if asked.list_id is None:
        return true()
    return and_(_subscription.c.list_id == asked.list_id, stands(asked.now))


def _picked(connection: Connection, asked: Asked, rule: Rule | None) -> ColumnElement[bool]:
    if rule is None:
        return true()
    dialect = connection.dialect
    return condition(rule, asked.now, dialect, asked.zone, rehearsed=asked.rehearsed)


def _slice_of_facts(
    connection: Connection, ids: Sequence[int], asked: Asked
) -> dict[int, Facts]:
    memberships = _memberships(connection, ids, asked.now)
    received = _received(connection, ids, rehearsed=asked.rehearsed)
    engaged = _engaged(connection, ids)
    rows = connection.execute(select(contact).where(contact.c.id.in_(ids)))
    return {
        row.id: Facts(
            Person(row.id, row.address, row.attributes, row.language, row.time_zone),
            row.created_at,
            asked.now,
            memberships.get(row.id, {}),
            received.get(row.id, {}),
            asked.zone,
            engaged.get(row.id),
        )
        for row in rows
    }


def _memberships(
    connection: Connection, ids: Sequence[int], now: datetime
) -> dict[int, dict[str, datetime]]:
    columns = _subscription.c
    rows = connection.execute(
        select(columns.contact_id, columns.list_id, columns.since_at).where(
            columns.contact_id.in_(ids), stands(now)
        )
    )
    found: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for contact_id, list_id, since in rows:
        found[contact_id][list_id] = since
    return found


def _engaged(connection: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    rows = connection.execute(
        select(_event.c.contact_id, func.max(_event.c.at))
        .where(_event.c.contact_id.in_(ids))
        .group_by(_event.c.contact_id)
    )
    return {row[0]: row[1] for row in rows}


def _received(
    connection: Connection, ids: Sequence[int], *, rehearsed: bool
) -> dict[int, dict[str, datetime]]:
    columns = _delivery.c
    rows = connection.execute(
        select(columns.contact_id, _campaign.c.name, func.max(columns.left_at))
        .select_from(_delivery.join(_campaign, _campaign.c.id == columns.cause_id))
        .where(columns.contact_id.in_(ids), arrived(rehearsed=rehearsed))
        .group_by(columns.contact_id, _campaign.c.name)
    )
    found: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for contact_id, name, left_at in rows:
        found[contact_id][name] = left_at
    return found
