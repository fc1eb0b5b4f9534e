"""Keys with ids: new ones can be added, old ones verify for ever."""

from dataclasses import dataclass
from enum import StrEnum

from mailer.model.mac import keyed

HASH_BYTES = 16


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


def relayer(value: bytes, keys: tuple[Key, ...]) -> bytes:
    """Lay keys over a hash (or over the match form, the first time)."""
    for key in keys:
        value = keyed(key.secret)(value)[:HASH_BYTES]
    return value
