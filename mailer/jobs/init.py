"""Making a workspace: the example's files, keys, database. Nothing is overwritten."""

from dataclasses import dataclass
from datetime import datetime

from mailer.errors import KeyFileError
from mailer.jobs.keys import fresh_key, keys_in_force
from mailer.model.key import KeyRing, Purpose
from mailer.store import schema, versions
from mailer.store.database import Database
from mailer.store.keys import recorded_keys
from mailer.workspace.example import example_files
from mailer.workspace.files import PRIVATE, exists, inside, write_new
from mailer.workspace.folder import CONFIG
from mailer.workspace.keyfile import write_new_keys


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and what was there already and kept, as paths or words."""

    made: tuple[str, ...]
    kept: tuple[str, ...]

    def __add__(self, other: "Made") -> "Made":
        return Made(self.made + other.made, self.kept + other.kept)


def make_files(folder: str, config_text: str) -> Made:
    """Write `config.toml` and the example's files into a folder; it is made if need be."""
    texts = {CONFIG: config_text.encode()} | example_files()
    made = [path for path, text in texts.items() if write_new(inside(folder, path), text)]
    return Made(tuple(made), tuple(path for path in texts if path not in made))


def make_state(
    database: Database, database_file: str | None, keys_file: str, now: datetime
) -> Made:
    """Make the keys and the database's tables, and put the keys in force.

    Args:
        database_file: SQLite's file, which only its owner may read: personal data is in it.

    Raises:
        KeyFileError: when the database has keys on record that the file lacks: fresh keys
            over an old database would forget every "no".
        DatabaseError: when the database has another version.
    """
    if database_file is not None:
        write_new(database_file, b"", PRIVATE)
    version = versions.version(database)
    if version is not None:
        versions.require_current(database)
        with database.read() as connection:
            if recorded_keys(connection) and not exists(keys_file):
                raise KeyFileError(
                    f"{keys_file} is missing, and this database was made with its keys:"
                    " bring the file back from where you keep its copy"
                )
    keys_made = write_new_keys(keys_file, fresh_keys())
    if version is None:
        schema.upgrade(database)
    keys_in_force(database, keys_file, now)
    words = {"the keys": keys_made, "the database": version is None}
    return Made(
        tuple(what for what, is_new in words.items() if is_new),
        tuple(what for what, is_new in words.items() if not is_new),
    )


def fresh_keys() -> KeyRing:
    """Return one new key for each purpose."""
    return KeyRing(
        tuple(fresh_key(purpose, after) for after, purpose in enumerate(Purpose))
    )
