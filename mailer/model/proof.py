"""A proof of consent: a document that anyone can check with a public key.

    signature = Ed25519(key made of the ledger key, JSON of the facts)

The JSON is that of the facts alone, with sorted names and no spaces, in UTF-8 (RFC 8785 §3
for what we use of it). The private key is derived from the ledger key (RFC 5869), so there
is nothing more to keep; the public key stands in the document and in every anchor, and who
has an anchor of that time knows that the key was ours then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailer.model.key import Key, KeyRing, Purpose

_INFO = b"mailer proof of consent v1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a document's signature found.

    Args:
        signed: The signature is that of these facts, by the key in the document.
        ours: That key is made of one of our ledger keys.
    """

    signed: bool
    ours: bool


def public_key(key: Key) -> bytes:
    """Return the public key, 32 bytes, that a ledger key's proofs are checked by."""
    return _private(key).public_key().public_bytes_raw()


def sign(facts: Mapping[str, Any], ring: KeyRing) -> dict[str, Any]:
    """Return a document: the facts, the key's number, the public key and the signature."""
    key = ring.newest(Purpose.LEDGER)
    return {
        "facts": dict(facts),
        "key": key.id,
        "public_key": public_key(key).hex(),
        "signature": _private(key).sign(canonical_json(facts)).hex(),
    }


def check(document: Mapping[str, Any], ring: KeyRing) -> Checked:
    """Check a document's signature.

    Raises:
        ValueError: when it is no such document.
    """
    try:
        facts: Mapping[str, Any] = document["facts"]
        public = bytes.fromhex(document["public_key"])
        signature = bytes.fromhex(document["signature"])
        key = Ed25519PublicKey.from_public_bytes(public)
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"it has no facts, public_key and signature: {problem}") from None
    ours = any(public_key(one) == public for one in ring.of(Purpose.LEDGER))
    try:
        key.verify(signature, canonical_json(facts))
    except InvalidSignature:
        return Checked(signed=False, ours=ours)
    return Checked(signed=True, ours=ours)


def canonical_json(facts: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _private(key: Key) -> Ed25519PrivateKey:
    derived = HKDF(SHA256(), 32, salt=None, info=_INFO).derive(key.secret)
    return Ed25519PrivateKey.from_private_bytes(derived)
