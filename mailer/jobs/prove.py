"""Showing what somebody agreed to, so that it convinces somebody who doubts it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.verify_ledger import LedgerReport, take_checkpoint
from mailer.model import proof
from mailer.model.address import parse_address
from mailer.model.chain import Checkpoint
from mailer.model.contact import Contact
from mailer.model.key import KeyRing, Purpose
from mailer.model.subscription import Subscription
from mailer.model.suppression import Suppression
from mailer.store.contacts import find_contact
from mailer.store.database import Connection, Database
from mailer.store.evidence import Evidence, checkpoint, evidence_of, seals
from mailer.store.lists import all_lists, words
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import suppressions_of

VERSION = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry with the exact words that were shown, and its seal.

    Args:
        title: The list's title; "" where it concerns all marketing.
        words: The words of the version that was shown; "" when none were.
    """

    evidence: Evidence
    title: str
    words: str
    seal: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """All that the ledger says about one person, and where it leads.

    Args:
        contact: None for somebody who is no contact (any more).
        standing: Where she stands, by list.
    """

    address: str
    contact: Contact | None
    entries: tuple[Shown, ...]
    standing: Mapping[str, Subscription]
    suppressions: tuple[Suppression, ...]
    head: Checkpoint


def consent_record(
    database: Database, ring: KeyRing, address: str, now: datetime
) -> Record:
    """Return all that the ledger says about an address.

    Raises:
        AddressError: when it is no address.
        NotFoundError: when nothing is on record.
    """
    match = parse_address(address).match
    with database.read() as connection:
        contact = find_contact(connection, match)
        held = tuple(suppressions_of(connection, ring.suppression_hash(match)))
        if contact is None and not held:
            raise NotFoundError(
                f"nothing is on record about {address}: no contact, no suppression"
            )
        head = checkpoint(connection, now)
        if contact is None:
            return Record(address, None, (), {}, held, head)
        places = of_contacts(connection, [contact.id])
        return Record(
            contact.address,
            contact,
            tuple(_shown(connection, contact.id)),
            {list_id: one for (_, list_id), one in sorted(places.items())},
            held,
            head,
        )


def prove(
    database: Database,
    ring: KeyRing,
    address: str,
    verified: LedgerReport,
    now: datetime,
) -> dict[str, Any]:
    """Make the signed document of what somebody agreed to.

    Args:
        verified: What verifying the ledger just found; it stands in the document.

    Raises:
        AddressError: when it is no address.
        NotFoundError: when nothing is on record.
        RefusedError: when there is no contact whose entries could be shown.
    """
    record = consent_record(database, ring, address, now)
    if record.contact is None:
        raise RefusedError(
            f"{address} is no contact (any more): the ledger's entries still verify, but"
            " they no longer say whose they are; only suppressions are on record"
        )
    facts = {
        "version": VERSION,
        "made_at": now,
        "address": record.address,
        "entries": [_entry(one) for one in record.entries],
        "standing": {list_id: asdict(one) for list_id, one in record.standing.items()},
        "suppressions": [asdict(one) for one in record.suppressions],
        "ledger": {
            "entries": record.head.number,
            "head": record.head.mac,
            "verified_entries": verified.entries,
            "checkpoints_met": verified.checkpoints,
            "findings": verified.findings,
        },
    }
    return proof.sign(_plain(facts), ring)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ledger's head at a moment, to be kept where nobody can change it.

    Args:
        public_key: What proofs made from now on are checked by.
    """

    checkpoint: Checkpoint
    public_key: bytes


def anchor(database: Database, ring: KeyRing, path: str, now: datetime) -> Anchor:
    """Take a checkpoint, into the file of checkpoints too, and return it."""
    key = ring.newest(Purpose.LEDGER)
    return Anchor(take_checkpoint(database, path, now), proof.public_key(key))


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What checking a document found.

    Args:
        signed: Its signature is that of what it says.
        ours: It was signed with one of our keys.
        entries: How many entries it shows.
        missing: Numbers of entries that this ledger does not have like that (any more).
    """

    signed: bool
    ours: bool
    entries: int
    missing: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether all of it does."""
        return self.signed and self.ours and not self.missing


def check_proof(
    database: Database, ring: KeyRing, document: Mapping[str, Any]
) -> ProofReport:
    """Check a document's signature, and its entries against the ledger.

    Raises:
        ValueError: when it is no such document.
    """
    found = proof.check(document, ring)
    try:
        said = {
            int(one["number"]): bytes.fromhex(one["seal"])
            for one in document["facts"]["entries"]
        }
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"its entries cannot be read: {problem}") from None
    with database.read() as connection:
        there = seals(connection, said)
    missing = tuple(number for number in said if there.get(number) != said[number])
    return ProofReport(found.signed, found.ours, len(said), missing)


def _shown(connection: Connection, contact_id: int) -> list[Shown]:
    entries = evidence_of(connection, contact_id)
    sealed = seals(connection, [one.number for one in entries])
    lists = all_lists(connection)
    shown: list[Shown] = []
    for one in entries:
        title = text = ""
        if one.list_id is not None:
            title = lists[one.list_id].title if one.list_id in lists else one.list_id
            wording = words(connection, one.list_id, one.wording) if one.wording else None
            text = "" if wording is None else wording.text
        shown.append(Shown(one, title, text, sealed[one.number]))
    return shown


def _entry(one: Shown) -> dict[str, object]:
    return {
        **asdict(one.evidence),
        "list_title": one.title,
        "words": one.words,
        "seal": one.seal,
    }


def _plain(value: object) -> Any:
    """Turn values into what JSON has: times as RFC 3339 in UTC, bytes as hexadecimal."""
    match value:
        case dict():
            named = cast("dict[str, object]", value)
            return {name: _plain(one) for name, one in named.items()}
        case list() | tuple():
            return [_plain(one) for one in cast("Sequence[object]", value)]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return value.hex()
        case Enum():
            return str(value.value)
        case _:
            return value
