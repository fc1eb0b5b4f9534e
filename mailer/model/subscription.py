"""Where a contact stands on a list, and the entries of the ledger that it follows from."""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.consent import Act, Basis, How, NewEntry, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a contact stands on a list.

    Args:
        basis: What kind of permission it rests on; None when there is none.
        wording: The version of the list's words that were agreed to; 0 for none.
        since_at: When it became so.
        expires_at: When the permission ends by itself; None for never.
        ledger_number: The entry that made it so.
    """

    status: SubscriptionStatus
    basis: Basis | None
    wording: int
    since_at: datetime
    expires_at: datetime | None
    ledger_number: int

    def stands(self, now: datetime) -> bool:
        """Say whether the contact is on the list at a moment."""
        return self.status is SubscriptionStatus.SUBSCRIBED and (
            self.expires_at is None or self.expires_at > now
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """What of an entry in the ledger says where a contact stands.

    Args:
        list_id: None for all lists that the contact is on.
        batch_id: The import that wrote it, or, for `undone`, the import that is undone.
    """

    number: int
    list_id: str | None
    wording: int
    act: Act
    at: datetime
    how: How
    basis: Basis | None
    batch_id: int | None
    expires_at: datetime | None


def step(entry: NewEntry, number: int) -> Entry:
    """Return what of a new entry says where a contact stands.

    Args:
        number: The entry's number in the ledger; 0 for one that is not written yet.
    """
    return Entry(
        number,
        entry.list_id,
        entry.wording,
        entry.act,
        entry.at,
        entry.how,
        entry.basis,
        entry.batch_id,
        entry.expires_at,
    )
