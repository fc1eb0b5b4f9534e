"""Tokens: opaque, signed, short, and never expiring.

A token is `key id ‖ AES-SIV(payload)` with the token's kind as associated data (RFC 5297),
so the same payload always gives the same token, a token of one kind is none of another, and
nothing can be read from it: no id, no count, no address. A delivery's is in hexadecimal
because mail systems fold the case of local parts.
"""

import base64
import binascii
import re
from enum import StrEnum
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from mailer.model.key import KeyRing, Purpose
from mailer.model.sealing import Sealing


class TokenKind(StrEnum):
    """What a token allows."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    MESSAGE = "message"
    RETURN_PATH = "return_path"
    BROWSER = "browser"
    CONFIRM = "confirm"
    UNDO = "undo"
    REASON = "reason"
    PAGE = "page"
    SESSION = "session"
    LINK = "link"
    CLICK = "click"
    """Behind a link's: who followed it, of those who agreed that it is on record."""
    TICKET = "ticket"
    """In an address: what is written to it goes on the ticket."""
    TICKET_PAGE = "ticket_page"
    """To read a conversation, which the one above does not allow: it is seen by many."""
    STAFF = "staff"


class Link(NamedTuple):
    """A link of a campaign's letters, the same for everybody: there is no person in it.

    Args:
        campaign_id: Below 2^32.
        number: Of the link among the campaign's, below 2^16.
    """

    campaign_id: int
    number: int


class Reader(NamedTuple):
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
        """Return 11 bytes.

        Raises:
            OverflowError: when a number is too large.
        """
        return self.number().to_bytes(11, "big")

    def number(self) -> int:
        """Return them as one number.

        Raises:
            OverflowError: when a number is too large.
        """
        contact_id, list_number, campaign_id = self
        if list_number >> 16 or campaign_id >> 32 or contact_id >> 40:
            raise OverflowError(f"no token can hold {self}")
        return contact_id << 48 | list_number << 32 | campaign_id


class LetterTokens(NamedTuple):
    """The tokens of one letter to a reader."""

    unsubscribe: str
    preferences: str
    message: str
    return_path: str


def _steps() -> tuple[tuple[int, int, int], ...]:
    """Return how 64 groups of 5 bits are moved apart to 64 bytes, half by half."""
    steps: list[tuple[int, int, int]] = []
    half = 32
    while half:
        low = sum(
            ((1 << 5 * half) - 1) << lane * 16 * half for lane in range(64 // (2 * half))
        )
        steps.append((low, low << 5 * half, 3 * half))
        half //= 2
    return tuple(steps)


_STEPS = _steps()
_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567" + bytes(224)


def base32(raw: bytes) -> str:
    """Spell at most 40 bytes in base32, small letters without padding (RFC 4648 §6).

    Each letter needs one, and the standard library takes three times as long.
    """
    size = (len(raw) * 8 + 4) // 5
    number = int.from_bytes(raw, "big") << (size * 5 - len(raw) * 8)
    for low, high, shift in _STEPS:
        number = number & low | (number & high) << shift
    return number.to_bytes(size, "big").translate(_ALPHABET).decode()


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def _in_url(raw: bytes) -> str:
    """Spell bytes in base64 for URLs, without padding (RFC 4648 §5)."""
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode()


_LINK_CHARACTERS = 31
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ASSOCIATED = {kind: [kind.encode()] for kind in TokenKind}


_OF_A_LETTER = (
    TokenKind.UNSUBSCRIBE, TokenKind.PREFERENCES, TokenKind.MESSAGE, TokenKind.RETURN_PATH,
)  # fmt: skip


class TokenBox:
    """Makes and opens tokens with a workspace's token keys."""

    def __init__(self, ring: KeyRing) -> None:
        keys = ring.of(Purpose.TOKEN)
        self._ciphers = {key.id: AESSIV(key.secret) for key in keys}
        self._newest = self._ciphers[keys[-1].id]
        self._prefix = bytes((keys[-1].id,))
        self._sealing = Sealing(keys[-1].secret, [kind.encode() for kind in _OF_A_LETTER])

    @property
    def newest_key(self) -> int:
        """The number of the key that new tokens are made with."""
        return self._prefix[0]

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

    def sealed(self, kind: TokenKind, secret: bytes) -> bytes:
        """Seal a secret of our own, so that the database alone does not give it away."""
        return self._seal(kind, secret)

    def unsealed(self, kind: TokenKind, sealed: bytes) -> bytes | None:
        """Open what `sealed` made; None when it is not ours."""
        return self._open(kind, sealed)

    def for_reader(self, kind: TokenKind, reader: Reader) -> str:
        """Make a link's token: 38 characters of the URL-safe alphabet."""
        return _in_url(self._seal(kind, reader.packed()))

    def for_letter(self, reader: Reader, delivery_id: int) -> LetterTokens:
        """Make all tokens of a letter at once, as `for_reader` and `for_delivery` do.

        Raises:
            OverflowError: when a number is too large.
        """
        if delivery_id >> 48:
            raise OverflowError(f"no token can hold delivery {delivery_id}")
        tags, sealed = self._sealing.sealed(reader.number(), delivery_id)
        prefix = self._prefix
        return LetterTokens(
            _in_url(prefix + tags[:16] + sealed[:11]),
            _in_url(prefix + tags[16:32] + sealed[16:27]),
            (prefix + tags[32:48] + sealed[32:38]).hex(),
            (prefix + tags[48:] + sealed[48:54]).hex(),
        )

    def reader(self, kind: TokenKind, token: str) -> Reader | None:
        """Open a link's token; None when it is not ours, whatever was changed in it."""
        payload = self._of_link(kind, token)
        if payload is None:
            return None
        return Reader(
            int.from_bytes(payload[:5], "big"),
            int.from_bytes(payload[5:7], "big"),
            int.from_bytes(payload[7:11], "big"),
        )

    def for_link(self, link: Link) -> str:
        """Make the token of a counted link: 31 characters for a URL.

        Raises:
            OverflowError: when a number is too large.
        """
        payload = link.campaign_id.to_bytes(4, "big") + link.number.to_bytes(2, "big")
        return _in_url(self._seal(TokenKind.LINK, payload))

    def link(self, token: str) -> Link | None:
        """Open such a token; None when it is not ours, so that no click can be made up."""
        payload = self._of_link(TokenKind.LINK, token)
        if payload is None:
            return None
        return Link(int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:], "big"))

    def followed(self, token: str) -> tuple[Link, Reader | None] | None:
        """Open what stands in a counted link: the link, and who agreed to be known by it.

        A reader of another campaign makes it none of ours.
        """
        link = self.link(token[:_LINK_CHARACTERS])
        if link is None or len(token) == _LINK_CHARACTERS:
            return None if link is None else (link, None)
        reader = self.reader(TokenKind.CLICK, token[_LINK_CHARACTERS:])
        if reader is None or reader.campaign_id != link.campaign_id:
            return None
        return link, reader

    def for_number(self, kind: TokenKind, number: int) -> str:
        """Make the token of a sign-up or a ledger entry: 31 characters for a URL."""
        return _in_url(self._seal(kind, number.to_bytes(6, "big")))

    def number(self, kind: TokenKind, token: str) -> int | None:
        """Open such a token; None when it is not ours."""
        payload = self._of_link(kind, token)
        return None if payload is None else int.from_bytes(payload, "big")

    def _of_link(self, kind: TokenKind, token: str) -> bytes | None:
        try:
            raw = base64.b64decode(
                token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            return None
        payload = self._open(kind, raw)
        # Base64 has spare bits at its end: only the one spelling that we write is ours.
        return None if payload is None or _in_url(raw) != token else payload

    def for_delivery(self, kind: TokenKind, delivery_id: int) -> str:
        """Make a Message-ID's or return path's token: 46 characters of either case.

        Each has its own: Message-IDs are quoted in replies and archives, and who has read
        one must not be able to say that the letter came back.
        """
        return self._seal(kind, delivery_id.to_bytes(6, "big")).hex()

    def delivery(self, kind: TokenKind, token: str) -> int | None:
        """Open a delivery's token; None when it is not ours."""
        if not _HEX.fullmatch(token):
            return None
        payload = self._open(kind, bytes.fromhex(token))
        return None if payload is None else int.from_bytes(payload, "big")


def in_mailbox(token: str) -> str:
    """Spell a reader's token so that it survives in an address, whatever its case."""
    padded = token.encode().translate(_FROM_URL) + b"=" * (-len(token) % 4)
    return base32(binascii.a2b_base64(padded))


def from_mailbox(text: str) -> str:
    """Spell a token from an address as links have it; "" when it cannot be one."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return ""
    return _in_url(raw)
