"""The database as a whole: backing it up, saying whether it is whole."""

import logging
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from mailer.errors import DatabaseError, RefusedError
from mailer.jobs.verify_ledger import take_checkpoint, verify_ledger
from mailer.model.key import KeyRing
from mailer.store import verify
from mailer.store.columns import from_instant, to_instant
from mailer.store.copying import copy_sqlite
from mailer.store.database import Connection, Database
from mailer.store.noes import mark, set_mark
from mailer.workspace.backup import new_copy

_log = logging.getLogger(__name__)

_BACKUP = "backup"
"""The mark with the last backup's time."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, and what is wrong with it."""

    what: str
    problems: tuple[str, ...]


def backup(database: Database, path: str, checkpoints: str, now: datetime) -> None:
    """Copy an SQLite database while it is in use. The keys are not in the copy.

    Args:
        checkpoints: The file of the ledger's checkpoints, which gets one more, so that a
            ledger that is cut off after this moment shows.

    Raises:
        RefusedError: on PostgreSQL, and when there is something by that name already.
    """
    # Before the copy, so that the copy holds the entry that it names.
    take_checkpoint(database, checkpoints, now)
    if not database.is_sqlite:
        raise RefusedError(
            "mailer does not back up PostgreSQL (the ledger's checkpoint was written)."
            f" Run:\n  {dump_command(database, path)}\n  mailer db backed-up\n"
            "The keys are not in it: keep a copy of keys.toml, in another place"
        )
    copy_whole(database, path)
    try:
        note_backup(database, now)
    except DatabaseError as problem:
        # Such as a full disk, while the copy is whole on another one.
        _log.warning("the backup is whole, but when it was made is not noted: %s", problem)


def note_backup(database: Database, now: datetime) -> None:
    """Write down that a backup was made, so that its age can be told."""
    with database.write() as connection:
        set_mark(connection, _BACKUP, to_instant(now))


def last_backup(connection: Connection) -> datetime | None:
    """Return when the last backup was made, as far as it was written down."""
    found = mark(connection, _BACKUP)
    return None if found is None else from_instant(found)


def check(database: Database, ring: KeyRing, checkpoints: str | None) -> list[Check]:
    """Check the file, the sums that must balance, and the ledger.

    Args:
        checkpoints: The file of the ledger's checkpoints; None asks for none.
    """
    with database.read() as connection:
        checks = [
            Check("the file is whole", tuple(verify.damage(connection))),
            Check(
                "each campaign's plan is the sum of its deliveries",
                tuple(verify.campaigns_out_of_balance(connection)),
            ),
            Check(
                "each delivery has what its state calls for",
                tuple(verify.deliveries_out_of_order(connection)),
            ),
        ]
    ledger = verify_ledger(database, ring, checkpoints)
    more = ledger.wrong - len(ledger.findings)
    return [
        *checks,
        Check(
            f"the ledger's {ledger.entries} entries are in their chain",
            (*ledger.findings, *([f"and {more} more"] if more > 0 else ())),
        ),
    ]


def copy_whole(database: Database, path: str) -> None:
    """Copy an SQLite database while it is in use; a copy that fails leaves no file."""
    with new_copy(path) as part:
        copy_sqlite(database, part)


def dump_command(database: Database, path: str) -> str:
    """Say how a PostgreSQL database is backed up."""
    return f"pg_dump --format=custom --file={quote(path)} {quote(database.address)}"
