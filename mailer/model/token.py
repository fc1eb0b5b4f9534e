"""Tokens: opaque, signed, short, and never expiring.

A token is `key id ‖ AES-SIV(payload)` with the token's kind as associated data (RFC 5297),
so the same payload always gives the same token, a token of one kind is none of another, and
nothing can be read from it: no id, no count, no address. Message-IDs and return paths use
base32 because mail systems fold the case of local parts.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from mailer.model.key import KeyRing, Purpose


class TokenKind(StrEnum):
    """What a token allows."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    MESSAGE = "message"
    RETURN_PATH = "return_path"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a link in a letter is for. The ids outlive deliveries, which retention may drop.

    Args:
        contact_id: Below 2^40.
        list_number: The list's number in the database, below 2^16; 0 for none.
        campaign_id: Below 2^32; 0 for none.
    """

    contact_id: int
    list_number: int
    campaign_id: int

    def packed(self) -> bytes:
        """Return 11 bytes."""
        return (
            self.contact_id.to_bytes(5, "big")
            + self.list_number.to_bytes(2, "big")
            + self.campaign_id.to_bytes(4, "big")
        )


_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]


def base32(raw: bytes) -> str:
    """Spell bytes in base32, small letters without padding (RFC 4648 §6).

    Each letter needs three of these, and the standard library takes five times as long.
    """
    size = (len(raw) * 8 + 4) // 5
    pairs = (size + 1) // 2
    number = int.from_bytes(raw, "big") << (pairs * 10 - len(raw) * 8)
    return "".join(
        [_PAIRS[number >> shift & 0x3FF] for shift in range(pairs * 10 - 10, -1, -10)]
    )[:size]


_ASSOCIATED = {kind: [kind.encode()] for kind in TokenKind}


class TokenBox:
    """Makes and opens tokens with a workspace's token keys."""

    def __init__(self, ring: KeyRing) -> None:
        keys = ring.of(Purpose.TOKEN)
        self._ciphers = {key.id: AESSIV(key.secret) for key in keys}
        self._newest = self._ciphers[keys[-1].id]
        self._prefix = bytes((keys[-1].id,))

    def _seal(self, kind: TokenKind, payload: bytes) -> bytes:
        return self._prefix + self._newest.encrypt(payload, _ASSOCIATED[kind])

    def _open(self, kind: TokenKind, raw: bytes) -> bytes | None:
        cipher = self._ciphers.get(raw[0]) if raw else None
        if cipher is None:
            return None
        try:
            return cipher.decrypt(raw[1:], _ASSOCIATED[kind])
        except (InvalidTag, ValueError):
            return None

    def for_reader(self, kind: TokenKind, reader: Reader) -> str:
        """Make a link's token: 38 characters of the URL-safe alphabet."""
        raw = self._seal(kind, reader.packed())
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def reader(self, kind: TokenKind, token: str) -> Reader | None:
        """Open a link's token; None when it is not ours, whatever was changed in it."""
        try:
            raw = base64.b64decode(
                token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            return None
        payload = self._open(kind, raw)
        # Base64 has spare bits at its end: only the one spelling that we write is ours.
        if payload is None or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None
        return Reader(
            int.from_bytes(payload[:5], "big"),
            int.from_bytes(payload[5:7], "big"),
            int.from_bytes(payload[7:11], "big"),
        )

    def for_delivery(self, kind: TokenKind, delivery_id: int) -> str:
        """Make a Message-ID's or return path's token: 37 characters of either case."""
        raw = self._seal(kind, delivery_id.to_bytes(6, "big"))
        return base32(raw)

    def delivery(self, kind: TokenKind, token: str) -> int | None:
        """Open a delivery's token; None when it is not ours."""
        padded = token.upper() + "=" * (-len(token) % 8)
        try:
            payload = self._open(kind, base64.b32decode(padded.encode("ascii")))
        except (binascii.Error, ValueError):
            return None
        return None if payload is None else int.from_bytes(payload, "big")


def in_mailbox(token: str) -> str:
    """Spell a reader's token so that it survives in an address, whatever its case."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return base32(raw)


def from_mailbox(text: str) -> str:
    """Spell a token from an address as links have it; "" when it cannot be one."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return ""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
