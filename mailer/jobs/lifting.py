"""Ending suppressions: an entry of the ledger for each, and a line of the logbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.logbook import Logbook
from mailer.model.consent import Act, How, NewEntry
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression, list_of
from mailer.store import ledger, suppressions
from mailer.store.database import Connection


@dataclass(frozen=True, slots=True)
class End:
    """The end of some suppressions of one address.

    Args:
        how: By which way it came.
        by: The staff member who wrote it down; None for the person herself.
    """

    suppressions: Sequence[Suppression]
    how: How
    at: datetime
    by: str | None = None


def end(
    connection: Connection,
    ring: KeyRing,
    hashed: bytes,
    contact: Contact | None,
    ending: End,
) -> None:
    """Take suppressions of an address away, in the caller's transaction.

    Call it after `ledger.lock`, and `note_end` after the commit.
    """
    if contact is not None:
        entries = [
            NewEntry(
                contact_id=contact.id,
                who=contact.match,
                list_id=list_of(one.scope),
                wording=0,
                act=Act.LIFTED,
                at=ending.at,
                how=ending.how,
                source=f"{one.reason} since {one.since_at:%Y-%m-%d}",
                by=ending.by,
            )
            for one in ending.suppressions
        ]
        ledger.append(connection, ring, entries)
    for one in ending.suppressions:
        suppressions.lift(connection, hashed, one.scope)


def note_end(logbook: Logbook, hashed: bytes, ending: End) -> None:
    """Write down that suppressions have ended; only after the commit.

    Before it, a line that nothing came of would take back a no.

    Raises:
        WorkspaceError: when the logbook cannot be written; they have ended all the same,
            and may hold again after the next start.
    """
    logbook.note(
        [
            No(NoAct.LIFTED, hashed, one.scope, one.reason, ending.at, ending.how)
            for one in ending.suppressions
        ]
    )
