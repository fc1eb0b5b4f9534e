"""`schedules/<name>.toml`: when which template goes to which list.

A file that does not parse is a value here, with its problem in words: the version before it
stays in force, and one broken file never stops the others.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailer.errors import NotFoundError, WorkspaceError, did_you_mean
from mailer.model.choosing import (
    RECIPIENT,
)
from mailer.model.schedule import Cron, Every, Once, Schedule, Trigger
from mailer.pace.crontab import read_crontab
from mailer.pace.firing import at_wall_clock
from mailer.pace.recipient import FIRST_ZONE
from mailer.workspace.files import closed, inside, read_text
from mailer.workspace.folder import names
from mailer.workspace.scheduletable import ScheduleTable, read_choice, read_targets
from mailer.workspace.tomlfiles import parse_toml, read_priority

KIND = "schedules"
SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_GRACE = timedelta(days=7)
_EVERY_FROM = datetime(2001, 1, 1)  # noqa: DTZ001 - a Monday's midnight in the schedule's zone


@dataclass(frozen=True, slots=True)
class ScheduleFile:
    """One file as it is now.

    Args:
        text: What stands in it, "" when it cannot be read.
        hash: The SHA-256 (hex) of its text, or of the problem when it cannot be read.
        schedule: What it says, None when it does not parse.
        problem: Why it does not, with the file's name, else "".
    """

    name: str
    text: str
    hash: str
    schedule: Schedule | None
    problem: str


def read_schedules(folder: str) -> tuple[ScheduleFile, ...]:
    """Read all schedules of a workspace, by name."""
    return tuple(_read(folder, name) for name in names(folder, KIND))


def read_schedule(folder: str, name: str) -> ScheduleFile:
    """Read one schedule by the name of its file.

    Raises:
        NotFoundError: when there is no such file.
        WorkspaceError: when nobody can say whether there is.
    """
    known = names(folder, KIND)
    if name not in known:
        if why := closed(folder, KIND):
            raise WorkspaceError(why)
        raise NotFoundError(
            f"there is no schedule {name!r} (no file {KIND}/{name}.toml)"
            f"{did_you_mean(name, known)}"
        )
    return _read(folder, name)


def _read(folder: str, name: str) -> ScheduleFile:
    shown = f"{KIND}/{name}.toml"
    text = ""
    try:
        text = read_text(inside(folder, shown), shown)
        schedule = parse_schedule(text, name)
    except WorkspaceError as problem:
        return ScheduleFile(name, text, _hash(text or str(problem)), None, str(problem))
    return ScheduleFile(name, text, _hash(text), schedule, "")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def parse_schedule(text: str, name: str) -> Schedule:
    """Turn the text of `schedules/<name>.toml` into a schedule.

    Raises:
        WorkspaceError: names the place that is wrong, and what may be there.
    """
    shown = f"{KIND}/{name}.toml"
    file = ScheduleTable(parse_toml(text, shown), shown)
    zone, fallback_zone = _zones(file)
    first, *also = read_targets(file)
    found = Schedule(
        name=name,
        trigger=_trigger(file, zone, by_own_clock=bool(fallback_zone)),
        zone=zone.key,
        template=file.text("template"),
        list_name=first.list_name,
        segment=first.segment,
        pace_per_s=file.pace("pace"),
        grace=_grace(file),
        valid_for=_valid_for(file),
        allow_withheld=file.flag("allow_withheld", default=False),
        also=tuple(also),
        fallback_zone=fallback_zone,
        choice=read_choice(file),
        priority=read_priority(file) if file.has("priority") else None,
        canary=file.flag("canary", default=True),
    )
    file.end()
    return found


def _valid_for(file: ScheduleTable) -> timedelta | None:
    valid_for, stale_after = file.duration("valid_for"), file.duration("stale_after")
    if valid_for is not None and stale_after is not None:
        raise WorkspaceError(
            f"{file.where}: valid_for and stale_after are two names of one thing:"
            " write one of them"
        )
    return valid_for or stale_after


def _zones(file: ScheduleTable) -> tuple[ZoneInfo, str]:
    """Return the zone that fires, and the fallback's where each person's clock counts."""
    name, fallback = file.text("zone"), file.text("fallback_zone", "")
    if name != RECIPIENT:
        if fallback:
            raise WorkspaceError(
                f"{file.where}: 'fallback_zone' goes with zone = '{RECIPIENT}'"
            )
        return _zone(file, name), ""
    if not fallback:
        raise WorkspaceError(
            f"{file.where}: zone = '{RECIPIENT}' needs the zone of people whose own is not"
            " known: fallback_zone = 'Europe/Oslo'"
        )
    return ZoneInfo(FIRST_ZONE), _zone(file, fallback).key


def _zone(file: ScheduleTable, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write it like Europe/Oslo"
        raise WorkspaceError(
            f"{file.where}: there is no time zone {name!r}; {hint}"
        ) from None


def _misspelt(file: ScheduleTable) -> str:
    return next((end for key in ("cron", "every") if (end := file.misspelt(key))), "")


def _trigger(file: ScheduleTable, zone: ZoneInfo, *, by_own_clock: bool) -> Trigger:
    cron = file.text("cron", "")
    every = file.duration("every")
    since = file.moment("from", zone)
    at = file.moment("at", zone)
    given = [cron or None, every, at]
    if sum(one is not None for one in given) != 1:
        raise WorkspaceError(
            f"{file.where}: write exactly one of cron (cron = '0 9 * * mon'), every"
            f" (every = '6h') and at (at = 2026-12-01T09:00:00){_misspelt(file)}"
        )
    if by_own_clock and (every is not None or file.has_offset("at")):
        raise WorkspaceError(
            f"{file.where}: zone = '{RECIPIENT}' needs a time on the wall: cron, or at"
            " without an offset"
        )
    if since is not None and every is None:
        raise WorkspaceError(f"{file.where}: 'from' goes with 'every' only")
    if at is not None:
        return Once(at)
    if every is not None:
        return _every(file, every, since or at_wall_clock(_EVERY_FROM, zone))
    try:
        read_crontab(cron)
    except ValueError as problem:
        raise WorkspaceError(f"{file.where}: cron: {problem}") from None
    return Cron(cron)


def _grace(file: ScheduleTable) -> timedelta | None:
    grace = file.duration("grace")
    if grace is not None and grace > LONGEST_GRACE:
        raise WorkspaceError(
            f"{file.where}: grace may be a week at most: whoever gets a letter later than"
            " that should get it because somebody decided so"
        )
    return grace


def _every(file: ScheduleTable, every: timedelta, since: datetime) -> Every:
    if every < SHORTEST_INTERVAL:
        raise WorkspaceError(f"{file.where}: every must be a minute or more")
    return Every(every, since.replace(microsecond=0))
