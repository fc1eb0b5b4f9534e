"""Erasing a person: everything goes but a keyed hash, so that nobody writes again.

The no comes first, in one short transaction: from then on no letter leaves. Then the
letters lose her, slice by slice, and last what is known about her. After a crash `mailer
serve` goes on at its start, or the same command does. Only she herself can come back, by
signing up and confirming.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.forget_tickets import forget_erased_strangers, forget_tickets_of
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.slices import Slicer
from mailer.model.address import parse_address
from mailer.model.consent import Act, How, NewEntry, SuppressionReason
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.kind import Scope
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression
from mailer.store import erasing, ledger
from mailer.store.contacts import find_contact
from mailer.store.database import Database
from mailer.store.forgetting import unname
from mailer.store.participants import copies_to_nobody
from mailer.store.suppressions import erased_contacts, suppress
from mailer.store.tickets import of_person
from mailer.store.transactions import letters_to_nobody

_LOOKS = 20
_LOOK_EVERY_S = 0.5
"""An answer of a mail server may still come; it may hold the address."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of it, or would.

    Args:
        known: There was a contact; without one only the hash is kept.
        entries: Entries of the ledger that stay without their personal values.
        letters: Deliveries that stay without address, contact and answers.
        withheld: Those of them that had not left, and never will.
        tickets: Conversations with support, which are deleted.
        on_the_line: Letters whose answer had not come in the end; none of its words is kept
            then.
    """

    address: str
    known: bool
    entries: int
    letters: int
    withheld: int
    on_the_line: int = 0
    tickets: int = 0


def look(database: Database, address: str) -> Erased:
    """Say what erasing would do.

    Raises:
        AddressError: when it is none.
    """
    found = parse_address(address)
    with database.read() as connection:
        contact = find_contact(connection, found.match)
        tickets = len(of_person(connection, contact.id if contact else None, found.match))
        if contact is None:
            return Erased(found.given, False, 0, 0, 0, tickets=tickets)
        entries = erasing.count_entries(connection, contact.id)
        letters, waiting = erasing.count_letters(connection, contact.id)
    return Erased(contact.address, True, entries, letters, waiting, tickets=tickets)


def erase(  # noqa: PLR0913 - each is a thing of its own
    database: Database,
    logbook: Logbook,
    address: str,
    by: str,
    clock: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
    *,
    how: How = How.SUPPORT,
) -> Erased:
    """Erase a person, or go on with it.

    Args:
        by: Who does it; "" where it is the person herself, on her page.
        how: By which way it reached us.
        wait: Waits so many seconds for answers that are still to come.

    Raises:
        AddressError: when it is no address.
        RefusedError: when nobody is named who does it.
        WorkspaceError: when the logbook cannot be written; do it again then.
    """
    found = parse_address(address)
    if how is not How.PAGE and not by.strip():
        raise RefusedError("say who erases: --by NAME")
    now = clock()
    hashed = logbook.ring.suppression_hash(found.match)
    scope, reason = Scope.MARKETING.value, SuppressionReason.ERASED
    no = No(NoAct.ERASED, hashed, scope, reason, now, how)
    with say_no(database, logbook, [no]) as connection:
        ledger.lock(connection)
        contact = find_contact(connection, found.match)
        if contact is not None and not erasing.is_being_erased(connection, contact.id):
            entry = _entry(contact, by.strip() or None, now, how)
            ledger.append(connection, logbook.ring, [entry])
        suppress(connection, hashed, Suppression(scope, reason, now, None, "by request"))
    contact_id = contact.id if contact else None
    who = (found.match, hashed)
    gone, held = forget_tickets_of(database, contact_id, who, clock())
    if contact is None:
        letters, withheld, left = _strangers_letters(database, hashed, clock, wait)
        return Erased(found.given, False, 0, letters, withheld + held, left, tickets=gone)
    done = _finish(database, contact, clock, wait)
    return replace(done, withheld=done.withheld + held, tickets=gone)


def finish_erasures(
    database: Database, logbook: Logbook, clock: Callable[[], datetime]
) -> int:
    """Erase again who came back with a backup, or was half erased; return how many.

    Who signed up anew since her erasure is left alone.
    """
    with database.read() as connection:
        found = erased_contacts(connection)
    for contact in found:
        with database.write() as connection:
            ledger.lock(connection)
            if not erasing.is_being_erased(connection, contact.id):
                entry = _entry(contact, None, clock())
                ledger.append(connection, logbook.ring, [entry])
        who = (contact.match, contact.hash)
        forget_tickets_of(database, contact.id, who, clock())
        _finish(database, contact, clock, lambda _: None)
    forget_erased_strangers(database, logbook.ring, clock())
    return len(found)


def forget_stranger(
    database: Database, ring: KeyRing, contact: Contact, clock: Callable[[], datetime]
) -> Erased:
    """Erase somebody whose address was typed into a page and who never confirmed it.

    No hash is kept: that would keep her away although she never said no. After a crash,
    call it again.
    """
    with database.write() as connection:
        ledger.lock(connection)
        if not erasing.is_being_erased(connection, contact.id):
            entry = replace(
                _entry(contact, None, clock()), how=How.FORM, source="never confirmed"
            )
            ledger.append(connection, ring, [entry])
    return _finish(database, contact, clock, lambda _: None)


def _entry(
    contact: Contact, by: str | None, now: datetime, how: How = How.SUPPORT
) -> NewEntry:
    return NewEntry(
        contact_id=contact.id,
        who=contact.match,
        list_id=None,
        wording=0,
        act=Act.ERASED,
        at=now,
        how=how,
        by=by,
    )


def _strangers_letters(
    database: Database,
    hashed: bytes,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
) -> tuple[int, int, int]:
    """Take an address out of letters that it was sent while it was no contact's.

    Returns:
        How many they are, how many were withheld, and how many are on the line.
    """
    slicer = Slicer(database)
    letters = withheld = 0
    out: list[int] = []
    while True:
        with slicer.turn() as connection:
            ids = letters_to_nobody(connection, hashed, slicer.size)
            ids = ids or copies_to_nobody(connection, hashed, slicer.size)
            if not ids:
                break
            withheld += erasing.erase_letters(connection, ids, clock())
            out += erasing.still_out(connection, ids)
        letters += len(ids)
    return letters, withheld, _answers(database, out, wait)


def _finish(
    database: Database,
    contact: Contact,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
) -> Erased:
    before, held, on_line = _strangers_letters(database, contact.hash, clock, wait)
    slicer = Slicer(database)
    letters, withheld = before, held
    out: list[int] = []
    while True:
        with slicer.turn() as connection:
            ids = erasing.letters_of(connection, contact.id, slicer.size)
            if not ids:
                entries = erasing.erase_contact(connection, contact.id)
                unname(connection, contact.id)
                break
            withheld += erasing.erase_letters(connection, ids, clock())
            out += erasing.still_out(connection, ids)
        letters += len(ids)
    left = on_line + _answers(database, out, wait)
    return Erased(contact.address, True, entries, letters, withheld, left)


def _answers(database: Database, out: list[int], wait: Callable[[float], None]) -> int:
    """Wait for the answers to letters that are on the line, and empty them too."""
    waiting = out
    for _ in range(_LOOKS if out else 0):
        with database.read() as connection:
            waiting = erasing.still_out(connection, out)
        if not waiting:
            break
        wait(_LOOK_EVERY_S)
    if out:
        with database.write() as connection:
            erasing.forget_answers(connection, out)
    return len(waiting)
