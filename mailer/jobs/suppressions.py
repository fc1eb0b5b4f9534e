"""Suppressions one at a time: added, lifted, listed; and all of them exported.

What a person said herself only she can take back, by signing up and confirming. What staff
or a bounce put there, staff can lift.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from mailer.audience.refusals import OWN_COLUMNS, Refusal
from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.lifting import End, end, note_end
from mailer.jobs.logbook import Logbook, say_no
from mailer.jobs.refusing import Recorder, noes_of, refuse
from mailer.model.address import parse_address
from mailer.model.consent import How
from mailer.model.key import KeyRing
from mailer.model.suppression import SAID_BY_THE_PERSON, Suppression
from mailer.store import ledger, suppressions
from mailer.store.contacts import addresses_of, find_contact, read_contacts
from mailer.store.database import Database
from mailer.store.suppressions import Held, counts, newest_suppressions, suppressions_of
from mailer.workspace.csvout import csv_lines


@dataclass(frozen=True, slots=True)
class Lifting:
    """Who lifts what.

    Args:
        scope: Only that of this scope; None for all that can be lifted.
        by: The staff member.
    """

    scope: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """What came of lifting.

    Args:
        lifted: What was taken away, or would be.
        stay: What only the person can end.
    """

    address: str
    lifted: tuple[Suppression, ...]
    stay: tuple[Suppression, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One suppression; without an address nobody knows any more whose it is."""

    address: str | None
    hash: bytes
    suppression: Suppression


def add(
    database: Database,
    logbook: Logbook,
    address: str,
    suppression: Suppression,
    by: str,
) -> Held:
    """Keep letters from an address from now on.

    Raises:
        AddressError: when it is none.
        RefusedError: when nobody is named who does it.
        WorkspaceError: when the logbook cannot be written; it is in force all the same.
    """
    found = parse_address(address)
    _require_named(by)
    hashed = logbook.ring.suppression_hash(found.match)
    refusal = Refusal(0, found.given, found.match, hashed, suppression)
    recorder = Recorder(How.SUPPORT, by.strip())
    noes = noes_of([refusal], recorder)
    with say_no(database, logbook, noes) as connection:
        now = suppression.since_at
        (came,), _ = refuse(connection, logbook.ring, [refusal], recorder, now)
    return came


def lift(
    database: Database,
    logbook: Logbook,
    address: str,
    lifting: Lifting,
    now: datetime,
    *,
    dry_run: bool = False,
) -> Lifted:
    """Take away what staff or a bounce put on an address.

    Raises:
        AddressError: when it is no address.
        NotFoundError: when nothing is on record.
        RefusedError: when all of it is what the person said herself.
        WorkspaceError: when the logbook cannot be written; it is lifted all the same, and
            holds again after a restore.
    """
    ring = logbook.ring
    found = parse_address(address)
    _require_named(lifting.by)
    hashed = ring.suppression_hash(found.match)
    scope = lifting.scope
    with database.write() as connection:
        ledger.lock(connection)
        here = [
            one for one in suppressions_of(connection, hashed) if scope in (None, one.scope)
        ]
        lifted = tuple(one for one in here if one.reason not in SAID_BY_THE_PERSON)
        stay = tuple(one for one in here if one.reason in SAID_BY_THE_PERSON)
        if not lifted:
            raise _nothing_to_lift(found.given, stay, scope)
        ending = End(lifted, How.SUPPORT, now, lifting.by.strip())
        if not dry_run:
            contact = find_contact(connection, found.match)
            end(connection, ring, hashed, contact, ending)
    if not dry_run:
        note_end(logbook, hashed, ending)
    return Lifted(found.given, lifted, stay)


def newest(database: Database, limit: int) -> list[Listed]:
    """Return the latest suppressions, the newest first."""
    with database.read() as connection:
        found = newest_suppressions(connection, limit)
        known = addresses_of(connection, [hashed for hashed, _ in found])
    return [Listed(known.get(hashed), hashed, one) for hashed, one in found]


def of_address(database: Database, ring: KeyRing, address: str) -> list[Listed]:
    """Return what is on record about one address.

    Raises:
        AddressError: when it is none.
    """
    found = parse_address(address)
    hashed = ring.suppression_hash(found.match)
    with database.read() as connection:
        here = suppressions_of(connection, hashed)
    return [Listed(found.given, hashed, one) for one in here]


def counted(database: Database) -> dict[tuple[str, str], int]:
    """Count all suppressions by scope and reason."""
    with database.read() as connection:
        return counts(connection)


def export(database: Database) -> Generator[Listed, None, None]:
    """Go through all suppressions: first those of contacts, with their addresses.

    Of the others nobody knows the address: only the keyed hash was ever kept.
    """
    known: set[bytes] = set()
    for page in read_contacts(database, None):
        address_of = {contact.hash: contact.address for contact, _ in page}
        with database.read() as connection:
            held = suppressions.all_of(connection, list(address_of))
        for hashed, one in held:
            known.add(hashed)
            yield Listed(address_of[hashed], hashed, one)
    for rows in suppressions.read_suppressions(database):
        yield from (Listed(None, *row) for row in rows if row[0] not in known)


def as_csv(listed: Iterable[Listed], ring: KeyRing) -> Iterator[str]:
    """Write suppressions as lines of CSV that can be imported again."""
    yield from csv_lines([OWN_COLUMNS])
    yield from csv_lines(
        [
            one.address or "",
            ring.write_hash(one.hash),
            one.suppression.scope,
            one.suppression.reason.value,
            _time(one.suppression.since_at),
            _time(one.suppression.until_at),
            one.suppression.source,
        ]
        for one in listed
    )


def _nothing_to_lift(
    address: str, stay: tuple[Suppression, ...], scope: str | None
) -> NotFoundError | RefusedError:
    if not stay:
        where = "" if scope is None else f" with scope {scope}"
        return NotFoundError(f"{address} is not suppressed{where}: nothing is to be lifted")
    one = stay[0]
    return RefusedError(
        f"{address} is suppressed ({one.reason}, scope {one.scope}) since"
        f" {one.since_at:%Y-%m-%d}: that is what the person said, and only the person can"
        " take it back, by signing up and confirming"
    )


def _require_named(by: str) -> None:
    if not by.strip():
        raise RefusedError("say who does it: --by NAME")


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
