"""Bringing the database back from a backup, so that nobody is written to twice or in vain.

A backup does not know what happened since: who left, what was sent, which numbers were
given. The logbook knows who left and which campaigns were begun; of all else the worst is
assumed, and left for a person to settle. What is brought back is prepared beside the
database and takes its place only when it is whole.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from shlex import quote

from mailer.errors import DatabaseError, NotFoundError, RefusedError
from mailer.jobs.database import check
from mailer.jobs.erase import finish_erasures
from mailer.jobs.keys import keys_in_force, lay_waiting
from mailer.jobs.logbook import Logbook
from mailer.jobs.replay import Replayed, catch_up, mark_name
from mailer.jobs.restored_campaigns import (
    Paused,
    bring_back_begun,
    doubt,
    how_paused,
    pause_all,
    plan_through,
)
from mailer.jobs.restored_firings import pass_by_firings
from mailer.jobs.world import World
from mailer.model.key import KeyRing
from mailer.store import restoring as store
from mailer.store import schema, versions
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.copying import copy_file, fold
from mailer.store.database import Database, open_database
from mailer.store.noes import mark
from mailer.workspace.backup import beside, swap_in
from mailer.workspace.checkpoints import keep_checkpoints, read_checkpoints
from mailer.workspace.files import exists

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What bringing back did, or would do.

    Args:
        newest: The time of the newest thing that the backup knows; None for an empty one.
        noes: What the logbook said since.
        schedules: Firings since that are not sent by themselves, by schedule.
        floors: Which numbers are passed by.
        problems: What a person should look at.
        replaced: Where the database is that was there before; None without one.
    """

    newest: datetime | None
    entries: int
    noes: Replayed
    campaigns: tuple[Paused, ...]
    schedules: dict[str, int]
    floors: dict[str, int]
    problems: tuple[str, ...]
    replaced: str | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants it.

    Args:
        logbooks: Folders of further logbooks: those of other machines.
        without_logbook: Go on although no logbook reaches back to the backup.
        dry_run: Say what would be done, and change nothing.
    """

    logbooks: Sequence[str] = ()
    without_logbook: bool = False
    dry_run: bool = False


WorldOf = Callable[[Database, KeyRing], World]
"""Builds the workspace's world over another database."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where the workspace has what a restore reads and writes."""

    keys_file: str
    checkpoints_file: str
    world_of: WorldOf


def restore(
    room: Room, database_file: str, backup: str, wishes: Wishes, now: datetime
) -> Restored:
    """Bring an SQLite database back from a backup. Nobody else may have it open.

    Raises:
        NotFoundError: when there is no such backup.
        DatabaseError: when it is damaged, or a newer program made it.
        KeyFileError: when the keys are not those that it was made with.
        RefusedError: when it does not hold together, or the logbook does not reach back.
    """
    if not exists(backup):
        raise NotFoundError(f"there is no backup {backup}")
    with beside(database_file) as prepared:
        copy_file(backup, prepared)
        copy = open_database(f"sqlite:///{prepared}")
        try:
            if versions.version(copy) is None:
                raise RefusedError(
                    f"{backup} is no backup of ours: it has none of our tables"
                )
            schema.upgrade(copy)
            done = settle(room, copy, wishes, now)
            if not wishes.dry_run:
                keep_checkpoints_met(room.checkpoints_file, copy, now)
            fold(copy)
        finally:
            copy.close()
        if wishes.dry_run:
            return done
        _fold_if_sound(database_file)
        return replace(done, replaced=swap_in(prepared, database_file, now))


def _fold_if_sound(database_file: str) -> None:
    """Let the database that is replaced be one file, if it can be read at all."""
    if exists(database_file):
        old = open_database(f"sqlite:///{database_file}")
        try:
            fold(old)
        except DatabaseError as problem:
            _log.warning("the database that is replaced: %s", problem)
        finally:
            old.close()


def settle(room: Room, database: Database, wishes: Wishes, now: datetime) -> Restored:
    """Settle a database that was brought back: what may have happened since is assumed.

    It may be done again after a crash.

    Raises:
        KeyFileError: when the keys are not those that it was made with.
        RefusedError: when it does not hold together, or the logbook does not reach back.
    """
    keys_in_force(database, room.keys_file, now)
    lay_waiting(database, room.keys_file, now)
    ring = keys_in_force(database, room.keys_file, now)
    world = room.world_of(database, ring)
    entries = _require_whole(database, ring)
    logbooks = [world.logbook, *(Logbook(folder, ring) for folder in wishes.logbooks)]
    problems = _reaching_back(database, logbooks, wishes)
    with database.read() as connection:
        newest = store.newest_moment(connection)
    begun = bring_back_begun(world, logbooks, problems, now)
    campaigns = pause_all(world, begun, now)
    schedules = pass_by_firings(world, now)
    noes = [
        catch_up(database, logbook, now, restored=True)
        for logbook in logbooks
        if logbook.opening() is not None
    ]
    finish_erasures(database, world.logbook, lambda: now)
    plan_through(world, campaigns, problems, now)
    doubt(world, now)
    with database.write() as connection:
        floors = store.pass_by_numbers(connection)
        paused = tuple(how_paused(world, number, begun) for number in campaigns)
        raise_alarm(connection, _alarm(newest, paused, problems, now))
    return Restored(
        newest=newest,
        entries=entries,
        noes=_sum(noes),
        campaigns=paused,
        schedules=schedules,
        floors=floors,
        problems=tuple(problems),
        replaced=None,
    )


def how_on_postgresql(address: str, backup: str) -> str:
    """Say how a PostgreSQL database is brought back."""
    # Into an empty schema: what a newer version had made would stand in the way, or stay.
    empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    return (
        "mailer does not bring PostgreSQL back by itself. With nothing running, keep a dump"
        " of what is there now, look that the backup reads (pg_restore --list), then empty"
        " the database and fill it again:\n"
        f"  psql --set=ON_ERROR_STOP=1 --dbname={quote(address)} --command={quote(empty)}\n"
        f"  pg_restore --exit-on-error --dbname={quote(address)} {quote(backup)}\n"
        "and before anything is started:\n"
        "  mailer db restore --brought-back"
    )


def _require_whole(database: Database, ring: KeyRing) -> int:
    """Return how many entries the ledger has."""
    # Checkpoints may be of what happened since: those that are not met are put aside.
    checks = check(database, ring, None)
    wrong = [words for one in checks for words in one.problems]
    if wrong:
        raise RefusedError(
            "this backup does not hold together: take another one\n  " + "\n  ".join(wrong)
        )
    with database.read() as connection:
        return store.last_entry(connection)


def _reaching_back(
    database: Database, logbooks: Sequence[Logbook], wishes: Wishes
) -> list[str]:
    """Return what must be said about the logbook; refuse when it knows too little."""
    opening = logbooks[0].opening()
    if opening is None:
        words = f"there is no logbook in {logbooks[0].folder}: who left since is not known"
    else:
        with database.read() as connection:
            if mark(connection, mark_name(opening.file_id)) is not None:
                return []
        words = (
            f"the logbook was begun on {opening.begun_at:%Y-%m-%d %H:%M} UTC, and this"
            " backup does not know it: who left between the two is not known"
        )
    if not wishes.without_logbook:
        raise RefusedError(
            f"{words}. Bring back the folder of the logbook (the setting `logbook`), or go"
            " on with --without-logbook"
        )
    return [words]


def _alarm(
    newest: datetime | None,
    paused: Sequence[Paused],
    problems: Sequence[str],
    now: datetime,
) -> Alarm:
    known = "nothing" if newest is None else f"nothing after {newest:%Y-%m-%d %H:%M} UTC"
    words = [f"the database was brought back from a backup that knows of {known}"]
    words += [
        f"campaign {one.campaign.id} ({one.campaign.name}) is {one.campaign.state}, with"
        f" {one.in_doubt} letters in doubt"
        for one in paused
    ]
    return Alarm(
        "restored",
        "the database",
        now,
        "; ".join([*words, *problems]),
        "for each campaign look into the relay's log, settle what is in doubt with `mailer"
        " campaign resolve`, then `mailer campaign resume` or `cancel` it; import again who"
        " joined since",
    )


def _sum(noes: Sequence[Replayed]) -> Replayed:
    return Replayed(
        read=sum(one.read for one in noes),
        applied=sum(one.applied for one in noes),
        lifted=sum(one.lifted for one in noes),
        wrong=sum(one.wrong for one in noes),
        up_to=max((one.up_to for one in noes), default=0),
    )


def keep_checkpoints_met(path: str, database: Database, now: datetime) -> None:
    """Keep the checkpoints that this ledger has; all of them are in a file beside.

    Raises:
        WorkspaceError: when the file does not parse, or cannot be written.
    """
    found = read_checkpoints(path)
    with database.read() as connection:
        seals = store.seals_of(connection, [one.number for one in found])
    met = [one for one in found if not one.number or seals.get(one.number) == one.mac]
    if len(met) < len(found):
        keep_checkpoints(path, met, now)
