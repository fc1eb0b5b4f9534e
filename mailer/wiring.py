"""How settings become objects, once: a workspace with its database, keys and lists.

Heavy imports are here and below: the command line loads them where a command needs them.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol, Self
from zoneinfo import ZoneInfo

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.config.fields import Settings
from mailer.config.mailboxes import mailboxes_of
from mailer.config.modes import mode_of, rehearsal_of
from mailer.config.places import Places, places_of
from mailer.config.presets import with_presets
from mailer.config.reading import Setting, read_settings, settings_in_force
from mailer.config.relay import Relay
from mailer.config.warmup import plans_of
from mailer.errors import ConfigError, DatabaseError, KeyFileError, RefusedError
from mailer.jobs.keys import keys_in_force
from mailer.jobs.logbook import Logbook
from mailer.jobs.tell import Ways
from mailer.jobs.watch import Watched
from mailer.jobs.world import World, is_rehearsal
from mailer.model.attributes import AttributeSpec
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList
from mailer.model.mode import Rehearsal
from mailer.model.token import TokenBox
from mailer.store.database import Database, open_database
from mailer.store.keys import KeyUse
from mailer.store.versions import require_current
from mailer.triage.mailboxes import Mailbox
from mailer.workspace.files import exists, folder_of, inside, read_secret
from mailer.workspace.folder import CONFIG, read_config
from mailer.workspace.lists import parse_sender, read_list, read_lists
from mailer.workspace.locks import FileTurn, SharedLock
from mailer.workspace.presets import read_presets


class Lock(Protocol):
    """A lock on the keys: users share it, who changes them holds it alone."""

    def share(self) -> bool:
        """Hold it together with others; False while one holds it alone."""
        ...

    def take(self) -> bool:
        """Hold it alone; False while anyone holds it."""
        ...

    def free(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace. Close it, or use it as a context manager."""

    folder: str
    settings: Settings
    places: Places
    database: Database
    specs: Mapping[str, AttributeSpec]
    key_use: Lock
    keys: KeyRing | None

    @property
    def ring(self) -> KeyRing:
        """The keys in force, checked against the database."""
        if self.keys is None:
            raise KeyFileError("this workspace was opened without its keys")
        return self.keys

    @property
    def logbook(self) -> Logbook:
        """What must outlast the database, with the keys that seal it."""
        return Logbook(self.places.logbook_folder, self.ring)

    def mailing_list(self, name: str) -> MailingList:
        """Read `lists/<name>.toml`.

        Raises:
            NotFoundError: when there is none.
            WorkspaceError: names the place that is wrong.
        """
        return read_list(self.folder, name)

    def mailing_lists(self) -> tuple[MailingList, ...]:
        """Read all lists, by name; the first mistake in any of them is raised."""
        return read_lists(self.folder)

    def site(self) -> Site:
        """Return where our pages are, and who we are where no list says it.

        Raises:
            WorkspaceError: when `site.sender` has no address that can be.
        """
        ours = self.settings.site
        if not ours.sender:
            return Site(ours.public_url)
        return Site(ours.public_url, *parse_sender(ours.sender, f"{CONFIG}: site.sender"))

    def world(self) -> World:
        """Return the workspace as the jobs around campaigns and schedules see it."""
        settings, ours = self.settings, self.settings.templates
        return World(
            database=self.database,
            folder=self.folder,
            specs=self.specs,
            site=self.site(),
            tokens=TokenBox(self.ring),
            limits=Limits(ours.max_steps, ours.max_output_bytes),
            clock=utc_now,
            logbook=self.logbook,
            give_up_after=timedelta(hours=settings.sending.give_up_after_h),
            again_within=timedelta(days=settings.campaigns.again_within_days),
            grace=timedelta(seconds=settings.schedules.grace_s),
            withheld_share=settings.campaigns.withheld_share,
            zone=settings.time_zone,
            mode=mode_of(settings),
            canary=settings.campaigns.canary(),
            engaged_first=settings.campaigns.engaged_first,
            warm_ups=plans_of(settings.warm_up),
        )

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Return the addresses that people write to, in the file's order."""
        return mailboxes_of(self.settings.mailboxes, self.settings.time_zone)

    def rehearsal(self) -> Rehearsal | None:
        """Return where letters go instead of to people; None when they do go to people.

        Raises:
            ConfigError: when the settings do not say.
        """
        if not is_rehearsal(mode_of(self.settings)):
            return None
        return rehearsal_of(self.settings)

    def relay_password(self, where: str, relay: Relay) -> str:
        """Return a relay's password from where the settings say it is; "" without one.

        Args:
            where: Where the relay stands in the settings, such as `relays.bulk`.

        Raises:
            ConfigError: when the variable is not set.
            WorkspaceError: when the file cannot be read.
        """
        if relay.password_file:
            return read_secret(
                inside(self.folder, relay.password_file), relay.password_file
            )
        if not relay.password_env:
            return ""
        password = os.environ.get(relay.password_env, "")
        if not password:
            raise ConfigError(
                f"{CONFIG}: {where}.password_env names {relay.password_env}, but the"
                " environment has no such variable: set it where mailer is started"
            )
        return password

    def ways(self) -> Ways:
        """Return by which ways somebody is told of alarms."""
        ours = self.settings.alarms
        return Ways(
            ours.address,
            ours.webhook,
            ours.command,
            ours.timeout_s,
            timedelta(seconds=ours.every_s),
        )

    def watched(self) -> Watched:
        """Return what is looked after while the program runs."""
        ours, places = self.settings.alarms, self.places
        database = () if places.database_file is None else (places.database_file,)
        return Watched(
            (*(folder_of(file) for file in database), places.logbook_folder),
            ours.disk_free_mb,
            time.fromisoformat(ours.summary_at) if ours.summary_at else None,
            ZoneInfo(self.settings.time_zone),
        )

    def close(self) -> None:
        """Close the database and let go of the keys."""
        self.key_use.free()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def settings_of(folder: str) -> Settings:
    """Read a workspace's settings from its file and the environment.

    Raises:
        ConfigError: names every wrong or unknown setting.
        WorkspaceError: when the folder has no `config.toml`, or it does not parse.
    """
    written, _ = with_presets(read_config(folder), read_presets())
    return read_settings(written, os.environ)


def settings_listed(folder: str) -> list[Setting]:
    """List a workspace's settings with where each came from; no secret is among them."""
    written = read_config(folder)
    filled, preset = with_presets(written, read_presets())
    settings = read_settings(filled, os.environ)
    return settings_in_force(settings, written, os.environ, preset=preset)


def database_of(places: Places) -> Database:
    """Open a workspace's database, whatever its version; SQLite makes an empty file."""
    file = places.database_file
    turn = FileTurn(f"{file}.turn") if file is not None else nullcontext
    return open_database(places.database_url, turn)


def key_use_of(places: Places, database: Database) -> Lock:
    """Return the lock on a workspace's keys, not yet held."""
    file = places.database_file
    return KeyUse(database) if file is None else SharedLock(f"{file}.keys-in-use")


def open_workspace(
    folder: str, *, need_keys: bool = True, alone: bool = False
) -> Workspace:
    """Open a workspace to work with: settings, database and keys are checked.

    Args:
        need_keys: Without them `ring` must not be asked for.
        alone: Nobody else may have it open: no `serve`, no import.

    Raises:
        WorkspaceError: when its files are missing or wrong.
        DatabaseError: when there is no database, or it has another version.
        KeyFileError: when a key is missing or wrong; names the file to bring back.
        RefusedError: when somebody else has it open, or has it alone.
    """
    settings = settings_of(folder)
    places = places_of(folder, settings)
    require_database(places)
    database = database_of(places)
    key_use = key_use_of(places, database)
    try:
        require_current(database)
        hold(key_use, alone=alone)
        keys = keys_in_force(database, places.keys_file, utc_now()) if need_keys else None
        return Workspace(
            folder, settings, places, database, settings.specs(), key_use, keys
        )
    except BaseException:
        key_use.free()
        database.close()
        raise


@contextmanager
def database_alone(folder: str) -> Generator[tuple[Database, Places], None, None]:
    """Open a workspace's database whatever its version, with nobody else at it.

    Raises:
        DatabaseError: when there is none.
        RefusedError: when somebody else has it open.
    """
    places = places_of(folder, settings_of(folder))
    require_database(places)
    database = database_of(places)
    key_use = key_use_of(places, database)
    try:
        hold(key_use, alone=True)
        yield database, places
    finally:
        key_use.free()
        database.close()


def hold(key_use: Lock, *, alone: bool) -> None:
    """Hold the workspace together with others, or alone.

    Raises:
        RefusedError: says what to wait for or to stop.
    """
    if alone and not key_use.take():
        raise RefusedError(
            "another mailer works in this workspace (serve, an import): stop it first"
        )
    if not alone and not key_use.share():
        raise RefusedError(
            "a key is being added, or the database upgraded, in this workspace:"
            " try again when that has ended"
        )


def require_database(places: Places) -> None:
    """Raise a DatabaseError that says what to do when the database's file is not there."""
    file = places.database_file
    if file is not None and not exists(file):
        raise DatabaseError(
            f"there is no database {file}: bring back a backup, or make a new one with"
            " `mailer init` in this folder"
        )
