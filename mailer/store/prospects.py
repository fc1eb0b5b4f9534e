"""Who would get a campaign, and why others on its list would not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Label, case, func, select

from mailer.model.ruletext import clauses
from mailer.store.audience import (
    EXPIRED,
    OLD_WORDS,
    SUBSCRIBED,
    Audience,
    contact,
    is_missing,
    lacks,
    people,
    picked,
    stopped,
    subscription,
    word,
)
from mailer.store.segments import condition

_FIRST_SHOWN = 20

GETS_IT = "gets_it"
LACKS = "lacks"
CLAUSE = "clause"


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
            `clause` or `lacks`.
        words: The clause of the rule, for `clause`.
        first: The addresses of the first of them.
    """

    reason: str
    words: str
    count: int
    first: tuple[str, ...]


def _bounds(connection: Connection, audience: Audience, now: datetime) -> dict[str, Any]:
    up_to = audience.up_to
    if up_to is None:
        newest = select(func.coalesce(func.max(contact.c.id), 0))
        up_to = connection.execute(newest).scalar_one()
    return {
        "list": audience.list_id,
        "words_floor": audience.words_floor,
        "last": 0,
        "up_to": up_to,
        "now": now,
    }


def lacking(
    connection: Connection, audience: Audience, now: datetime
) -> tuple[int, tuple[Lacking, ...]]:
    """Ask the whole audience for the values that the template needs, in one query.

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
        .where(picked(audience, dialect), lacks(audience, dialect))
        .order_by(contact.c.id)
        .limit(_FIRST_SHOWN)
    )
    rows = connection.execute(found, _bounds(connection, audience, now)).all()
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


def groups(connection: Connection, audience: Audience, now: datetime) -> list[Group]:
    """Say of everyone on the list what decided whether they would get a letter.

    The first thing that holds somebody back is the reason: the subscription, then the
    suppression, then the clauses of the rule in their order, then a missing value.
    """
    texts = [text for text, _ in clauses(audience.rule)] if audience.rule else []
    grouped = people(
        _reason(audience, connection.dialect).label("reason"),
        contact.c.id,
        contact.c.address,
    ).subquery()
    place = (
        func.row_number()
        .over(partition_by=grouped.c.reason, order_by=grouped.c.id)
        .label("place")
    )
    count = func.count().over(partition_by=grouped.c.reason).label("count")
    numbered = select(grouped.c.reason, grouped.c.address, place, count).subquery()
    shown = (
        select(numbered)
        .where(numbered.c.place <= _FIRST_SHOWN)
        .order_by(numbered.c.reason, numbered.c.place)
    )
    found: dict[str, list[Any]] = {}
    for row in connection.execute(shown, _bounds(connection, audience, now)):
        found.setdefault(row.reason, []).append(row)
    return sorted(
        (_group(reason, rows, texts) for reason, rows in found.items()),
        key=lambda group: (group.reason != GETS_IT, -group.count),
    )


def _group(key: str, rows: list[Any], texts: list[str]) -> Group:
    reason, _, number = key.partition(":")
    words = texts[int(number)] if number else ""
    return Group(reason, words, rows[0].count, tuple(row.address for row in rows))


def _reason(audience: Audience, dialect: Dialect) -> ColumnElement[str]:
    cases: list[tuple[ColumnElement[bool], Any]] = [
        (~SUBSCRIBED, subscription.c.status),
        (EXPIRED, word("expired")),
        (OLD_WORDS, word("old_words")),
        (stopped(audience.kind), word("suppressed")),
    ]
    if audience.rule is not None:
        cases += [
            (
                ~condition(clause, audience.at, dialect, audience.zone),
                word(f"{CLAUSE}:{number}"),
            )
            for number, (_, clause) in enumerate(clauses(audience.rule))
        ]
    if audience.needs:
        cases.append((lacks(audience, dialect), word(LACKS)))
    return case(*cases, else_=word(GETS_IT))
