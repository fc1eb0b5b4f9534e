"""The file with the keys: the one secret of a workspace, readable by its owner only."""

import base64
import binascii

from mailer.errors import KeyFileError, WorkspaceError
from mailer.model.key import Key, KeyRing, Purpose
from mailer.workspace.files import PRIVATE, replace, write_new
from mailer.workspace.tomlfiles import Table, read_toml

SECRET_BYTES = 32
LAST_ID = 255

_HEADER = """\
# The keys of this workspace. Keep a copy apart from the database, and keep it out of git.
# Without these keys nothing starts: links in letters that were sent could not be read, the
# ledger of consents not be checked, and every "no" would be forgotten.
# Keys are added with `mailer key add`; never remove or change one.
"""


def read_keys(path: str) -> KeyRing:
    """Read all keys, oldest first.

    Raises:
        KeyFileError: when the file is missing, damaged or not ours to read.
    """
    try:
        file = Table(read_toml(path, path), path)
        keys = [_key(table) for table in file.tables("keys")]
        file.end()
    except WorkspaceError as problem:
        if isinstance(problem.__cause__, OSError):  # it may be whole: only who may read it?
            raise KeyFileError(str(problem)) from problem
        raise KeyFileError(
            f"{problem}; bring back this file from where you keep its copy"
        ) from problem
    ids = [key.id for key in keys]
    if len(set(ids)) != len(ids):
        raise KeyFileError(f"{path}: two keys have the same id: bring back the true file")
    return KeyRing(tuple(sorted(keys, key=lambda key: key.id)))


def write_new_keys(path: str, ring: KeyRing) -> bool:
    """Write a key file unless there is one: False then, and nothing is changed."""
    return write_new(path, _file(ring), PRIVATE)


def replace_keys(path: str, ring: KeyRing) -> None:
    """Write the key file anew: after a crash there is the old or the new one, whole."""
    replace(path, _file(ring), PRIVATE)


def _key(table: Table) -> Key:
    key_id = table.number("id")
    purpose = table.text("purpose")
    secret = table.text("secret")
    table.end()
    if not 1 <= key_id <= LAST_ID:
        raise WorkspaceError(f"{table.where}: id is {key_id}, but must be 1 … {LAST_ID}")
    if purpose not in set(Purpose):
        raise WorkspaceError(
            f"{table.where}: purpose is {purpose!r}, but must be {', '.join(Purpose)}"
        )
    try:
        raw = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != SECRET_BYTES:
        raise WorkspaceError(f"{table.where}: the secret is damaged")
    return Key(key_id, Purpose(purpose), raw)


def _file(ring: KeyRing) -> bytes:
    tables = [
        f'\n[[keys]]\nid = {key.id}\npurpose = "{key.purpose}"\n'
        f'secret = "{base64.b64encode(key.secret).decode()}"\n'
        for key in ring.keys
    ]
    return (_HEADER + "".join(tables)).encode()
