"""The ledger's chain: what of an entry is sealed, and how each seal holds the one before.

    mac = HMAC-SHA256(ledger key, previous mac ‖ number ‖ canonical bytes)

The number is 8 bytes, big-endian; the first entry is number 1 and follows 32 zero bytes.
The canonical bytes begin with their version and hold every field that is not personal,
each unambiguously: 0 for nothing, or 1 and an 8-byte two's complement for a number, or
1, a 4-byte length and the bytes for a text (UTF-8) or a digest. Times are microseconds
since 1970 UTC. Personal values stand in it only as SHA-256(salt ‖ value): when value and
salt are erased, nobody can tell any more what it was, and the chain still verifies.

Version 2 holds four more fields, behind those of version 1: whose evidence it is, and the
times of consent, confirmation and purchase. An entry without any of them is of version 1.
"""

import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime

from mailer.model.mac import keyed

FIRST_MAC = bytes(32)
"""What the first entry's seal holds in place of one before."""

SALT_BYTES = 16
FIRST_VERSION = 1
WITH_EVIDENCE = 2
"""Versions of the canonical bytes; all of them verify for ever."""

_NUMBER = struct.Struct(">Q")
_HEAD = struct.Struct(">BBqBq")
_PRESENT_NUMBER = struct.Struct(">Bq")
_PRESENT_BYTES = struct.Struct(">BI")
_NOTHING = b"\0"


@dataclass(frozen=True, slots=True)
class Common:
    """What entries that are written together mostly share; all of it is sealed.

    Args:
        words_digest: The SHA-256 of the exact words shown; None when none were.
        at: Microseconds since 1970 UTC; so are the other times.
        evidence: Whose it is: the row's or the batch's; None where nothing was imported.
    """

    list_id: str | None
    wording: int
    words_digest: bytes | None
    act: str
    at: int
    how: str
    basis: str | None
    source: str
    batch_id: int | None
    expires_at: int | None
    evidence: str | None = None
    consent_at: int | None = None
    confirmed_at: int | None = None
    purchase_at: int | None = None

    @property
    def version(self) -> int:
        """The version of the canonical bytes that holds it."""
        more = (self.evidence, self.consent_at, self.confirmed_at, self.purchase_at)
        return FIRST_VERSION if more == (None,) * 4 else WITH_EVIDENCE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the ledger was at a moment, kept where the database is not."""

    number: int
    mac: bytes
    at: datetime


def digest(salt: bytes, value: str) -> bytes:
    """Return what of a personal value is sealed: 32 bytes."""
    return hashlib.sha256(salt + value.encode()).digest()


def words_digest(words: str) -> bytes:
    """Return the 32 bytes that stand for the exact words shown."""
    return hashlib.sha256(words.encode()).digest()


def canonical(
    contact_id: int,
    key_id: int,
    common: bytes,
    personal: bytes,
    version: int = FIRST_VERSION,
) -> bytes:
    """Return the bytes that are sealed: other fields, other bytes.

    Args:
        key_id: The ledger key that seals the entry.
        common: The `common_bytes` of the entry.
        personal: Its `personal_bytes`.
        version: That of what entries share.
    """
    return _HEAD.pack(version, 1, contact_id, 1, key_id) + common + personal


def common_bytes(common: Common) -> bytes:
    """Return the canonical bytes of the fields that entries share."""
    first = b"".join(
        (
            _text(common.list_id),
            _number(common.wording),
            _bytes(common.words_digest),
            _text(common.act),
            _number(common.at),
            _text(common.how),
            _text(common.basis),
            _text(common.source),
            _number(common.batch_id),
            _number(common.expires_at),
        )
    )
    if common.version == FIRST_VERSION:
        return first
    return first + evidence_bytes(
        common.evidence, common.consent_at, common.confirmed_at, common.purchase_at
    )


def evidence_bytes(
    evidence: str | None,
    consent_at: int | None,
    confirmed_at: int | None,
    purchase_at: int | None,
) -> bytes:
    """Return what version 2 has behind the bytes of version 1."""
    dates = _number(consent_at) + _number(confirmed_at) + _number(purchase_at)
    return _text(evidence) + dates


def personal_bytes(
    who: bytes,
    network: bytes | None = None,
    agent: bytes | None = None,
    by: bytes | None = None,
) -> bytes:
    """Return the canonical bytes of the digests of personal values.

    Args:
        who: Of the match form of the address.
        network: Of the network address.
        agent: Of the browser.
        by: Of the staff member or key that recorded it.
    """
    return _bytes(who) + _bytes(network) + _bytes(agent) + _bytes(by)


def who_bytes(who: bytes) -> bytes:
    """Return `personal_bytes` of an entry that says nothing personal but who it is about.

    Args:
        who: A digest of 32 bytes.
    """
    return _WHO_IS_32_BYTES + who + _NOTHING_ELSE


def seal(secret: bytes, previous: bytes, number: int, canonical: bytes) -> bytes:
    """Return the MAC of an entry.

    Args:
        previous: The MAC of the entry before, or `FIRST_MAC`.
        number: From 1 on, without gaps.
    """
    return keyed(secret)(previous + _NUMBER.pack(number) + canonical)


def _number(value: int | None) -> bytes:
    return _NOTHING if value is None else _PRESENT_NUMBER.pack(1, value)


def _bytes(value: bytes | None) -> bytes:
    return _NOTHING if value is None else _PRESENT_BYTES.pack(1, len(value)) + value


def _text(value: str | None) -> bytes:
    return _bytes(None if value is None else value.encode())


_WHO_IS_32_BYTES = _PRESENT_BYTES.pack(1, 32)
_NOTHING_ELSE = _NOTHING * 3
