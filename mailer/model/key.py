"""Keys with ids: new ones can be added, old ones verify for ever."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailer.model.mac import keyed

HASH_BYTES = 16
_HASH = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}")


class Purpose(StrEnum):
    """What a key is for."""

    TOKEN = "token"  # noqa: S105 - the word, not a secret
    LEDGER = "ledger"
    SUPPRESSION = "suppression"


@dataclass(frozen=True, slots=True)
class Key:
    """One secret.

    Args:
        id: 1 … 255, unique over all purposes.
        secret: 32 random bytes.
    """

    id: int
    purpose: Purpose
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(id={self.id}, purpose={self.purpose.value!r})"

    @property
    def check_value(self) -> bytes:
        """Tell this key from any other without saying what it is."""
        return keyed(self.secret)(b"mailer key check v1")[:16]


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a workspace, oldest first."""

    keys: tuple[Key, ...]

    def of(self, purpose: Purpose) -> tuple[Key, ...]:
        """Return the keys of one purpose, oldest first."""
        return tuple(key for key in self.keys if key.purpose is purpose)

    def newest(self, purpose: Purpose) -> Key:
        """Return the key that new things are made with."""
        return self.of(purpose)[-1]

    def find(self, key_id: int, purpose: Purpose) -> Key | None:
        """Return one key, or None."""
        return next((key for key in self.of(purpose) if key.id == key_id), None)

    def suppression_hash(self, match: str) -> bytes:
        """Hash a match form under all suppression keys in turn, 16 bytes.

        Each key is laid over the one before, so that a new one can be laid over the hashes
        on record although nobody knows their addresses any more.
        """
        return relayer(match.encode(), self.of(Purpose.SUPPRESSION))

    def write_hash(self, hash: bytes) -> str:
        """Write a suppression's hash so that it can be read in this workspace only."""
        return f"{_mark(self.newest(Purpose.SUPPRESSION))}-{hash.hex()}"

    def written_hash(self, text: str) -> bytes:
        """Read what `write_hash` wrote, be it before newer keys were added.

        Raises:
            ValueError: when it was written with the keys of another workspace.
        """
        mark, _, digits = text.partition("-")
        keys = self.of(Purpose.SUPPRESSION)
        for place, key in enumerate(keys, start=1):
            if mark == _mark(key) and _HASH.fullmatch(digits):
                return relayer(bytes.fromhex(digits), keys[place:])
        raise ValueError(
            "has no address, and its hash is not of this workspace: it says nothing about"
            " anybody here"
        )


def _mark(key: Key) -> str:
    return key.check_value[:4].hex()


def relayer(value: bytes, keys: tuple[Key, ...]) -> bytes:
    """Lay keys over a hash (or over the match form, the first time)."""
    for key in keys:
        value = keyed(key.secret)(value)[:HASH_BYTES]
    return value
