"""Writing the consent ledger: append-only, gapless, chained; subscriptions follow from it.

Writers queue on one head row, so that two of them can't both follow the same entry. The
entries, the head and where their contacts stand are changed in one transaction: the
caller's.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select, update

from mailer.audience.rowevidence import RowEvidence
from mailer.model.chain import (
    FIRST_MAC,
    SALT_BYTES,
    WITH_EVIDENCE,
    Common,
    canonical,
    common_bytes,
    digest,
    evidence_bytes,
    personal_bytes,
    seal,
    words_digest,
)
from mailer.model.consent import EvidenceOf, NewEntry
from mailer.model.key import KeyRing, Purpose
from mailer.model.subscription import step
from mailer.store.bulk import Row, insert_rows
from mailer.store.columns import to_instant
from mailer.store.evidence import PERSONAL
from mailer.store.projection import project, project_alike
from mailer.store.salting import Chance, Personal
from mailer.store.tables import LedgerHead, LedgerRow, WordingRow, table

_rows = table(LedgerRow)
_head = table(LedgerHead)
_words = table(WordingRow)

_COMMON_COLUMNS = (
    "list_id", "wording", "words_digest", "act", "at", "how", "basis", "source",
    "batch_id", "expires_at", "evidence", "consent_at", "confirmed_at", "purchase_at",
)  # fmt: skip
COLUMNS = (
    "number", "contact_id", "key_id", "mac",
    *_COMMON_COLUMNS,
    *(f"{name}_{part}" for name in PERSONAL for part in ("salt", "digest", "value")),
)  # fmt: skip
"""As a row is written: its seal, what entries share, what is personal."""

_fields = attrgetter(*_COMMON_COLUMNS)
_COLUMNS_TO_WHO = COLUMNS[: COLUMNS.index("who_value") + 1]
_take_head = select(_head.c.number, _head.c.mac).where(_head.c.id == 1).with_for_update()
_move_head = (
    update(_head)
    .where(_head.c.id == 1)
    .values(number=bindparam("to_number"), mac=bindparam("to_mac"))
)


@dataclass(frozen=True, slots=True)
class Head:
    """The ledger's last entry."""

    number: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class _Shared:
    """What entries that are written alike have in common, in its two shapes."""

    row: Row
    sealed: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Alike:
    """An entry that many people get, but for who they are.

    Args:
        entry: Its contact and personal values do not count.
    """

    entry: NewEntry
    shared: _Shared


def alike(connection: Connection, entry: NewEntry) -> Alike:
    """Prepare an entry for `append_alike`.

    Raises:
        ValueError: when it names words that are not on record (`see_list` first).
    """
    return Alike(entry, _shared(connection, entry, {}))


def append(
    connection: Connection,
    ring: KeyRing,
    entries: Sequence[NewEntry],
    chance: Chance = os.urandom,
) -> range:
    """Write entries into the ledger, and where their contacts stand from now on.

    Returns:
        The entries' numbers, in order.

    Raises:
        ValueError: when an entry names words that are not on record (`see_list` first).
    """
    head = lock(connection)
    known: dict[tuple[str, int], bytes] = {}
    drafts = [
        (
            entry.contact_id,
            _shared(connection, entry, known),
            _personal_of(entry, chance),
        )
        for entry in entries
    ]
    numbers = _chain(connection, ring, head, drafts)
    project(
        connection,
        [
            (entry.contact_id, step(entry, number))
            for entry, number in zip(entries, numbers, strict=True)
        ],
    )
    return numbers


def append_alike(
    connection: Connection,
    ring: KeyRing,
    head: Head,
    alike: Alike,
    people: Sequence[tuple[int, Personal]],
) -> range:
    """Write an entry for each of many people: the same but for who they are.

    Args:
        head: What `lock` returned in this transaction, and nothing was written since.
        people: Each a contact's id and what `personal` made of the match form; nobody
            twice.

    Returns:
        The entries' numbers, in order.
    """
    drafts = [(contact, alike.shared, who) for contact, who in people]
    numbers = _chain(connection, ring, head, drafts, _COLUMNS_TO_WHO)
    contacts = [contact for contact, _ in people]
    project_alike(connection, step(alike.entry, numbers.start), contacts, numbers)
    return numbers


def append_own(
    connection: Connection,
    ring: KeyRing,
    head: Head,
    entry: NewEntry,
    people: Sequence[tuple[int, Personal, RowEvidence | None]],
) -> range:
    """Do as `append_alike` where each person's entry may say something of its own.

    Args:
        entry: What holds for those whose row says nothing.
        people: Each a contact's id, what `personal_with` made, and what the row says;
            nobody twice.
    """
    drafts: list[tuple[int, _Shared, Personal]] = []
    shapes: dict[tuple[int, datetime | None], tuple[NewEntry, _Shared]] = {}
    groups: dict[tuple[int, datetime | None], list[int]] = {}
    for place, (contact, who, said) in enumerate(people):
        same = (entry.wording, entry.expires_at)
        if said is not None:
            same = (said.wording or entry.wording, said.expires_at or entry.expires_at)
        if same not in shapes:
            theirs = replace(entry, wording=same[0], expires_at=same[1], evidence=None)
            shapes[same] = (theirs, _shared(connection, theirs, {}))
        groups.setdefault(same, []).append(place)
        drafts.append((contact, _with_evidence(shapes[same][1], entry, said), who))
    numbers = _chain(connection, ring, head, drafts)
    for same, places in groups.items():
        contacts = [drafts[place][0] for place in places]
        some = [numbers[place] for place in places]
        project_alike(connection, step(shapes[same][0], some[0]), contacts, some)
    return numbers


def _with_evidence(first: _Shared, entry: NewEntry, said: RowEvidence | None) -> _Shared:
    """Put a row's evidence behind what it shares with the others."""
    whose = entry.evidence if said is None else EvidenceOf.ROW
    if whose is None:
        return first
    fields = (
        whose.value,
        None if said is None else _instant(said.consent_at),
        None if said is None else _instant(said.confirmed_at),
        None if said is None else _instant(said.purchase_at),
    )
    row = first.row[: -len(fields)] + fields
    return _Shared(row, first.sealed + evidence_bytes(*fields), WITH_EVIDENCE)


def lock(connection: Connection) -> Head:
    """Wait until nobody else writes into the ledger, keep it so, and return its head."""
    row = connection.execute(_take_head).first()
    if row is None:
        first = [(1, 0, FIRST_MAC)]
        insert_rows(
            connection, _head, ("id", "number", "mac"), first, "ON CONFLICT DO NOTHING"
        )
        row = connection.execute(_take_head).one()
    return Head(row.number, bytes(row.mac))


def _chain(
    connection: Connection,
    ring: KeyRing,
    head: Head,
    drafts: Sequence[tuple[int, _Shared, Personal]],
    columns: Sequence[str] = COLUMNS,
) -> range:
    """Number and seal entries, write them, and move the head."""
    number, mac = head.number, head.mac
    if not drafts:
        return range(number + 1, number + 1)
    key = ring.newest(Purpose.LEDGER)
    rows: list[Row] = []
    for contact_id, shared, (stored, sealed) in drafts:
        number += 1
        text = canonical(contact_id, key.id, shared.sealed, sealed, shared.version)
        mac = seal(key.secret, mac, number, text)
        rows.append((number, contact_id, key.id, mac, *shared.row, *stored))
    insert_rows(connection, _rows, columns, rows)
    connection.execute(_move_head, {"to_number": number, "to_mac": mac})
    return range(head.number + 1, number + 1)


def _personal_of(entry: NewEntry, chance: Chance) -> Personal:
    stored: list[object] = []
    digests: list[bytes | None] = []
    for value in (entry.who, entry.network_address, entry.agent, entry.by):
        salt = None if value is None else chance(SALT_BYTES)
        digests.append(None if salt is None or value is None else digest(salt, value))
        stored += (salt, digests[-1], value)
    who, *others = digests
    assert who is not None
    return tuple(stored), personal_bytes(who, *others)


def _shared(
    connection: Connection, entry: NewEntry, known: dict[tuple[str, int], bytes]
) -> _Shared:
    words = None
    if entry.wording and entry.list_id is not None:
        version = (entry.list_id, entry.wording)
        if version not in known:
            known[version] = _digest_of_words(connection, *version)
        words = known[version]
    common = Common(
        list_id=entry.list_id,
        wording=entry.wording,
        words_digest=words,
        act=entry.act.value,
        at=to_instant(entry.at),
        how=entry.how.value,
        basis=None if entry.basis is None else entry.basis.value,
        source=entry.source,
        batch_id=entry.batch_id,
        expires_at=_instant(entry.expires_at),
        evidence=None if entry.evidence is None else entry.evidence.value,
        consent_at=_instant(entry.consent_at),
        confirmed_at=_instant(entry.confirmed_at),
        purchase_at=_instant(entry.purchase_at),
    )
    return _Shared(_fields(common), common_bytes(common), common.version)


def _instant(time: datetime | None) -> int | None:
    return None if time is None else to_instant(time)


def _digest_of_words(connection: Connection, list_id: str, version: int) -> bytes:
    found = connection.execute(
        select(_words.c.words).where(
            _words.c.list_id == list_id, _words.c.version == version
        )
    ).scalar()
    if found is None:
        raise ValueError(f"version {version} of the words of {list_id!r} is not on record")
    return words_digest(found)
