"""A no that reached us by phone, by post or at the counter, written down by staff."""

from dataclasses import dataclass
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.leaving import Leaving, has_left, leave
from mailer.jobs.logbook import Logbook, note_missing, say_no
from mailer.model.address import parse_address
from mailer.model.consent import Act, How
from mailer.model.mailinglist import MailingList
from mailer.model.separate import ClickRecord, Separate, is_separate
from mailer.store import ledger
from mailer.store.contacts import find_contact
from mailer.store.database import Connection, Database
from mailer.store.events import forget_events_of_list
from mailer.store.lists import SeenList, all_lists, find_list, see_list
from mailer.store.suppressions import Held, suppress, try_suppress


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for.

    Args:
        act: `WITHDRAWN`, or `OBJECTED` to all marketing.
        about: The list, or the separate purpose, perhaps as it is on record (`on_record`);
            None for all marketing.
        way: How it reached us: "phone", "mail", "counter".
        by: Who writes it down.
    """

    address: str
    act: Act
    about: MailingList | Separate | SeenList | None
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
    database: Database,
    logbook: Logbook,
    request: Request,
    now: datetime,
    *,
    dry_run: bool = False,
) -> Recorded:
    """Write a request down; the next letter to leave already sees it.

    What was written down of the person's clicks goes with her consent to that.

    Args:
        dry_run: Only say what would come of it.

    Raises:
        AddressError: when the address is none.
        RefusedError: when nobody is named who writes it down.
        WorkspaceError: when the logbook cannot be written; the request is in force all the
            same, and asking again writes it down.
    """
    address = parse_address(request.address)
    if not request.by.strip():
        raise RefusedError("say who writes it down: --by NAME")
    about = request.about
    leaving = Leaving(
        request.act,
        None if about is None else about.id,
        How.SUPPORT,
        request.way,
        request.by.strip(),
    )
    hashed = logbook.ring.suppression_hash(address.match)
    with database.read() as connection:
        contact = find_contact(connection, address.match)
        if contact is None:
            (held,) = try_suppress(connection, [(hashed, leaving.suppression(now))])
            known, done = None, held is Held.ALREADY
        else:
            known, done = contact.address, has_left(connection, contact, leaving, now)
    if dry_run:
        who = known or address.given
        return Recorded(who, known=known is not None, entry=None, changed=not done)
    if known is not None and done:
        note_missing(database, logbook)
        return Recorded(known, known=True, entry=None, changed=False)
    with say_no(database, logbook, [leaving.no(hashed, now)]) as connection:
        if about is not None:
            _see(connection, about, now)
        ledger.lock(connection)
        contact = find_contact(connection, address.match)
        if contact is None:
            changed = suppress(connection, hashed, leaving.suppression(now))
            return Recorded(address.given, known=False, entry=None, changed=changed)
        entry = leave(connection, logbook.ring, contact, leaving, now)
        if about is not None and about.id.startswith(ClickRecord.prefix):
            forget_events_of_list(connection, contact.id, about.name)
    return Recorded(contact.address, known=True, entry=entry, changed=entry is not None)


def on_record(database: Database, name: str) -> SeenList | None:
    """Return a list by the name of its file, though that is gone or does not hold.

    People stay on such a list, and may leave it.
    """
    with database.read() as connection:
        seen = all_lists(connection).values()
    return next((one for one in seen if one.name == name and not is_separate(one.id)), None)


def purpose_on_record(database: Database, id: str) -> SeenList | None:
    """Return a separate purpose by its id, though no file asks for it any more."""
    with database.read() as connection:
        return find_list(connection, id)


def _see(
    connection: Connection, about: MailingList | Separate | SeenList, now: datetime
) -> None:
    """Put on record what nobody has seen yet; words that were changed stop no no."""
    if not isinstance(about, SeenList) and find_list(connection, about.id) is None:
        see_list(connection, about.as_list if isinstance(about, Separate) else about, now)
