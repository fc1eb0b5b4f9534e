"""An address that must not get mail: with which scope, why, since and until when."""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.consent import SuppressionReason
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.no import No

_WEIGHT = {
    SuppressionReason.PAUSED: -1,
    SuppressionReason.MANUAL: 0,
    SuppressionReason.BOUNCED: 1,
    SuppressionReason.UNSUBSCRIBED: 2,
    SuppressionReason.OBJECTED: 3,
    SuppressionReason.COMPLAINED: 4,
    SuppressionReason.ERASED: 5,
}
"""A person's own no is never forgotten for a lighter reason."""

SAID_BY_THE_PERSON = frozenset(SuppressionReason) - {
    SuppressionReason.MANUAL,
    SuppressionReason.BOUNCED,
}
"""Only she can take these back; the others say nothing about what she wants."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression of one address.

    Args:
        scope: `list:<list id>`, `marketing` or `everything`.
        until_at: When it ends by itself; None for never.
        source: Where from, in words that hold no personal data.
    """

    scope: str
    reason: SuppressionReason
    since_at: datetime
    until_at: datetime | None
    source: str

    def in_force(self, now: datetime) -> bool:
        """Say whether it still holds."""
        return self.until_at is None or self.until_at > now


def list_scope(list_id: str) -> str:
    """Return the scope of one list."""
    return f"{Scope.LIST}:{list_id}"


def list_of(scope: str) -> str | None:
    """Return the list that a scope is about; None for all marketing and everything."""
    kind, _, list_id = scope.partition(":")
    return list_id if kind == Scope.LIST else None


def covers(held: Suppression, no: No) -> bool:
    """Say whether a suppression on record is what a no asks for, or more."""
    return (
        held.scope == no.scope
        and _WEIGHT[held.reason] >= _WEIGHT[no.reason]
        and (
            held.until_at is None
            or (no.until_at is not None and held.until_at >= no.until_at)
        )
    )


def scopes_against(kind: Kind, list_id: str | None) -> frozenset[str]:
    """Return the scopes that stop a kind of letter, as they are stored."""
    stopped_by = KINDS[kind].stopped_by
    scopes = {scope.value for scope in stopped_by if scope is not Scope.LIST}
    if Scope.LIST in stopped_by and list_id is not None:
        scopes.add(list_scope(list_id))
    return frozenset(scopes)


def together(old: Suppression | None, new: Suppression) -> Suppression:
    """Return what holds when a suppression is added to one of the same address and scope.

    It ends with the later of the two, and keeps the weightier reason with its source.
    """
    if old is None or not old.in_force(new.since_at):
        return new
    until_at = None
    if old.until_at is not None and new.until_at is not None:
        until_at = max(old.until_at, new.until_at)
    named = new if _WEIGHT[new.reason] > _WEIGHT[old.reason] else old
    return Suppression(old.scope, named.reason, old.since_at, until_at, named.source)
