"""The keys: with a missing or wrong one nothing starts, and a new one can be added.

A crash while one is added leaves a workspace that starts, at any point.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import KeyFileError, RefusedError
from mailer.model.key import Key, KeyRing, Purpose
from mailer.store.database import Database
from mailer.store.keys import RecordedKey, lay_over, record_keys, recorded_keys
from mailer.workspace import keyfile

_WITHOUT = {
    Purpose.TOKEN: "the links in letters that were sent could not be read",
    Purpose.LEDGER: "the ledger of consents could not be checked",
    Purpose.SUPPRESSION: 'every "no" on record would be forgotten',
}


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One key, as the file and the database know it.

    Args:
        since: When it was put in force; None when only the file has it.
        problem: Why nothing starts, or what is still to be done; "" when all is well.
    """

    id: int
    purpose: Purpose
    since: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class KeyAdded:
    """What came of adding a key.

    Args:
        hashes: How many hashes it was laid over.
        went_on: It was in the file already, left there by an adding that did not end.
    """

    id: int
    purpose: Purpose
    hashes: int
    went_on: bool


def keys_in_force(database: Database, path: str, now: datetime) -> KeyRing:
    """Read the key file and hold it against what the database was made with.

    Token and ledger keys that only the file has are put in force; a suppression key is not,
    because the hashes on record are made without it (`mailer key add` lays it over them).

    Raises:
        KeyFileError: when a key is missing or another one; says what to bring back.
    """
    found = keyfile.read_keys(path)
    with database.read() as connection:
        recorded = recorded_keys(connection)
    _require(found, recorded, path)
    known = {one.id for one in recorded}
    new = tuple(
        key
        for key in found.keys
        if key.id not in known and (not recorded or key.purpose is not Purpose.SUPPRESSION)
    )
    if new:
        with database.write() as connection:
            record_keys(connection, new, now)
    ring = KeyRing(tuple(key for key in found.keys if key.id in known or key in new))
    for purpose in Purpose:
        if not ring.of(purpose):
            raise KeyFileError(
                f"{path} has no {purpose} key: bring back the file that has one"
            )
    return ring


def _require(found: KeyRing, recorded: tuple[RecordedKey, ...], path: str) -> None:
    for one in recorded:
        key = found.find(one.id, one.purpose)
        if key is not None and key.check_value == one.check_value:
            continue
        other = any(key.id == one.id for key in found.keys)
        key_words = f"key {one.id} ({one.purpose})"
        raise KeyFileError(
            (
                f"{key_words} in {path} is not the one that this database was made with"
                if other
                else f"{path} lacks {key_words}, which this database was made with"
            )
            + f": bring back the file of {one.added_at:%Y-%m-%d} or later from where you"
            f" keep its copy. Nothing starts without it: {_WITHOUT[one.purpose]}."
        )


def list_keys(database: Database, path: str) -> list[KeyStatus]:
    """Say of each key whether the file and the database agree on it."""
    found = keyfile.read_keys(path)
    with database.read() as connection:
        recorded = {one.id: one for one in recorded_keys(connection)}
    statuses = [
        KeyStatus(one.id, one.purpose, one.added_at, _problem(found, one))
        for one in recorded.values()
    ]
    waiting = "not in force: `mailer key add --purpose suppression` goes on with it"
    for key in found.keys:
        if key.id not in recorded:
            problem = waiting if key.purpose is Purpose.SUPPRESSION else ""
            statuses.append(KeyStatus(key.id, key.purpose, None, problem))
    return sorted(statuses, key=lambda status: status.id)


def _problem(found: KeyRing, one: RecordedKey) -> str:
    key = found.find(one.id, one.purpose)
    if key is None:
        return "missing in the file"
    return "" if key.check_value == one.check_value else "another one than the database's"


def add_key(database: Database, path: str, purpose: Purpose, now: datetime) -> KeyAdded:
    """Add a key: new things are made with it, and old ones still verify.

    The file is written first, then the database in one commit. A crash in between leaves a
    key that is not in force; adding one again goes on with it. A suppression key is laid
    over every hash on record, so nobody else may have the workspace open.

    Raises:
        KeyFileError: when the file is not the one of this database.
        RefusedError: when there is no room for another key.
    """
    found = keyfile.read_keys(path)
    with database.read() as connection:
        recorded = recorded_keys(connection)
    _require(found, recorded, path)
    known = {one.id for one in recorded}
    waiting = [key for key in found.of(purpose) if key.id not in known]
    if waiting:
        key = waiting[0]
    else:
        key = fresh_key(purpose, max((*known, *(key.id for key in found.keys)), default=0))
        keyfile.replace_keys(path, KeyRing((*found.keys, key)))
    with database.write() as connection:
        if purpose is Purpose.SUPPRESSION:
            hashes = lay_over(connection, key, now)
        else:
            hashes = 0
            record_keys(connection, (key,), now)
    return KeyAdded(key.id, purpose, hashes, bool(waiting))


def lay_waiting(database: Database, path: str, now: datetime) -> int:
    """Put suppression keys in force that the database, a backup, never saw.

    Returns:
        How many.

    Raises:
        KeyFileError: when the file is not the one of this database.
    """
    found = keyfile.read_keys(path)
    with database.read() as connection:
        recorded = recorded_keys(connection)
    _require(found, recorded, path)
    known = {one.id for one in recorded}
    waiting = [key for key in found.of(Purpose.SUPPRESSION) if key.id not in known]
    for key in waiting:
        with database.write() as connection:
            lay_over(connection, key, now)
    return len(waiting)


def fresh_key(purpose: Purpose, after: int) -> Key:
    """Return a new key with the next id.

    Raises:
        RefusedError: when there is no id left.
    """
    if after >= keyfile.LAST_ID:
        raise RefusedError(f"a workspace has room for {keyfile.LAST_ID} keys")
    return Key(after + 1, purpose, secrets.token_bytes(keyfile.SECRET_BYTES))
