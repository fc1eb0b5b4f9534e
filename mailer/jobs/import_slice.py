"""One slice of an import: gather what is on record, decide about each, apply."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from mailer.errors import DatabaseError, MailerError, RefusedError
from mailer.jobs.import_people import Ready
from mailer.model.consent import Act, EvidenceOf, How, NewEntry
from mailer.model.contact import Contact, Details
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.subscription import step
from mailer.model.suppression import scopes_against
from mailer.store import ledger
from mailer.store.batches import Batch, Changed, batches_behind, get_batch, remember
from mailer.store.contacts import (
    NewContact,
    change_contacts,
    create_contacts,
    find_contacts,
    new_rows,
    read_json,
)
from mailer.store.database import Connection
from mailer.store.ledger import Alike
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all slices of an import.

    Args:
        entry: What `grant` gave, prepared; None where nothing is written.
        own: The rows have columns of evidence.
        said_no: Of whom another file of the same import says that she must not get mail,
            by keyed hash: what it says. The more cautious of two answers counts.
    """

    batch: Batch
    entry: Alike | None
    own: bool
    said_no: Mapping[bytes, str] = field(default_factory=dict[bytes, str])


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
    """About somebody who is on record, as a contact or as suppressed."""

    person: Ready
    contact: Contact | None
    admission: Admission
    why_away: str


@dataclass(slots=True)
class _Decisions:
    """About everybody in a slice; mostly they are new."""

    new: list[Ready]
    known: list[_Decision]

    def staying(self) -> list[tuple[Contact, _Decision]]:
        """Return the contacts whom the import may change."""
        return [
            (one.contact, one)
            for one in self.known
            if one.contact is not None and one.admission not in STAY_AWAY
        ]


def apply_slice(
    connection: Connection,
    ring: KeyRing,
    terms: Terms,
    people: Sequence[Ready],
    now: datetime,
) -> SliceResult:
    """Write a slice: contacts, what was before, ledger entries and subscriptions."""
    assert terms.entry is not None
    # First of all, so that nobody leaves or joins between what is read and what is written.
    head = ledger.lock(connection)
    decisions = _decide(connection, terms, people, now)
    new = new_rows([_contact(one) for one in decisions.new], now)
    ids = create_contacts(connection, new)
    granted = list(zip(ids, decisions.new, strict=True))
    granted += [
        (contact.id, one.person)
        for contact, one in decisions.staying()
        if one.admission in GRANTS
    ]
    changed = _change(connection, terms.batch, decisions, now)
    if terms.own:
        theirs = [(contact, one.personal, one.evidence) for contact, one in granted]
        ledger.append_own(connection, ring, head, terms.entry.entry, theirs)
    else:
        alike = [(contact, one.personal) for contact, one in granted]
        ledger.append_alike(connection, ring, head, terms.entry, alike)
    return _result(decisions, changed)


def try_slice(
    connection: Connection, terms: Terms, people: Sequence[Ready], now: datetime
) -> SliceResult:
    """Say what `apply_slice` would do, and change nothing."""
    decisions = _decide(connection, terms, people, now)
    changed = sum(
        change(contact.details, _details(one.person), contact.own) is not None
        for contact, one in decisions.staying()
    )
    return _result(decisions, changed)


def moved(connection: Connection, batch: Batch) -> MailerError:
    """Say why an import is not where its program has brought it."""
    found = get_batch(connection, batch.id)
    if found is not None and found.state is batch.state:
        lost = batch.rows_done - found.rows_done
        # Only a server that crashes takes back what was committed without a flush.
        if lost > 0:
            return DatabaseError(
                f"the database lost the last {lost} rows of batch {batch.id}, as a server"
                " does that crashes: run the same command again, and it goes on from there"
            )
    return RefusedError(f"batch {batch.id} is being imported or undone by another program")


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
        evidence=EvidenceOf.BATCH,
    )


def grant_of(entry: NewEntry, person: Ready) -> NewEntry:
    """Return the entry of one person of an import, with what the own row says."""
    said = person.evidence
    if said is None:
        return entry
    return replace(
        entry,
        wording=said.wording or entry.wording,
        expires_at=said.expires_at or entry.expires_at,
        evidence=EvidenceOf.ROW,
        consent_at=said.consent_at,
        confirmed_at=said.confirmed_at,
        purchase_at=said.purchase_at,
    )


def _decide(
    connection: Connection, terms: Terms, people: Sequence[Ready], now: datetime
) -> _Decisions:
    batch = terms.batch
    list_id = batch.declared.list_id
    contacts = find_contacts(connection, [one.match for one in people])
    scopes = scopes_against(Kind.MARKETING, list_id)
    stopped = in_force(connection, [one.hash for one in people], scopes, now)
    said_no = {one.hash for one in people if one.hash in terms.said_no}
    if not contacts and not stopped and not said_no:
        return _Decisions(list(people), [])
    standing = of_contacts(connection, [one.id for one in contacts.values()])
    behind = batches_behind(connection, [one.ledger_number for one in standing.values()])
    granted = grant(batch, now)
    decisions = _Decisions([], [])
    for person in people:
        contact = contacts.get(person.match)
        suppressions = stopped.get(person.hash)
        if person.hash in said_no:
            why = f"the files disagree: {terms.said_no[person.hash]}; the no counts"
            decided = _Decision(person, contact, Admission.CONFLICTING, why)
            decisions.known.append(decided)
            continue
        if contact is None and suppressions is None:
            decisions.new.append(person)
            continue
        on_list = None if contact is None else standing.get((contact.id, list_id))
        known = Known(
            contact is not None,
            on_list,
            behind.get(on_list.ledger_number) if on_list else None,
            suppressions[0] if suppressions else None,
        )
        admission = admit(known, step(grant_of(granted, person), 0))
        why = why_away(known) if admission in STAY_AWAY else ""
        decisions.known.append(_Decision(person, contact, admission, why))
    return decisions


def _change(
    connection: Connection, batch: Batch, decisions: _Decisions, now: datetime
) -> int:
    """Write what rows change about contacts, and what was there before."""
    changes = [
        (contact.id, changed)
        for contact, one in decisions.staying()
        if (changed := change(contact.details, _details(one.person), contact.own))
        is not None
    ]
    change_contacts(connection, [(who, one.details) for who, one in changes], now)
    remember(
        connection, batch.id, [Changed(who, one.before, one.after) for who, one in changes]
    )
    return len(changes)


def _result(decisions: _Decisions, changed: int) -> SliceResult:
    people = [*decisions.new]
    people += [one.person for one in decisions.known if not one.why_away]
    counts = Counter(one.admission.value for one in decisions.known)
    counts[Admission.ADDED.value] += len(decisions.new)
    counts["shared"] = sum(one.shared for one in people)
    counts["changed"] = changed
    away: list[tuple[int, str, str]] = []
    for one in decisions.known:
        if one.why_away:
            people.append(one.person)
            away.append((one.person.line, one.why_away, one.person.given))
    counts[Admission.AGAIN.value] += sum(one.rows for one in people) - len(people)
    return SliceResult(counts, away)


def _contact(person: Ready) -> NewContact:
    return (
        person.match,
        person.hash,
        person.address,
        person.attributes,
        person.language,
        person.time_zone,
    )


def _details(person: Ready) -> Details:
    return Details(read_json(person.attributes), person.language, person.time_zone)
