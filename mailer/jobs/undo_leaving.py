"""Taking back that one has left, within ten minutes, by who pressed the button.

The letter's link alone is not enough: it is forwarded with the letter. What undoes it
stands only in the answer to the button.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.standing import standing
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook
from mailer.model.consent import Act, How, NewEntry, SubscriptionStatus
from mailer.model.contact import Contact
from mailer.model.kind import Scope
from mailer.model.subscription import Entry, Subscription
from mailer.model.suppression import Suppression, list_scope
from mailer.store import ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.evidence import Evidence, entry_of, steps_of
from mailer.store.reasons import forget_reason
from mailer.store.suppressions import suppressions_of

WITHIN = timedelta(minutes=10)
_SOURCE = "undone within ten minutes"


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it.

    Args:
        lists: The ids of the lists that the person is on again; none when it was too late,
            or something else was said since.
    """

    lists: tuple[str, ...] = ()


def undo_leaving(
    database: Database, logbook: Logbook, number: int, now: datetime
) -> Undone:
    """Put a person back where she was before she pressed the button.

    Args:
        number: The ledger's entry that says that she left.

    Raises:
        WorkspaceError: when the logbook cannot be written; she is back all the same.
    """
    with database.write() as connection:
        ledger.lock(connection)
        found = entry_of(connection, number)
        contact = None if found is None else get_contact(connection, found[0])
        if found is None or contact is None or not _may_undo(found[1], now):
            return Undone()
        left = found[1]
        before = _before(connection, contact, left)
        ending = End(_fresh(connection, contact, left), How.PAGE, now)
        if not before or not ending.suppressions:
            return Undone()
        entries = [
            _again(contact, list_id, one, now) for list_id, one in sorted(before.items())
        ]
        ledger.append(connection, logbook.ring, entries)
        forget_reason(connection, number)
        end(connection, logbook.ring, contact.hash, contact, ending)
    note_end(logbook, contact.hash, ending)
    return Undone(tuple(sorted(before)))


def _may_undo(left: Evidence, now: datetime) -> bool:
    by_button = left.act is Act.WITHDRAWN and left.how is How.PAGE
    return by_button and timedelta() <= now - left.at <= WITHIN


def _before(
    connection: Connection, contact: Contact, left: Evidence
) -> dict[str, Subscription]:
    """Return the subscriptions that the entry ended and that nothing was said of since."""
    steps = steps_of(connection, [contact.id]).get(contact.id, [])
    lists = {one.list_id for one in steps if one.list_id is not None}
    ended = lists if left.list_id is None else {left.list_id}
    before: dict[str, Subscription] = {}
    for list_id in ended:
        ours = [one for one in steps if one.list_id in (None, list_id)]
        stood = standing(_until(ours, left.number))
        if stood is None or stood.status is not SubscriptionStatus.SUBSCRIBED:
            continue
        if all(one.number <= left.number for one in ours):
            before[list_id] = stood
    return before


def _until(steps: list[Entry], number: int) -> list[Entry]:
    return [one for one in steps if one.number < number]


def _fresh(
    connection: Connection, contact: Contact, left: Evidence
) -> tuple[Suppression, ...]:
    """Return the suppression that leaving made."""
    scope = Scope.MARKETING.value if left.list_id is None else list_scope(left.list_id)
    return tuple(
        one
        for one in suppressions_of(connection, contact.hash)
        # One that was there before the button was pressed is not undone by it.
        if one.scope == scope and one.since_at == left.at
    )


def _again(contact: Contact, list_id: str, stood: Subscription, now: datetime) -> NewEntry:
    return NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=list_id,
        wording=stood.wording,
        act=Act.CONFIRMED,
        at=now,
        how=How.PAGE,
        basis=stood.basis,
        source=_SOURCE,
        expires_at=stood.expires_at,
    )
