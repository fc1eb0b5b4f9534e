"""A no that reached us by phone, by post or at the counter, written down by staff."""

from dataclasses import dataclass
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.leaving import Leaving, has_left, leave
from mailer.jobs.logbook import Logbook, note_missing, say_no
from mailer.model.address import parse_address
from mailer.model.consent import Act, How
from mailer.model.mailinglist import MailingList
from mailer.store import ledger
from mailer.store.contacts import find_contact
from mailer.store.database import Database
from mailer.store.lists import see_list
from mailer.store.suppressions import suppress


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for.

    Args:
        act: `WITHDRAWN`, or `OBJECTED` to all marketing.
        mailing_list: The list that it is about; None for all marketing.
        way: How it reached us: "phone", "mail", "counter".
        by: Who writes it down.
    """

    address: str
    act: Act
    mailing_list: MailingList | None
    way: str
    by: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it.

    Args:
        known: There is a contact of that address; without one the address is suppressed
            all the same, so that no import can bring it.
        entry: The ledger's entry; None without a contact, or when nothing changed.
        changed: Something was written; not so the second time.
    """

    address: str
    known: bool
    entry: int | None
    changed: bool


def record(
    database: Database, logbook: Logbook, request: Request, now: datetime
) -> Recorded:
    """Write a request down; the next letter to leave already sees it.

    Raises:
        AddressError: when the address is none.
        RefusedError: when nobody is named who writes it down.
        WorkspaceError: when the logbook cannot be written; the request is in force all the
            same, and asking again writes it down.
    """
    address = parse_address(request.address)
    if not request.by.strip():
        raise RefusedError("say who writes it down: --by NAME")
    mailing_list = request.mailing_list
    leaving = Leaving(
        request.act,
        None if mailing_list is None else mailing_list.id,
        How.SUPPORT,
        request.way,
        request.by.strip(),
    )
    hashed = logbook.ring.suppression_hash(address.match)
    with database.read() as connection:
        contact = find_contact(connection, address.match)
        if contact is not None and has_left(connection, contact, leaving, now):
            known = contact.address
        else:
            known = None
    if known is not None:
        note_missing(database, logbook)
        return Recorded(known, known=True, entry=None, changed=False)
    with say_no(database, logbook, [leaving.no(hashed, now)]) as connection:
        if mailing_list is not None:
            see_list(connection, mailing_list, now)
        ledger.lock(connection)
        contact = find_contact(connection, address.match)
        if contact is None:
            changed = suppress(connection, hashed, leaving.suppression(now))
            return Recorded(address.given, known=False, entry=None, changed=changed)
        entry = leave(connection, logbook.ring, contact, leaving, now)
    return Recorded(contact.address, known=True, entry=entry, changed=entry is not None)
