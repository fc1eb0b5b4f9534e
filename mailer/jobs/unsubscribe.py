"""Leaving: a line of the logbook and one short transaction, on disk when this returns.

The next letter to leave already sees it. It never asks who asks: the link says for whom it
was made. Doing it again changes nothing and gives the same answer.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.leaving import Leaving, has_left, leave
from mailer.jobs.logbook import Logbook, note_missing, say_no
from mailer.model.consent import Act, How
from mailer.model.token import Reader
from mailer.store import ledger
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.doubts import doubted, settle_used
from mailer.store.lists import list_by_number
from mailer.store.reporting import left_source


@dataclass(frozen=True, slots=True)
class Left:
    """What came of it.

    Args:
        known: The person is on record; who is not gets no letters anyway.
        entry: The number of the ledger's entry; None when nothing was written, as the
            second time.
    """

    known: bool
    entry: int | None = None

    @property
    def changed(self) -> bool:
        """Whether something was written."""
        return self.entry is not None


def unsubscribe(
    database: Database,
    logbook: Logbook,
    reader: Reader,
    how: How,
    now: datetime,
    *,
    everything: bool = False,
) -> Left:
    """Take a person off the link's list, or off all marketing; RFC 8058 §3.2.

    Her letter has arrived: if it was in doubt, it is settled.

    Args:
        everything: All lists; also where the link names no list (any more).

    Raises:
        WorkspaceError: when the logbook cannot be written; the person has left all the
            same, and asking again writes it down.
    """
    with database.read() as connection:
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Left(known=False)
        leaving = _leaving(connection, reader, how, everything=everything)
        left = has_left(connection, contact, leaving, now)
        doubts = doubted(connection, reader.campaign_id, contact.id)
    if left:
        note_missing(database, logbook)
        if doubts:
            with database.write() as connection:
                settle_used(connection, doubts, now)
        return Left(known=True)
    with say_no(database, logbook, [leaving.no(contact.hash, now)]) as connection:
        # Found again while nobody else writes into the ledger, so that two clicks at the
        # same moment make one entry.
        ledger.lock(connection)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Left(known=False)
        number = leave(connection, logbook.ring, contact, leaving, now)
        settle_used(connection, doubts, now)
    return Left(known=True, entry=number)


def _leaving(
    connection: Connection, reader: Reader, how: How, *, everything: bool
) -> Leaving:
    seen = list_by_number(connection, reader.list_number)
    list_id = None if everything or seen is None else seen.id
    # By which campaign's link: its report counts them, and holds nobody's name.
    return Leaving(Act.WITHDRAWN, list_id, how, left_source(reader.campaign_id))
