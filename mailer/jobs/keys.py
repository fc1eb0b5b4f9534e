"""The keys: with a missing or wrong one nothing starts, and a new one can be added.

A crash while one is added leaves a workspace that starts, at any point.
"""

from datetime import datetime

from mailer.errors import KeyFileError
from mailer.model.key import KeyRing, Purpose
from mailer.store.database import Database
from mailer.store.keys import RecordedKey, record_keys, recorded_keys
from mailer.workspace import keyfile

_WITHOUT = {
    Purpose.TOKEN: "the links in letters that were sent could not be read",
    Purpose.LEDGER: "the ledger of consents could not be checked",
    Purpose.SUPPRESSION: 'every "no" on record would be forgotten',
}


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
