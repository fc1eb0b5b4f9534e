"""Where a restore works: the workspace with nobody else at it, with a database or none."""

from collections.abc import Generator
from contextlib import contextmanager

from mailer.config.places import Places, places_of
from mailer.jobs.restore import Room
from mailer.jobs.world import World
from mailer.model.key import KeyRing
from mailer.store.database import Database
from mailer.wiring import Workspace, database_of, hold, key_use_of, settings_of


@contextmanager
def room_alone(folder: str) -> Generator[tuple[Database, Places, Room], None, None]:
    """Give what a restore works in, with nobody else at it; there may be no database.

    Raises:
        RefusedError: when somebody else has the workspace open.
    """
    settings = settings_of(folder)
    places = places_of(folder, settings)
    database = database_of(places)
    key_use = key_use_of(places, database)

    def world_of(other: Database, ring: KeyRing) -> World:
        return Workspace(
            folder, settings, places, other, settings.specs(), key_use, ring
        ).world()

    try:
        hold(key_use, alone=True)
        yield database, places, Room(places.keys_file, places.checkpoints_file, world_of)
    finally:
        key_use.free()
        database.close()
