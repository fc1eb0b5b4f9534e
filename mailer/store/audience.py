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
    Dialect,
    Select,
    Text,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)

from mailer.model.consent import SubscriptionStatus
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.rule import Known, Name, Rule
from mailer.store.segments import condition
from mailer.store.tables import (
    ContactRow,
    Instant,
    SubscriptionRow,
    SuppressionRow,
    table,
)

contact = table(ContactRow)
subscription = table(SubscriptionRow)
_suppression = table(SuppressionRow)

NOW = bindparam("now", type_=Instant())
_ONE: ColumnElement[int] = literal_column("1")


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


def word(word: str) -> ColumnElement[str]:
    """Write one of our own words literally into a statement."""
    return literal_column(f"'{word}'", Text)


def stopped(kind: Kind) -> ColumnElement[bool]:
    """A suppression in force whose scope stops this kind of letter."""
    scopes: list[ColumnElement[str]] = [
        word("list:") + subscription.c.list_id if scope is Scope.LIST else word(scope.value)
        for scope in sorted(KINDS[kind].stopped_by)
    ]
    return exists(
        select(_ONE).where(
            _suppression.c.hash == contact.c.hash,
            _suppression.c.scope.in_(scopes),
            or_(_suppression.c.until_at.is_(None), _suppression.c.until_at > NOW),
        )
    )


EXPIRED = subscription.c.expires_at <= NOW
OLD_WORDS = subscription.c.wording < bindparam("words_floor", type_=BigInteger())
SUBSCRIBED = subscription.c.status == word(SubscriptionStatus.SUBSCRIBED.value)


def _may_write(kind: Kind) -> ColumnElement[bool]:
    return (
        SUBSCRIBED
        & or_(subscription.c.expires_at.is_(None), subscription.c.expires_at > NOW)
        & ~OLD_WORDS
        & ~stopped(kind)
    )


def lacks(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Somebody for whom one of the values is missing that the template needs."""
    return or_(*(is_missing(name, audience, dialect) for name in audience.needs))


def is_missing(name: Name, audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Somebody who has no value of a name, or none of its type."""
    return ~condition(Known(name), audience.at, dialect, audience.zone)


def picked(audience: Audience, dialect: Dialect) -> ColumnElement[bool]:
    """Whom the letters are for, among those who ever were on the list."""
    may_write = _may_write(audience.kind)
    if audience.rule is None:
        return may_write
    return may_write & condition(audience.rule, audience.at, dialect, audience.zone)


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
