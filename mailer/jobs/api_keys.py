"""Keys for other programs: made once, shown once, and revoked at any time."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime

from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.store.apikeys import (
    ApiKey,
    add_api_key,
    api_keys,
    find_api_key,
    named_api_key,
    revoke_api_key,
)
from mailer.store.database import Database

_SECRET_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_SPELT = re.compile(r"mk_([1-9][0-9]{0,8})_([A-Za-z0-9_-]{43})")


def make_api_key(database: Database, name: str, now: datetime) -> str:
    """Put a new key in force and return it; nobody can show it again.

    Its secret is 256 random bits, so a plain SHA-256 of it is enough to keep.

    Raises:
        RefusedError: when the name cannot be one, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"the name {name[:40]!r} must be small letters, digits, . _ and -, at most 40,"
            " as in till-3: the ledger says by it who wrote a consent down"
        )
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with database.write() as connection:
        if named_api_key(connection, name) is not None:
            raise RefusedError(
                f"there is a key {name!r} already, and a name is never used again:"
                " choose another"
            )
        number = add_api_key(connection, name, _digest(secret), now)
    return f"mk_{number}_{secret}"


def list_api_keys(database: Database) -> list[ApiKey]:
    """Return all keys, also those that were revoked, oldest first."""
    with database.read() as connection:
        return api_keys(connection)


def revoke(database: Database, name: str, now: datetime) -> ApiKey:
    """Let a key open nothing from now on; doing it twice changes nothing.

    Raises:
        NotFoundError: when there is no such key; names the nearest.
    """
    with database.write() as connection:
        found = named_api_key(connection, name)
        if found is None:
            known = [one.name for one in api_keys(connection)]
            raise NotFoundError(f"there is no key {name[:40]!r}{did_you_mean(name, known)}")
        revoke_api_key(connection, found.id, now)
        again = find_api_key(connection, found.id)
    assert again is not None
    return again


def key_behind(database: Database, said: str) -> ApiKey | None:
    """Return the key that somebody shows; None when it is none that opens anything."""
    spelt = _SPELT.fullmatch(said)
    if spelt is None:
        return None
    with database.read() as connection:
        found = find_api_key(connection, int(spelt[1]))
    if found is None or found.revoked_at is not None:
        return None
    right = hmac.compare_digest(found.digest, _digest(spelt[2]))
    return found if right else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
