"""Who would get a campaign, and why others on its list would not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Label,
    Select,
    Text,
    bindparam,
    case,
    false,
    func,
    select,
)

from mailer.model.contact import Contact
from mailer.model.kind import KINDS
from mailer.model.ruletext import clauses
from mailer.store.audience import (
    CONFIRMED,
    EXPIRED,
    OLD_WORDS,
    SUBSCRIBED,
    Audience,
    bounds,
    contact,
    excluded,
    gets_it_by,
    is_missing,
    lacks,
    other_topics,
    people,
    picked_first,
    stopped,
    subscription,
    who_is_stopped,
    word,
)
from mailer.store.contacts import get_contacts
from mailer.store.topics import who_chose_others

_FIRST_SHOWN = 20
_ROWS_AT_A_TIME = 5_000

GETS_IT = "gets_it"
LACKS = "lacks"
CLAUSE = "clause"
EXCLUDED = "excluded"
EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Lacking:
    """Somebody in the audience for whom a value is missing."""

    contact_id: int
    address: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Those on a list for whom the same thing decided whether they get a letter.

    Args:
        reason: `gets_it`, a subscription's status, `expired`, `old_words`, `suppressed`,
            `topics` (chose others), `earlier` (gets it by an earlier list), `excluded`,
            `clause` or `lacks`.
        words: The clause of the rule for `clause`, what excludes them for `excluded`.
        first: The addresses of the first of them.
        name: The list, or its segment, that was asked for them.
    """

    reason: str
    words: str
    count: int
    first: tuple[str, ...]
    name: str = ""


def lacking(
    connection: Connection, audience: Audience, now: datetime
) -> tuple[int, tuple[Lacking, ...]]:
    """Ask a whole audience for the values that the template needs, in one query.

    Returns:
        How many people lack one, and the first 20 of them with what they lack.
    """
    if not audience.needs:
        return 0, ()
    dialect = connection.dialect
    each: list[Label[Any]] = [
        is_missing(name, audience, dialect).label(f"lacks_{place}")
        for place, name in enumerate(audience.needs)
    ]
    everyone = func.count().over().label("everyone")
    found = (
        people(contact.c.id, contact.c.address, everyone, *each)
        .where(picked_first(audience, dialect), lacks(audience, dialect))
        .order_by(contact.c.id)
        .limit(_FIRST_SHOWN)
    )
    rows = connection.execute(found, bounds(connection, audience, now)).all()
    if not rows:
        return 0, ()
    names = [name.name for name in audience.needs]
    return rows[0].everyone, tuple(
        Lacking(
            row.id,
            row.address,
            tuple(
                name for place, name in enumerate(names) if getattr(row, f"lacks_{place}")
            ),
        )
        for row in rows
    )


def lacking_by_name(
    connection: Connection, audience: Audience, now: datetime
) -> tuple[int, dict[str, int]]:
    """Count the audience, and how many of it lack each value that the template needs."""
    dialect = connection.dialect
    each = [
        func.sum(case((is_missing(name, audience, dialect), 1), else_=0)).label(
            f"lacks_{place}"
        )
        for place, name in enumerate(audience.needs)
    ]
    found = people(func.count().label("everyone"), *each).where(
        picked_first(audience, dialect)
    )
    row = connection.execute(found, bounds(connection, audience, now)).one()
    counts = {
        name.name: int(getattr(row, f"lacks_{place}") or 0)
        for place, name in enumerate(audience.needs)
    }
    return row.everyone, {name: count for name, count in counts.items() if count}


def first_people(
    connection: Connection, audience: Audience, now: datetime, limit: int
) -> list[Contact]:
    """Return the first of those who would get a letter."""
    dialect = connection.dialect
    found = people(contact.c.id).where(picked_first(audience, dialect))
    if audience.needs:
        found = found.where(~lacks(audience, dialect))
    found = found.order_by(contact.c.id).limit(limit)
    rows = connection.execute(found, bounds(connection, audience, now))
    return [*get_contacts(connection, [row.id for row in rows]).values()]


def how_many(connection: Connection, audience: Audience, now: datetime) -> int:
    """Count those who would get a letter."""
    dialect = connection.dialect
    found = people(func.count()).where(picked_first(audience, dialect))
    if audience.needs:
        found = found.where(~lacks(audience, dialect))
    return int(connection.execute(found, bounds(connection, audience, now)).scalar_one())


def addresses_on_list(connection: Connection, list_id: str, limit: int) -> list[str]:
    """Return the addresses of the first people who are on a list."""
    found = (
        select(contact.c.address)
        .join(subscription, subscription.c.contact_id == contact.c.id)
        .where(subscription.c.list_id == list_id, SUBSCRIBED)
        .order_by(contact.c.id)
        .limit(limit)
    )
    return [row.address for row in connection.execute(found)]


def groups(connection: Connection, audience: Audience, now: datetime) -> list[Group]:
    """Say of everyone on the list what decided whether they would get a letter.

    The first thing that holds somebody back is the reason: the subscription, then the
    suppression, the topics, an earlier list, what is excluded, then the clauses of the
    rule in their order, then a missing value.
    """
    texts = {
        CLAUSE: [text for text, _ in clauses(audience.rule)] if audience.rule else [],
        EXCLUDED: [one.name for one in audience.exclude],
        EARLIER: [one.name for one in audience.earlier],
    }
    values = bounds(connection, audience, now)
    each = _each(audience, connection.dialect).subquery()
    counted = select(each.c.reason, func.count()).group_by(each.c.reason)
    count = {str(one): int(many) for one, many in connection.execute(counted, values)}
    reason = _reason(
        audience, connection.dialect, stopped(audience.kind), other_topics(audience)
    ).label("reason")
    first = _first(connection, reason, values, count)
    addresses = _addresses(connection, [one for ids in first.values() for one in ids])
    found = [
        Group(
            *_reason_of(reason, texts),
            count[reason],
            tuple(addresses[one] for one in ids),
            audience.name,
        )
        # Of as many people: whose first came first.
        for reason, ids in sorted(first.items(), key=lambda one: one[1])
    ]
    return sorted(found, key=lambda group: (group.reason != GETS_IT, -group.count))


def _each(audience: Audience, dialect: Dialect) -> Select[Any]:
    """Select everybody's reason, for all of them at once.

    Suppressions and topics are joined: looked up for each person, they take PostgreSQL ten
    times as long.
    """
    stops = who_is_stopped(audience)
    is_stopped = stops.c.hash.is_not(None)
    if not KINDS[audience.kind].by_topic:
        reason = _reason(audience, dialect, is_stopped, false())
        everyone = people(reason.label("reason"))
        return everyone.outerjoin(stops, stops.c.hash == contact.c.hash)
    others = who_chose_others(bindparam("list", type_=Text()), audience.topics)
    reason = _reason(audience, dialect, is_stopped, others.c.contact_id.is_not(None))
    return (
        people(reason.label("reason"))
        .outerjoin(stops, stops.c.hash == contact.c.hash)
        .outerjoin(others, others.c.contact_id == contact.c.id)
    )


def _first(
    connection: Connection,
    reason: Label[str],
    values: dict[str, object],
    count: dict[str, int],
) -> dict[str, list[int]]:
    """Return the first contacts of each reason, in order.

    They are read in the order of an index, and no further than the last of them stands.
    """
    first: dict[str, list[int]] = {one: [] for one in count}
    missing = sum(min(_FIRST_SHOWN, many) for many in count.values())
    everyone = people(reason, contact.c.id).order_by(subscription.c.contact_id)
    streamed = {"yield_per": _ROWS_AT_A_TIME}
    with connection.execute(everyone, values, execution_options=streamed) as rows:
        for row in rows:
            found = first.setdefault(row.reason, [])
            if len(found) < _FIRST_SHOWN:
                found.append(row.id)
                missing -= 1
            if missing <= 0:
                break
    return first


def _addresses(connection: Connection, ids: list[int]) -> dict[int, str]:
    rows = connection.execute(
        select(contact.c.id, contact.c.address).where(contact.c.id.in_(ids))
    )
    return {row.id: row.address for row in rows}


def _reason_of(key: str, texts: dict[str, list[str]]) -> tuple[str, str]:
    reason, _, number = key.partition(":")
    return reason, texts[reason][int(number)] if number else ""


def _reason(
    audience: Audience,
    dialect: Dialect,
    is_stopped: ColumnElement[bool],
    chose_others: ColumnElement[bool],
) -> ColumnElement[str]:
    cases: list[tuple[ColumnElement[bool], Any]] = [(~CONFIRMED, subscription.c.status)]
    if KINDS[audience.kind].needs_subscription:
        cases = [
            (~SUBSCRIBED, subscription.c.status),
            (EXPIRED, word("expired")),
            (OLD_WORDS, word("old_words")),
        ]
    cases.append((is_stopped, word("suppressed")))
    cases.append((chose_others, word("topics")))
    cases += [
        (gets_it_by(one, dialect), word(f"{EARLIER}:{number}"))
        for number, one in enumerate(audience.earlier)
    ]
    cases += [
        (excluded(one, audience, dialect), word(f"{EXCLUDED}:{number}"))
        for number, one in enumerate(audience.exclude)
    ]
    if audience.rule is not None:
        cases += [
            (~audience.asks(clause, dialect), word(f"{CLAUSE}:{number}"))
            for number, (_, clause) in enumerate(clauses(audience.rule))
        ]
    if audience.needs:
        cases.append((lacks(audience, dialect), word(LACKS)))
    return case(*cases, else_=word(GETS_IT))
