"""One slice of an import: gather what is on record, decide about each, apply."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.admission import (
    GRANTS,
    STAY_AWAY,
    Admission,
    Known,
    admit,
    change,
    why_away,
)
from mailer.audience.rows import PersonRow
from mailer.model.address import Role
from mailer.model.consent import Act, How, NewEntry
from mailer.model.contact import Contact
from mailer.model.key import KeyRing, Purpose, relayer
from mailer.model.kind import Kind
from mailer.model.subscription import step
from mailer.model.suppression import scopes_against
from mailer.store import ledger
from mailer.store.batches import Batch, Changed, batches_behind, remember
from mailer.store.bulk import Row
from mailer.store.contacts import (
    change_contacts,
    create_contacts,
    find_contacts,
    new_rows,
)
from mailer.store.database import Connection
from mailer.store.ledger import Alike, Personal
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force


@dataclass(slots=True)
class Prepared:
    """A person of a slice, with all that can be computed before the write lock is held."""

    row: PersonRow
    hash: bytes
    contact: Row
    personal: Personal


@dataclass(slots=True)
class SliceResult:
    """What came of a slice.

    Args:
        counts: By `Admission`, in rows; and `changed`, `shared` in people.
        away: Who stays away: line, reason and address.
    """

    counts: Counter[str]
    away: list[tuple[int, str, str]]


@dataclass(slots=True)
class _Decision:
    person: Prepared
    contact: Contact | None
    admission: Admission
    why_away: str


def prepare(
    rows: Sequence[PersonRow], ring: KeyRing, now: datetime, chance: Callable[[int], bytes]
) -> list[Prepared]:
    """Compute hashes, salts and rows of people."""
    keys = ring.of(Purpose.SUPPRESSION)
    matches = [row.address.match for row in rows]
    hashes = [relayer(match.encode(), keys) for match in matches]
    contacts = new_rows(
        [
            (match, hashed, row.address.wire, row.attributes, row.language, row.time_zone)
            for match, hashed, row in zip(matches, hashes, rows, strict=True)
        ],
        now,
    )
    personal = ledger.personal(matches, chance)
    return list(map(Prepared, rows, hashes, contacts, personal))


def apply_slice(
    connection: Connection,
    ring: KeyRing,
    batch: Batch,
    entry: Alike,
    people: Sequence[Prepared],
    now: datetime,
) -> SliceResult:
    """Write a slice: contacts, what was before, ledger entries and subscriptions.

    Args:
        entry: What `grant` gave, prepared.
    """
    # First of all, so that nobody leaves or joins between what is read and what is written.
    head = ledger.lock(connection)
    decisions = _decide(connection, batch, people, now)
    admitted = [one for one in decisions if one.admission not in STAY_AWAY]
    created = [one for one in admitted if one.contact is None]
    ids = create_contacts(connection, [one.person.contact for one in created])
    id_of = {
        one.person.row.address.match: contact_id
        for one, contact_id in zip(created, ids, strict=True)
    }
    changed = _change(connection, batch, admitted, now)
    ledger.append_alike(
        connection,
        ring,
        head,
        entry,
        [
            (
                id_of[one.person.row.address.match]
                if one.contact is None
                else one.contact.id,
                one.person.personal,
            )
            for one in admitted
            if one.admission in GRANTS
        ],
    )
    return _result(decisions, changed)


def try_slice(
    connection: Connection, batch: Batch, people: Sequence[Prepared], now: datetime
) -> SliceResult:
    """Say what `apply_slice` would do, and change nothing."""
    decisions = _decide(connection, batch, people, now)
    changed = sum(
        one.contact is not None
        and one.admission not in STAY_AWAY
        and change(one.contact.details, one.person.row) is not None
        for one in decisions
    )
    return _result(decisions, changed)


def grant(batch: Batch, now: datetime) -> NewEntry:
    """Return the entry that each person of an import gets, but for who it is."""
    declared = batch.declared
    return NewEntry(
        contact_id=0,
        who="",
        list_id=declared.list_id,
        wording=declared.wording,
        act=Act.GRANTED,
        at=now,
        how=How.IMPORT,
        basis=declared.basis,
        source=declared.source,
        batch_id=batch.id,
        expires_at=declared.expires_at,
    )


def _decide(
    connection: Connection, batch: Batch, people: Sequence[Prepared], now: datetime
) -> list[_Decision]:
    declared = batch.declared
    matches = [one.row.address.match for one in people]
    contacts = find_contacts(connection, matches)
    stopped = in_force(
        connection,
        [one.hash for one in people],
        scopes_against(Kind.MARKETING, declared.list_id),
        now,
    )
    standing = of_contacts(connection, [one.id for one in contacts.values()])
    behind = batches_behind(connection, [one.ledger_number for one in standing.values()])
    new = step(grant(batch, now), 0)
    decisions: list[_Decision] = []
    for person in people:
        contact = contacts.get(person.row.address.match)
        suppressions = stopped.get(person.hash)
        if contact is None and suppressions is None:
            decisions.append(_Decision(person, None, Admission.ADDED, ""))
            continue
        on_list = None if contact is None else standing.get((contact.id, declared.list_id))
        known = Known(
            contact is not None,
            on_list,
            behind.get(on_list.ledger_number) if on_list else None,
            suppressions[0] if suppressions else None,
        )
        admission = admit(known, new)
        why = why_away(known) if admission in STAY_AWAY else ""
        decisions.append(_Decision(person, contact, admission, why))
    return decisions


def _change(
    connection: Connection, batch: Batch, admitted: Sequence[_Decision], now: datetime
) -> int:
    """Write what rows change about contacts, and what was there before."""
    changes = [
        (one.contact.id, changed)
        for one in admitted
        if one.contact is not None
        and (changed := change(one.contact.details, one.person.row)) is not None
    ]
    change_contacts(connection, [(who, one.details) for who, one in changes], now)
    remember(
        connection, batch.id, [Changed(who, one.before, one.after) for who, one in changes]
    )
    return len(changes)


def _result(decisions: Sequence[_Decision], changed: int) -> SliceResult:
    counts: Counter[str] = Counter()
    away: list[tuple[int, str, str]] = []
    for one in decisions:
        row = one.person.row
        counts[one.admission.value] += 1
        counts[Admission.AGAIN.value] += row.rows - 1
        if one.why_away:
            away.append((row.line, one.why_away, row.address.given))
        elif row.role is Role.SHARED:
            counts["shared"] += 1
    counts["changed"] += changed
    return SliceResult(counts, away)
