"""One person at a time: added with consent, and shown with all that is on record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import available_timezones

from mailer.audience.admission import (
    STAY_AWAY,
    Admission,
    Known,
    admit,
    change,
    details_of,
    expiry,
    why_away,
)
from mailer.audience.header import read_header
from mailer.audience.rows import PersonRow, Rejected, RowReader
from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.model.address import Address, parse_address
from mailer.model.attributes import AttributeSpec
from mailer.model.consent import Act, Basis, How, NewEntry
from mailer.model.contact import Contact, Details
from mailer.model.frequency import Frequency
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.model.subscription import Subscription, step
from mailer.model.suppression import Suppression, scopes_against
from mailer.store import ledger
from mailer.store.contacts import (
    change_contacts,
    create_contacts,
    find_contact,
    new_row,
)
from mailer.store.database import Connection, Database
from mailer.store.frequencies import frequency
from mailer.store.lists import all_lists, see_list, words
from mailer.store.plaintexts import plain_since
from mailer.store.subscriptions import of_contacts, subscription
from mailer.store.suppressions import in_force, suppressions_of
from mailer.store.topics import topics_chosen


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to add, and what is declared about the consent.

    Args:
        values: What is known, by the names of import columns, as a cell would say it.
        source: Where the person agreed.
        wording: The version of the list's words that were shown; None for those in force.
        by: Who records it, or None.
    """

    address: str
    mailing_list: MailingList
    basis: Basis
    source: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    wording: int | None = None
    expires_at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a contact stands on one list, with the words that were agreed to."""

    list_id: str
    title: str
    subscription: Subscription
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is on record about one address.

    Args:
        contact: None for somebody we do not know, who may still be suppressed.
        frequency: How often she wants letters; None when she never said.
        topics: What she wants letters about, by the list's id; of others about all.
        plain: She wants letters as text alone.
    """

    contact: Contact | None
    memberships: tuple[Membership, ...]
    suppressions: tuple[Suppression, ...]
    frequency: Frequency | None = None
    topics: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    plain: bool = False


def add_contact(
    database: Database,
    ring: KeyRing,
    specs: Mapping[str, AttributeSpec],
    person: NewPerson,
    clock: Callable[[], datetime],
) -> Admission:
    """Add somebody to a list, with the consent on record, or change what is known.

    Raises:
        AddressError: when the address cannot be written to.
        RefusedError: when the person has left or is suppressed, or a value cannot be.
    """
    row = _row(specs, person)
    now = clock()
    hashed = ring.suppression_hash(row.address.match)
    with database.write() as connection:
        see_list(connection, person.mailing_list, now)
        ledger.lock(connection)
        contact = find_contact(connection, row.address.match)
        known = known_about(connection, contact, hashed, person.mailing_list.id, now)
        entry = _entry(person, row, now)
        admission = admit(known, step(entry, 0))
        if admission in STAY_AWAY:
            raise RefusedError(f"{row.address.given}: {why_away(known)}")
        contact_id = write_details(
            connection, row.address, details_of(row), contact, hashed, now
        )
        if admission is not Admission.ALREADY_ON:
            ledger.append(connection, ring, [replace(entry, contact_id=contact_id)])
    return admission


def show_contact(database: Database, ring: KeyRing, address: str) -> Shown:
    """Return all that is on record about an address.

    Raises:
        AddressError: when it is no address.
        NotFoundError: when nothing is on record.
    """
    match = parse_address(address).match
    with database.read() as connection:
        contact = find_contact(connection, match)
        suppressions = tuple(suppressions_of(connection, ring.suppression_hash(match)))
        if contact is None:
            if not suppressions:
                raise NotFoundError(
                    f"nothing is on record about {address}: no contact, no suppression"
                )
            return Shown(None, (), suppressions)
        lists = all_lists(connection)
        memberships = tuple(
            Membership(
                list_id,
                lists[list_id].title if list_id in lists else list_id,
                one,
                _words(connection, list_id, one.wording),
            )
            for (_, list_id), one in sorted(of_contacts(connection, [contact.id]).items())
        )
        often = frequency(connection, contact.id)
        plain = plain_since(connection, contact.id) is not None
        chosen = topics_chosen(connection, contact.id)
    topics = {list_id: sorted(one.topics) for list_id, one in sorted(chosen.items())}
    return Shown(contact, memberships, suppressions, often, topics, plain)


def _row(specs: Mapping[str, AttributeSpec], person: NewPerson) -> PersonRow:
    """Read what was said as the one row of an import."""
    known = {*specs, "language", "time_zone"}
    for name in person.values:
        if name not in known:
            raise RefusedError(f"a contact has no {name!r}{did_you_mean(name, known)}")
    names: Sequence[str] = ("email", *person.values)
    columns = read_header(names, specs, ignore_unknown=False)
    reader = RowReader(columns, person.basis, frozenset(available_timezones()))
    row = reader.read(1, [person.address, *person.values.values()])
    if isinstance(row, Rejected):
        raise RefusedError(row.reason)
    return row


def known_about(
    connection: Connection,
    contact: Contact | None,
    hashed: bytes,
    list_id: str,
    now: datetime,
) -> Known:
    """Return what is on record that decides whether somebody may be put on a list."""
    scopes = scopes_against(Kind.MARKETING, list_id)
    held = in_force(connection, [hashed], scopes, now).get(hashed)
    return Known(
        is_contact=contact is not None,
        subscription=(
            None if contact is None else subscription(connection, contact.id, list_id)
        ),
        suppression=held[0] if held else None,
    )


def _entry(person: NewPerson, row: PersonRow, now: datetime) -> NewEntry:
    mailing_list = person.mailing_list
    wording = mailing_list.wording.version if person.wording is None else person.wording
    if wording not in {one.version for one in mailing_list.wordings}:
        raise RefusedError(
            f"lists/{mailing_list.name}.toml has no version {wording} of its words"
        )
    if not person.source.strip():
        raise RefusedError("say where the person agreed: --source 'by phone, 3 May'")
    return NewEntry(
        contact_id=0,
        who=row.address.match,
        list_id=mailing_list.id,
        wording=wording,
        act=Act.GRANTED,
        at=now,
        how=How.COMMAND,
        basis=person.basis,
        source=person.source.strip(),
        expires_at=expiry(person.basis, person.expires_at, now),
        by=person.by,
    )


def write_details(
    connection: Connection,
    address: Address,
    said: Details,
    contact: Contact | None,
    hashed: bytes,
    now: datetime,
) -> int:
    """Create the contact or change what is known, and return the id."""
    if contact is None:
        new = new_row(address.match, hashed, address.wire, said, now)
        return create_contacts(connection, [new])[0]
    changed = change(contact.details, said, contact.own)
    if changed is not None:
        change_contacts(connection, [(contact.id, changed.details)], now)
    return contact.id


def _words(connection: Connection, list_id: str, version: int) -> str:
    found = words(connection, list_id, version) if version else None
    return "" if found is None else found.text
