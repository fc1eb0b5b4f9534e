"""Leaving: one short transaction, committed when this returns.

The next letter to leave already sees it. It never asks who asks: the link says for whom it
was made. Doing it again changes nothing and gives the same answer.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.consent import Act, How, NewEntry, SubscriptionStatus, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.kind import Scope
from mailer.model.suppression import Suppression, list_scope
from mailer.model.token import Reader
from mailer.store import ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.lists import list_by_number
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppress, suppressions_of


@dataclass(frozen=True, slots=True)
class Left:
    """What came of it.

    Args:
        known: The person is on record; who is not gets no letters anyway.
        changed: Something was written; not so the second time.
    """

    known: bool
    changed: bool


def unsubscribe(
    database: Database,
    ring: KeyRing,
    reader: Reader,
    how: How,
    now: datetime,
    *,
    everything: bool = False,
) -> Left:
    """Take a person off the link's list, or off all marketing; RFC 8058 §3.2.

    Args:
        everything: All lists; also where the link names no list (any more).
    """
    with database.write() as connection:
        # Found again while nobody else writes into the ledger, so that two clicks at the
        # same moment make one entry.
        ledger.lock(connection)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Left(known=False, changed=False)
        seen = list_by_number(connection, reader.list_number)
        list_id = None if everything or seen is None else seen.id
        if _gone(connection, contact, list_id, now):
            return Left(known=True, changed=False)
        _leave(connection, ring, contact, list_id, how, now)
    return Left(known=True, changed=True)


def _gone(
    connection: Connection, contact: Contact, list_id: str | None, now: datetime
) -> bool:
    """Say whether the person left already, for good, be it with all other lists."""
    scopes = {_scope(list_id), Scope.MARKETING.value}
    suppressed = any(
        one.scope in scopes and one.until_at is None and one.in_force(now)
        for one in suppressions_of(connection, contact.hash)
    )
    return suppressed and all(
        one.status is SubscriptionStatus.UNSUBSCRIBED
        for (_, on_list), one in of_contacts(connection, [contact.id]).items()
        if list_id in (None, on_list)
    )


def _leave(
    connection: Connection,
    ring: KeyRing,
    contact: Contact,
    list_id: str | None,
    how: How,
    now: datetime,
) -> None:
    entry = NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=list_id,
        wording=0,
        act=Act.WITHDRAWN,
        at=now,
        how=how,
    )
    ledger.append(connection, ring, [entry])
    reason = SuppressionReason.UNSUBSCRIBED
    suppress(
        connection,
        contact.hash,
        Suppression(_scope(list_id), reason, now, None, how.value),
    )


def _scope(list_id: str | None) -> str:
    return Scope.MARKETING.value if list_id is None else list_scope(list_id)
