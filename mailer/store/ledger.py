"""Writing the consent ledger: append-only, gapless, chained; subscriptions follow from it.

Writers queue on one head row, so that two of them can't both follow the same entry. The
entries, the head and where their contacts stand are changed in one transaction: the
caller's.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select, update

from mailer.model.chain import (
    FIRST_MAC,
    SALT_BYTES,
    Common,
    canonical,
    common_bytes,
    digest,
    personal_bytes,
    seal,
    who_bytes,
    words_digest,
)
from mailer.model.consent import NewEntry
from mailer.model.key import KeyRing, Purpose
from mailer.model.subscription import step
from mailer.store.bulk import Row, insert_rows
from mailer.store.evidence import PERSONAL
from mailer.store.projection import project, project_alike
from mailer.store.tables import LedgerHead, LedgerRow, WordingRow, table, to_instant

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

_NOBODY = (None,) * 6
"""Neither browser nor recorder."""

Chance = Callable[[int], bytes]
"""Gives that many unforeseeable bytes."""

Personal = tuple[Row, bytes]
"""Personal values as they are stored with their salts, and as they are sealed."""


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


def personal_with(
    values: Sequence[tuple[str, str | None]], chance: Chance = os.urandom
) -> list[Personal]:
    """Salt match forms and network addresses for `append_own`."""
    made: list[Personal] = []
    for match, network in values:
        salt, other = chance(SALT_BYTES), None if network is None else chance(SALT_BYTES)
        who = digest(salt, match)
        there = None if network is None or other is None else digest(other, network)
        stored = (salt, who, match, other, there, network, *_NOBODY)
        made.append((stored, personal_bytes(who, there)))
    return made


def personal(matches: Sequence[str], chance: Chance = os.urandom) -> list[Personal]:
    """Salt match forms for `append_alike`; made before, it keeps the write lock short."""
    salts = chance(SALT_BYTES * len(matches))
    made: list[Personal] = []
    for place, match in enumerate(matches):
        salt = salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        who = digest(salt, match)
        made.append(((salt, who, match), who_bytes(who)))
    return made


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
    people: Sequence[tuple[int, Personal, NewEntry]],
) -> range:
    """Do as `append_alike` where each person's entry says something of its own.

    Args:
        people: Each a contact's id, what `personal_with` made, and the entry, of which
            contact and personal values do not count; all of one act and list, nobody twice.
    """
    known: dict[tuple[str, int], bytes] = {}
    drafts = [
        (contact, _shared(connection, entry, known), who) for contact, who, entry in people
    ]
    numbers = _chain(connection, ring, head, drafts)
    groups: dict[tuple[int, datetime | None], list[tuple[int, int]]] = {}
    first: dict[tuple[int, datetime | None], NewEntry] = {}
    for (contact, _, entry), number in zip(people, numbers, strict=True):
        same = (entry.wording, entry.expires_at)
        first.setdefault(same, entry)
        groups.setdefault(same, []).append((contact, number))
    for same, some in groups.items():
        contacts = [contact for contact, _ in some]
        theirs = [number for _, number in some]
        project_alike(connection, step(first[same], theirs[0]), contacts, theirs)
    return numbers


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
