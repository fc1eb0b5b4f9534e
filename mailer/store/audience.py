"""Whom a campaign is for, as conditions over a list's subscriptions and their contacts.

The audience is everyone who is subscribed to the list under words in force and unexpired,
is not suppressed, and whom the rule picks, among the contacts that there were at the start.
Statements with these conditions bind `list`, `words_floor`, `last`, `up_to` and `now`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Select,
    Subquery,
    Text,
    bindparam,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from mailer.model.consent import SubscriptionStatus
from mailer.model.delivery import DeliveryState
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.rule import Known, Name, Rule
from mailer.store.columns import Instant
from mailer.store.segments import condition
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    SubscriptionRow,
    SuppressionRow,
    table,
)
from mailer.store.topics import chose_others

contact = table(ContactRow)
subscription = table(SubscriptionRow)
_suppression = table(SuppressionRow)
_delivery = table(DeliveryRow)

_OWED = frozenset(DeliveryState) - {DeliveryState.WITHHELD}
_ENDED_WITHOUT = {DeliveryState.REFUSED, DeliveryState.EXPIRED}

NOW = bindparam("now", type_=Instant())
_ONE: ColumnElement[int] = literal_column("1")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """People who do not get a campaign although its list and rule would pick them.

    Args:
        name: What it is called for people.
        rule: Those whom it picks; None for those who have a letter of some campaigns.
        campaigns: The campaigns' numbers.
        whatever_came: Also those whose letter was refused, or expired.
    """

    name: str
    rule: Rule | None = None
    campaigns: tuple[int, ...] = ()
    whatever_came: bool = False

    @property
    def states(self) -> frozenset[DeliveryState]:
        """In which of these a letter of a campaign keeps a person out."""
        return _OWED if self.whatever_came else _OWED - _ENDED_WITHOUT


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a campaign is for on one list.

    Args:
        words_floor: The lowest version of the list's words that is in force.
        rule: The segment's rule; None for everyone on the list.
        needs: The values that the template uses without a fallback.
        at: The moment at which the rule's words about time are read.
        up_to: The last contact that there was at the start; None for whoever is there now.
        zone: The zone that counts where a contact's own is missing or unknown.
        exclude: Whose people do not get it.
        topics: What it is about; who chose others of the list does not get it.
        earlier: The campaign's audiences on lists before this one, whose people get their
            letter there.
        name: The list, or its segment, as people write it.
        rehearsed: A rehearsal's letters count as received too.
    """

    list_id: str
    words_floor: int
    kind: Kind
    rule: Rule | None
    needs: tuple[Name, ...]
    at: datetime
    up_to: int | None = None
    zone: str = "UTC"
    exclude: tuple[Exclusion, ...] = ()
    earlier: tuple["Audience", ...] = ()
    name: str = ""
    rehearsed: bool = False
    topics: tuple[str, ...] = ()

    def asks(self, rule: Rule, dialect: Dialect) -> ColumnElement[bool]:
        """Return a rule as a condition, asked as this audience asks."""
        return condition(rule, self.at, dialect, self.zone, rehearsed=self.rehearsed)


def word(word: str) -> ColumnElement[str]:
    """Write one of our own words literally into a statement."""
    return literal_column(f"'{word}'", Text)


def stopped(kind: Kind, standing: FromClause = subscription) -> ColumnElement[bool]:
    """A suppression in force whose scope stops this kind of letter."""
    return exists(
        select(_ONE).where(
            _suppression.c.hash == contact.c.hash, *_stops(kind, standing.c.list_id)
        )
    )


def who_is_stopped(audience: "Audience") -> Subquery:
    """Select the hashes of all whose suppressions stop letters to a list."""
    found = select(_suppression.c.hash).where(
        *_stops(audience.kind, bindparam("list", type_=Text()))
    )
    return found.distinct().subquery("stopped")


def _stops(kind: Kind, list_id: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    scopes: list[ColumnElement[str]] = [
        word("list:") + list_id if scope is Scope.LIST else word(scope.value)
        for scope in sorted(KINDS[kind].stopped_by)
    ]
    return (
        _suppression.c.scope.in_(scopes),
        or_(_suppression.c.until_at.is_(None), _suppression.c.until_at > NOW),
    )


EXPIRED = subscription.c.expires_at <= NOW
OLD_WORDS = subscription.c.wording < bindparam("words_floor", type_=BigInteger())
SUBSCRIBED = subscription.c.status == word(SubscriptionStatus.SUBSCRIBED.value)
CONFIRMED = subscription.c.status != word(SubscriptionStatus.PENDING.value)
"""Whoever is or was on the list: of others nobody knows whose address it is."""


def _may_write(kind: Kind) -> ColumnElement[bool]:
    if not KINDS[kind].needs_subscription:
        return CONFIRMED & ~stopped(kind)
    return (
        SUBSCRIBED
        & or_(subscription.c.expires_at.is_(None), subscription.c.expires_at > NOW)
        & ~OLD_WORDS
        & ~stopped(kind)
    )


def other_topics(
    audience: Audience, standing: FromClause = subscription
) -> ColumnElement[bool]:
    """Somebody who chose topics of the list, and none that the letter is about."""
    if not KINDS[audience.kind].by_topic:
        return false()
    return chose_others(standing.c.contact_id, standing.c.list_id, audience.topics)


_before = subscription.alias("before")


def gets_it_by(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """A contact whom another audience of the campaign picks."""
    if KINDS[audience.kind].needs_subscription:
        standing: ColumnElement[bool] = (
            (_before.c.status == word(SubscriptionStatus.SUBSCRIBED.value))
            & or_(_before.c.expires_at.is_(None), _before.c.expires_at > NOW)
            & (_before.c.wording >= literal(audience.words_floor, BigInteger()))
        )
    else:
        standing = _before.c.status != word(SubscriptionStatus.PENDING.value)
    stands = exists(
        select(_ONE)
        .where(
            _before.c.contact_id == contact.c.id,
            _before.c.list_id == literal(audience.list_id, Text()),
            standing,
            ~stopped(audience.kind, _before),
            ~other_topics(audience, _before),
        )
        .correlate(contact)
    )
    if audience.rule is None:
        return stands
    return stands & audience.asks(audience.rule, dialect)


def excluded(one: Exclusion, audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """A contact whom an exclusion keeps out."""
    if one.rule is not None:
        return audience.asks(one.rule, dialect)
    states = ", ".join(f"'{state.value}'" for state in sorted(one.states))
    return exists(
        select(_ONE)
        .where(
            literal_column("delivery.cause_kind = 'campaign'"),
            _delivery.c.cause_id.in_(one.campaigns),
            _delivery.c.contact_id == contact.c.id,
            literal_column(f"delivery.state IN ({states})"),
            true() if audience.rehearsed else _delivery.c.rehearsal.is_(False),
        )
        .correlate(contact)
    )


def lacks(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Somebody for whom one of the values is missing that the template needs."""
    return or_(*(is_missing(name, audience, dialect) for name in audience.needs))


def is_missing(name: Name, audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Somebody who has no value of a name, or none of its type."""
    return ~audience.asks(Known(name), dialect)


def picked(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Whom the letters are for, among those who ever were on the list.

    Also whom an earlier audience of the campaign picks: who has a letter gets no other.
    """
    found = _may_write(audience.kind) & ~other_topics(audience)
    for one in audience.exclude:
        found &= ~excluded(one, audience, dialect)
    if audience.rule is None:
        return found
    return found & audience.asks(audience.rule, dialect)


def picked_first(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Whom the letters are for, without those who get theirs by an earlier audience."""
    found = picked(audience, dialect)
    for one in audience.earlier:
        found &= ~gets_it_by(one, dialect)
    return found


def people(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select from those who ever were on the list, up to the last contact of the audience.

    Both sides are bounded, whichever of them the database begins with (PostgreSQL does not
    carry a bound from one column over to another that is equal).
    """
    return (
        select(*columns)
        .select_from(subscription.join(contact, contact.c.id == subscription.c.contact_id))
        .where(
            subscription.c.list_id == bindparam("list"),
            subscription.c.contact_id > bindparam("last"),
            subscription.c.contact_id <= bindparam("up_to"),
            contact.c.id > bindparam("last"),
            contact.c.id <= bindparam("up_to"),
        )
    )


def bounds(connection: Connection, audience: Audience, now: datetime) -> dict[str, Any]:
    """Return what a statement binds that asks a whole audience at once."""
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
