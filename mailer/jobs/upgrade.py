"""Bringing a database up to date, with a backup before."""

from dataclasses import dataclass
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.database import copy_whole, dump_command
from mailer.store import schema
from mailer.store.database import Database
from mailer.store.versions import version
from mailer.workspace.backup import upgrade_copy


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did.

    Args:
        before: The version before; None for a database without tables.
        backup: The copy that was made before, None when there was nothing to do.
    """

    before: str | None
    after: str
    backup: str | None


def upgrade(
    database: Database,
    file: str | None,
    now: datetime,
    *,
    backed_up: bool = False,
    scripts: str = schema.MIGRATIONS,
) -> Upgraded:
    """Bring the tables up to date, with a copy of an SQLite database before.

    Args:
        file: SQLite's file, None for PostgreSQL.
        backed_up: The caller has a backup of the PostgreSQL database.
        scripts: Where Alembic finds the migrations.

    Raises:
        RefusedError: on PostgreSQL without a backup; says how to make one.
        DatabaseError: when a newer program made this database.
    """
    if not schema.needs_upgrade(database, scripts):
        return Upgraded(*schema.upgrade(database, scripts), backup=None)
    copy = None
    if file is not None:
        copy = upgrade_copy(file, str(version(database)), now)
        copy_whole(database, copy)
    elif not backed_up:
        raise RefusedError(
            "mailer does not back up PostgreSQL. Make a backup first, such as\n"
            f"  {dump_command(database, 'before-upgrade.dump')}\n"
            "and then run: mailer db upgrade --backed-up"
        )
    return Upgraded(*schema.upgrade(database, scripts), backup=copy)
