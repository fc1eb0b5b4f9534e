"""Forgetting sign-ups after a while; who never confirmed one is erased with it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.jobs.erase import forget_stranger
from mailer.model.consent import Act, How, SubscriptionStatus
from mailer.model.key import KeyRing
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.evidence import steps_of
from mailer.store.sign_ups import drop_sign_ups, latest_sign_up, old_sign_ups
from mailer.store.subscriptions import of_contacts

_SLICE = 100
_OF_STRANGERS = frozenset({Act.GRANTED, Act.ERASED})


def forget_sign_ups(
    database: Database, ring: KeyRing, kept_for: timedelta, clock: Callable[[], datetime]
) -> int:
    """Forget sign-ups that are older than this; return how many people were erased.

    What somebody confirmed is in the ledger. Somebody who only ever signed up, and never
    confirmed, was never a contact: nothing of her stays but entries without a name.
    """
    before = clock() - kept_for
    erased = 0
    while True:
        with database.read() as connection:
            found = old_sign_ups(connection, before, _SLICE)
            strangers = {
                one.contact_id
                for one in found.values()
                if _is_stranger(connection, one.contact_id, before)
            }
            contacts = [get_contact(connection, one) for one in sorted(strangers)]
        if not found:
            return erased
        for contact in contacts:
            if contact is not None:
                forget_stranger(database, ring, contact, clock)
                erased += 1
        with database.write() as connection:
            drop_sign_ups(connection, list(found))


def _is_stranger(connection: Connection, contact_id: int, before: datetime) -> bool:
    """Say whether nothing is known of somebody but sign-ups that have grown old.

    So it is still of one whose erasing was cut off: only that is in the ledger besides.
    """
    steps = steps_of(connection, [contact_id]).get(contact_id, [])
    latest = latest_sign_up(connection, contact_id)
    return (
        all(one.act in _OF_STRANGERS and one.how is How.FORM for one in steps)
        and all(
            one.status is not SubscriptionStatus.SUBSCRIBED
            for one in of_contacts(connection, [contact_id]).values()
        )
        and (latest is None or latest < before)
    )
