"""Where a workspace's settings put its keys, its database and what outlasts it."""

from dataclasses import dataclass

from mailer.config.fields import Settings
from mailer.workspace.checkpoints import CHECKPOINTS
from mailer.workspace.dkimkeys import FOLDER
from mailer.workspace.files import folder_of, inside

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a workspace's settings put things, as absolute paths.

    Args:
        checkpoints_file: How far the ledger was, outside the database on purpose.
        logbook_folder: What must outlast the database: every no, what campaigns began with.
        database_file: None for PostgreSQL.
    """

    folder: str
    keys_file: str
    dkim_folder: str
    checkpoints_file: str
    logbook_folder: str
    database_url: str
    database_file: str | None


def places_of(folder: str, settings: Settings) -> Places:
    """Say where a workspace's keys and database are."""
    url, file = settings.database, None
    if url.startswith(_SQLITE):
        file = inside(folder, url.removeprefix(_SQLITE))
        url = f"{_SQLITE}{file}"
    keys_file = inside(folder, settings.keys_file)
    return Places(
        folder=folder,
        keys_file=keys_file,
        dkim_folder=inside(folder_of(keys_file), FOLDER),
        checkpoints_file=inside(folder, CHECKPOINTS),
        logbook_folder=inside(folder, settings.logbook),
        database_url=url,
        database_file=file,
    )
