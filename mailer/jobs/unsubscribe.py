"""Leaving: one short transaction, committed when this returns.

The next letter to leave already sees it. It never asks who asks: the link says for whom it
was made. Doing it again changes nothing and gives the same answer.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.leaving import Leaving, leave
from mailer.model.consent import Act, How
from mailer.model.key import KeyRing
from mailer.model.token import Reader
from mailer.store import ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Database
from mailer.store.lists import list_by_number


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
        number = leave(connection, ring, contact, Leaving(Act.WITHDRAWN, list_id, how), now)
    return Left(known=True, changed=number is not None)
