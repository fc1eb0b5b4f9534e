"""Writing refusals down, many at a time: suppressions, and what the ledger says of them.

Whoever unsubscribed or complained said so herself, so for a contact that is an entry in the
ledger too. A bounce says nothing about what a person wants: it is a suppression only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.refusals import Refusal
from mailer.model.consent import Act, How, NewEntry, SubscriptionStatus, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.kind import Scope
from mailer.model.no import No, NoAct
from mailer.model.subscription import Subscription
from mailer.model.suppression import SAID_BY_THE_PERSON, Suppression, list_of
from mailer.store import ledger
from mailer.store.contacts import find_contacts
from mailer.store.database import Connection
from mailer.store.subscriptions import Place, of_contacts
from mailer.store.suppressions import Held, in_force, suppress_many, try_suppress


@dataclass(frozen=True, slots=True)
class Recorder:
    """Who writes refusals down, and how they came.

    Args:
        by: The staff member, else None.
    """

    how: How
    by: str | None = None


def refuse(
    connection: Connection,
    ring: KeyRing,
    refusals: Sequence[Refusal],
    recorder: Recorder,
    now: datetime,
) -> tuple[list[Held], int]:
    """Write refusals down; the next letter to leave already sees them.

    Before that they are lines of the logbook (`noes_of`, `say_no`).

    Returns:
        What came of each, and how many contacts left because of them.
    """
    ledger.lock(connection)
    entries = _entries(connection, refusals, recorder, now)
    ledger.append(connection, ring, entries)
    held = suppress_many(connection, [(one.hash, one.suppression) for one in refusals])
    return held, len({entry.contact_id for entry in entries})


def noes_of(refusals: Iterable[Refusal], recorder: Recorder) -> list[No]:
    """Return refusals as the logbook keeps them."""
    return [
        No(
            _act(one),
            one.hash,
            one.suppression.scope,
            one.suppression.reason,
            one.suppression.since_at,
            recorder.how,
            one.suppression.until_at,
        )
        for one in refusals
    ]


def _act(refusal: Refusal) -> NoAct:
    reason = refusal.suppression.reason
    if reason not in SAID_BY_THE_PERSON:
        return NoAct.SUPPRESSED
    if reason is SuppressionReason.OBJECTED:
        return NoAct.OBJECTED
    return NoAct.WITHDRAWN


def tried(
    connection: Connection,
    refusals: Sequence[Refusal],
    recorder: Recorder,
    now: datetime,
) -> tuple[list[Held], int]:
    """Say what `refuse` would do, and change nothing."""
    entries = _entries(connection, refusals, recorder, now)
    held = try_suppress(connection, [(one.hash, one.suppression) for one in refusals])
    return held, len({entry.contact_id for entry in entries})


def _entries(
    connection: Connection,
    refusals: Sequence[Refusal],
    recorder: Recorder,
    now: datetime,
) -> list[NewEntry]:
    said = {
        (one.match, one.suppression.scope): one
        for one in refusals
        if one.match is not None and one.suppression.reason in SAID_BY_THE_PERSON
    }
    contacts = find_contacts(
        connection, list({one.match for one in said.values() if one.match})
    )
    if not contacts:
        return []
    places = of_contacts(connection, [one.id for one in contacts.values()])
    hashes = [one.hash for one in contacts.values()]
    scopes = {one.suppression.scope for one in said.values()} | {Scope.MARKETING.value}
    held = in_force(connection, hashes, scopes, now)
    return [
        _entry(contact, one.suppression, recorder, now)
        for one in said.values()
        if (contact := contacts.get(one.match or "")) is not None
        and not _gone(contact, one.suppression, places, held.get(contact.hash, ()))
    ]


def _gone(
    contact: Contact,
    new: Suppression,
    places: dict[Place, Subscription],
    held: Iterable[Suppression],
) -> bool:
    """Say whether the person has left for good already, be it with all other lists."""
    list_id = list_of(new.scope)
    return any(
        one.scope in {new.scope, Scope.MARKETING.value}
        and one.until_at is None
        and one.reason in SAID_BY_THE_PERSON
        for one in held
    ) and all(
        place.status is SubscriptionStatus.UNSUBSCRIBED
        for (contact_id, on_list), place in places.items()
        if contact_id == contact.id and list_id in (None, on_list)
    )


def _entry(
    contact: Contact, new: Suppression, recorder: Recorder, now: datetime
) -> NewEntry:
    objected = new.reason is SuppressionReason.OBJECTED
    return NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=list_of(new.scope),
        wording=0,
        act=Act.OBJECTED if objected else Act.WITHDRAWN,
        at=now,
        how=recorder.how,
        source=f"{new.reason}: {new.source}" if new.source else new.reason.value,
        by=recorder.by,
    )
