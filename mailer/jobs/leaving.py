"""What happens when a person leaves, by whichever way: an entry, and a suppression.

Both are written in the caller's transaction, and the next letter to leave already sees
them.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.consent import Act, How, NewEntry, SubscriptionStatus, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.kind import Scope
from mailer.model.no import No, NoAct
from mailer.model.suppression import SAID_BY_THE_PERSON, Suppression, list_scope
from mailer.store import ledger
from mailer.store.database import Connection
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppress, suppressions_of

_REASONS = {
    Act.WITHDRAWN: SuppressionReason.UNSUBSCRIBED,
    Act.OBJECTED: SuppressionReason.OBJECTED,
}
_SAID_AT_LEAST = {
    # Whoever only left may still object, and that is put on record too.
    # What staff put there can be lifted, and then only her own no is left to hold.
    Act.WITHDRAWN: SAID_BY_THE_PERSON,
    Act.OBJECTED: frozenset({SuppressionReason.OBJECTED, SuppressionReason.ERASED}),
}


@dataclass(frozen=True, slots=True)
class Leaving:
    """A no, as it reached us.

    Args:
        act: `WITHDRAWN` or `OBJECTED`.
        list_id: The list, or None for all marketing.
        source: By which way more exactly, such as "phone".
        by: The staff member who recorded it, else None.
    """

    act: Act
    list_id: str | None
    how: How
    source: str = ""
    by: str | None = None

    @property
    def scope(self) -> str:
        """The scope of letters that stop."""
        if self.list_id is None:
            return Scope.MARKETING.value
        return list_scope(self.list_id)

    def suppression(self, now: datetime) -> Suppression:
        """Return what keeps letters from the address, whatever is imported later."""
        source = " ".join(word for word in (self.how.value, self.source) if word)
        return Suppression(self.scope, _REASONS[self.act], now, None, source)

    def no(self, hash: bytes, now: datetime) -> No:
        """Return it as the logbook keeps it."""
        return No(
            NoAct(self.act.value), hash, self.scope, _REASONS[self.act], now, self.how
        )


def leave(
    connection: Connection,
    ring: KeyRing,
    contact: Contact,
    leaving: Leaving,
    now: datetime,
) -> int | None:
    """Write down that a contact leaves; return the entry's number.

    Call it after `ledger.lock`, so that two at the same moment make one entry.

    Returns:
        None when it was on record already; nothing is changed then.
    """
    if has_left(connection, contact, leaving, now):
        return None
    entry = NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=leaving.list_id,
        wording=0,
        act=leaving.act,
        at=now,
        how=leaving.how,
        source=leaving.source,
        by=leaving.by,
    )
    number = ledger.append(connection, ring, [entry])[0]
    suppress(connection, contact.hash, leaving.suppression(now))
    return number


def has_left(
    connection: Connection, contact: Contact, leaving: Leaving, now: datetime
) -> bool:
    """Say whether the person left already, for good, be it with all other lists."""
    scopes = {leaving.scope, Scope.MARKETING.value}
    suppressed = any(
        one.scope in scopes
        and one.until_at is None
        and one.in_force(now)
        and one.reason in _SAID_AT_LEAST[leaving.act]
        for one in suppressions_of(connection, contact.hash)
    )
    return suppressed and all(
        one.status is SubscriptionStatus.UNSUBSCRIBED
        for (_, on_list), one in of_contacts(connection, [contact.id]).items()
        if leaving.list_id in (None, on_list)
    )
