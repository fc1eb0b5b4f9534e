"""Sealing the short payloads of one letter's tokens, all at once: AES-SIV (RFC 5297).

The bytes are those of the library's cipher, which begins anew for each payload and takes
twice as long for a letter. What depends on the key and the kind of token alone is reckoned
once here. A payload that is shorter than a block then takes one block of AES for its tag
(`S2V` ends with the CMAC of one whole block: RFC 5297 §2.4, RFC 4493 §2.4) and one for its
key stream (RFC 5297 §2.5), and those of the four tokens go through the cipher together.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK_BYTES = 16
READER_BYTES = 11
DELIVERY_BYTES = 6
_BITS = 8 * BLOCK_BYTES
_FOUR = 4 * BLOCK_BYTES
_WHOLE = (1 << _BITS) - 1
_OVERFLOW = 0x87  # RFC 5297 §2.3


def _in_blocks(low_bit: int, high_bit: int) -> int:
    """Return four blocks: a bit in the first two, and another in the last two."""
    return (1 << low_bit) * (1 << 3 * _BITS | 1 << 2 * _BITS) | (1 << high_bit) * (
        1 << _BITS | 1
    )


_READER_ENDS = _BITS - 8 * READER_BYTES
_DELIVERY_ENDS = _BITS - 8 * DELIVERY_BYTES
_READERS = _in_blocks(_READER_ENDS, 0) & ~((1 << 2 * _BITS) - 1)
_DELIVERIES = _in_blocks(0, _DELIVERY_ENDS) & ((1 << 2 * _BITS) - 1)
_PADDING = _in_blocks(_READER_ENDS - 1, _DELIVERY_ENDS - 1)
_COUNTERS = sum((_WHOLE ^ 1 << 63 ^ 1 << 31) << _BITS * place for place in range(4))


class Sealing:
    """Seals for one key: a number of the reader twice, one of the delivery twice.

    A cipher in use by one thread cannot be used by another: each takes a pair that is free.
    """

    def __init__(self, secret: bytes, kinds: Sequence[bytes]) -> None:
        """Reckon what is the same for all letters.

        Args:
            kinds: The associated data of the four, each shorter than a block.
        """
        self._secret = secret
        self._free = [self._ciphers()]
        self._bases = 0
        for kind in kinds:
            self._bases = self._bases << _BITS | self._base(kind)

    def _ciphers(self) -> tuple[CipherContext, CipherContext]:
        """Return what makes tags, and what makes key streams."""
        half = len(self._secret) // 2
        # Two blocks that are equal mean that two payloads are: no more than the tags say.
        return (
            Cipher(AES(self._secret[:half]), ECB()).encryptor(),  # noqa: S305
            Cipher(AES(self._secret[half:]), ECB()).encryptor(),  # noqa: S305
        )

    def _base(self, associated: bytes) -> int:
        """Return what a padded payload is combined with before its tag is taken."""
        key = _doubled(self._encrypted(0))
        padded = int.from_bytes((associated + b"\x80").ljust(BLOCK_BYTES, b"\0"), "big")
        of_nothing = _doubled(self._encrypted(key))
        return _doubled(of_nothing ^ self._encrypted(padded ^ _doubled(key))) ^ key

    def _encrypted(self, block: int) -> int:
        raw = self._free[0][0].update(block.to_bytes(BLOCK_BYTES, "big"))
        return int.from_bytes(raw, "big")

    def sealed(self, reader: int, delivery: int) -> tuple[bytes, bytes]:
        """Return the four tags and the four sealed payloads, each at its block's beginning.

        Args:
            reader: Below 2^88.
            delivery: Below 2^48.
        """
        try:
            pair = self._free.pop()
        except IndexError:
            pair = self._ciphers()
        of_tags, of_streams = pair
        payloads = reader * _READERS | delivery * _DELIVERIES
        tags = of_tags.update((payloads ^ self._bases ^ _PADDING).to_bytes(_FOUR, "big"))
        counters = (int.from_bytes(tags, "big") & _COUNTERS).to_bytes(_FOUR, "big")
        stream = int.from_bytes(of_streams.update(counters), "big")
        self._free.append(pair)
        return tags, (stream ^ payloads).to_bytes(_FOUR, "big")


def _doubled(block: int) -> int:
    """Double a block in the field (RFC 5297 §2.3)."""
    return (block << 1) & _WHOLE ^ (_OVERFLOW if block >> (_BITS - 1) else 0)
