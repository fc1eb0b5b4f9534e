"""Who gets a campaign: asked as counts before the start, and written down slice by slice.

The audience is everyone who is subscribed to the list under words in force and unexpired,
is not suppressed, and whom the rule picks, among the contacts that there were at the start.
The deliveries come straight out of that query (INSERT … SELECT), so that a million of them
cost no row of Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Label,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from mailer.model.consent import SubscriptionStatus
from mailer.model.delivery import Withheld
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.rule import Known, Name, Rule
from mailer.model.ruletext import clauses
from mailer.store.segments import condition
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    Instant,
    SubscriptionRow,
    SuppressionRow,
    table,
)

_contact = table(ContactRow)
_subscription = table(SubscriptionRow)
_suppression = table(SuppressionRow)
_delivery = table(DeliveryRow)

_NOW = bindparam("now", type_=Instant())
_FIRST_SHOWN = 20


def _word(word: str) -> ColumnElement[str]:
    """Write one of our own words literally into a statement."""
    return literal_column(f"'{word}'", Text)


_ONE: ColumnElement[int] = literal_column("1")

GETS_IT = "gets_it"
LACKS = "lacks"
CLAUSE = "clause"


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a campaign is for.

    Args:
        words_floor: The lowest version of the list's words that is in force.
        rule: The segment's rule; None for everyone on the list.
        needs: The values that the template uses without a fallback.
        at: The moment at which the rule's words about time are read.
        up_to: The last contact that there was at the start; None for whoever is there now.
        zone: The zone that counts where a contact's own is missing or unknown.
    """

    list_id: str
    words_floor: int
    kind: Kind
    rule: Rule | None
    needs: tuple[Name, ...]
    at: datetime
    up_to: int | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Order:
    """What the deliveries of a campaign have in common."""

    campaign_id: int
    due_at: datetime
    give_up_at: datetime


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


def _stopped(kind: Kind) -> ColumnElement[bool]:
    """A suppression in force whose scope stops this kind of letter."""
    scopes: list[ColumnElement[str]] = [
        _word("list:") + _subscription.c.list_id
        if scope is Scope.LIST
        else _word(scope.value)
        for scope in sorted(KINDS[kind].stopped_by)
    ]
    return exists(
        select(_ONE).where(
            _suppression.c.hash == _contact.c.hash,
            _suppression.c.scope.in_(scopes),
            or_(_suppression.c.until_at.is_(None), _suppression.c.until_at > _NOW),
        )
    )


_EXPIRED = _subscription.c.expires_at <= _NOW
_OLD_WORDS = _subscription.c.wording < bindparam("words_floor", type_=BigInteger())
_SUBSCRIBED = _subscription.c.status == _word(SubscriptionStatus.SUBSCRIBED.value)


def _may_write(kind: Kind) -> ColumnElement[bool]:
    return (
        _SUBSCRIBED
        & or_(_subscription.c.expires_at.is_(None), _subscription.c.expires_at > _NOW)
        & ~_OLD_WORDS
        & ~_stopped(kind)
    )


def _lacks(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    return or_(*(_is_missing(name, audience, dialect) for name in audience.needs))


def _is_missing(name: Name, audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    return ~condition(Known(name), audience.at, dialect, audience.zone)


def _picked(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Whom the letters are for, among those who ever were on the list."""
    may_write = _may_write(audience.kind)
    if audience.rule is None:
        return may_write
    return may_write & condition(audience.rule, audience.at, dialect, audience.zone)


def _people(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select from those who ever were on the list, up to the last contact of the audience.

    Both sides are bounded, whichever of them the database begins with (PostgreSQL does not
    carry a bound from one column over to another that is equal).
    """
    return (
        select(*columns)
        .select_from(
            _subscription.join(_contact, _contact.c.id == _subscription.c.contact_id)
        )
        .where(
            _subscription.c.list_id == bindparam("list"),
            _subscription.c.contact_id > bindparam("last"),
            _subscription.c.contact_id <= bindparam("up_to"),
            _contact.c.id > bindparam("last"),
            _contact.c.id <= bindparam("up_to"),
        )
    )


def newest_contact(connection: Connection) -> int:
    """Return the last contact that there is, 0 for none."""
    return int(
        connection.execute(select(func.coalesce(func.max(_contact.c.id), 0))).scalar_one()
    )


class Planning:
    """The statements that write one campaign's deliveries, built once for it."""

    def __init__(self, connection: Connection, audience: Audience, order: Order) -> None:
        self._audience = audience
        self._values: Mapping[str, Any] = {
            "list": audience.list_id,
            "words_floor": audience.words_floor,
            "due": order.due_at,
            "give_up": order.give_up_at,
        }
        self._bound = (
            select(_subscription.c.contact_id)
            .where(
                _subscription.c.list_id == bindparam("list"),
                _subscription.c.contact_id > bindparam("last"),
                _subscription.c.contact_id <= bindparam("up_to"),
            )
            .order_by(_subscription.c.contact_id)
            .offset(bindparam("size"))
            .limit(1)
        )
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        columns = _columns(audience, order.campaign_id, connection.dialect)
        people = _people(*(one.label(name) for name, one in columns.items()))
        self.statement = (
            insert(_delivery)
            .from_select(
                list(columns),
                people.where(_picked(audience, connection.dialect)).order_by(
                    _subscription.c.contact_id
                ),
            )
            .on_conflict_do_nothing()
            # Without this SQLAlchemy does not keep the count of an INSERT on PostgreSQL.
            .execution_options(preserve_rowcount=True)
        )

    def bound(self, connection: Connection, last: int, up_to: int, size: int) -> int:
        """Return the contact at which a slice of so many subscriptions ends."""
        values = {
            "list": self._audience.list_id,
            "last": last,
            "up_to": up_to,
            "size": size - 1,
        }
        found = connection.execute(self._bound, values).scalar()
        return up_to if found is None else int(found)

    def values(self, last: int, up_to: int, now: datetime) -> dict[str, Any]:
        """Return what the statement binds for one slice."""
        return {**self._values, "last": last, "up_to": up_to, "now": now}

    def write_slice(
        self, connection: Connection, last: int, up_to: int, now: datetime
    ) -> int:
        """Write the deliveries of the contacts after `last` up to `up_to`.

        Whoever has one of this campaign already does not get another.

        Returns:
            How many were written.
        """
        return connection.execute(self.statement, self.values(last, up_to, now)).rowcount


def _columns(
    audience: Audience, campaign_id: int, dialect: Dialect
) -> dict[str, ColumnElement[Any]]:
    """Return what stands in each column of a delivery that is written."""
    rule = KINDS[audience.kind]
    state: ColumnElement[Any] = _word("queued")
    reason: ColumnElement[Any] = null()
    ended: ColumnElement[Any] = null()
    if audience.needs:
        lacks = _lacks(audience, dialect)
        state = case((lacks, _word("withheld")), else_=state)
        reason = case((lacks, _word(Withheld.CANNOT_COMPOSE.value)))
        ended = case((lacks, _NOW))
    return {
        "cause_kind": _word("campaign"),
        "cause_id": literal_column(str(campaign_id)),
        "kind": _word(audience.kind.value),
        "lane": literal_column(str(rule.lane.value)),
        "contact_id": _contact.c.id,
        "hash": _contact.c.hash,
        "address": _contact.c.address,
        "list_id": _subscription.c.list_id,
        "state": state,
        "reason": reason,
        "ended_at": ended,
        "attempt": literal_column("0"),
        "deferrals": literal_column("0"),
        "due_at": bindparam("due", type_=Instant()),
        "give_up_at": bindparam("give_up", type_=Instant()),
    }


def _bounds(connection: Connection, audience: Audience, now: datetime) -> dict[str, Any]:
    up_to = newest_contact(connection) if audience.up_to is None else audience.up_to
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
        _is_missing(name, audience, dialect).label(f"lacks_{place}")
        for place, name in enumerate(audience.needs)
    ]
    everyone = func.count().over().label("everyone")
    people = (
        _people(_contact.c.id, _contact.c.address, everyone, *each)
        .where(_picked(audience, dialect), _lacks(audience, dialect))
        .order_by(_contact.c.id)
        .limit(_FIRST_SHOWN)
    )
    rows = connection.execute(people, _bounds(connection, audience, now)).all()
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
    grouped = _people(
        _reason(audience, connection.dialect).label("reason"),
        _contact.c.id,
        _contact.c.address,
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
        (~_SUBSCRIBED, _subscription.c.status),
        (_EXPIRED, _word("expired")),
        (_OLD_WORDS, _word("old_words")),
        (_stopped(audience.kind), _word("suppressed")),
    ]
    if audience.rule is not None:
        cases += [
            (
                ~condition(clause, audience.at, dialect, audience.zone),
                _word(f"{CLAUSE}:{number}"),
            )
            for number, (_, clause) in enumerate(clauses(audience.rule))
        ]
    if audience.needs:
        cases.append((_lacks(audience, dialect), _word(LACKS)))
    return case(*cases, else_=_word(GETS_IT))
