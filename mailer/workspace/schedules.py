"""`schedules/<name>.toml`: when which template goes to which list.

A file that does not parse is a value here, with its problem in words: the version before it
stays in force, and one broken file never stops the others.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailer.errors import NotFoundError, WorkspaceError, did_you_mean
from mailer.model.schedule import Cron, Every, Once, Schedule, Trigger, parse_duration
from mailer.pace.crontab import read_crontab
from mailer.pace.firing import at_wall_clock
from mailer.workspace.files import inside, read_text
from mailer.workspace.folder import names
from mailer.workspace.tomlfiles import Table, parse_toml

KIND = "schedules"
SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_GRACE = timedelta(days=7)
_FIRST_YEAR = 2000
_LAST_YEAR = 2199
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
    """
    known = names(folder, KIND)
    if name not in known:
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
    file = _File(parse_toml(text, shown), shown)
    zone = _zone(file)
    found = Schedule(
        name=name,
        trigger=_trigger(file, zone),
        zone=zone.key,
        template=file.text("template"),
        list_name=file.text("list"),
        segment=file.text("segment", ""),
        pace_per_s=file.pace("pace"),
        grace=_grace(file),
        valid_for=file.duration("valid_for"),
        allow_withheld=file.flag("allow_withheld", default=False),
    )
    file.end()
    return found


class _File(Table):
    """A schedule's file, with the types that only it has."""

    def anything(self, key: str) -> object | None:
        """Return a value of any type, None when there is none."""
        found: object = self._get(key, object, "")
        return None if found == "" else found

    def duration(self, key: str) -> timedelta | None:
        """Return a length of time."""
        text = self.text(key, "")
        if not text:
            return None
        try:
            return parse_duration(text)
        except ValueError as problem:
            raise WorkspaceError(f"{self.where}: {key}: {problem}") from None

    def pace(self, key: str) -> float | None:
        """Return letters a second."""
        found = self.anything(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            pace = 0.0
        else:
            pace = float(found)
        if not 0 < pace < math.inf:
            raise WorkspaceError(
                f"{self.where}: {key} is {found!r}, but must be a number above 0:"
                " letters a second"
            )
        return pace

    def moment(self, key: str, zone: ZoneInfo) -> datetime | None:
        """Return a moment in UTC; a time without an offset is read in the zone."""
        found = self.anything(key)
        if found is None:
            return None
        if not isinstance(found, datetime):
            raise WorkspaceError(
                f"{self.where}: {key} is {found!r}, but must be a date with its time,"
                " without quotes: 2026-12-01T09:00:00"
            )
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise WorkspaceError(f"{self.where}: {key} lies in the year {found.year}")
        if found.tzinfo is None:
            return at_wall_clock(found, zone)
        return found.astimezone(UTC)


def _zone(file: _File) -> ZoneInfo:
    name = file.text("zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write it like Europe/Oslo"
        raise WorkspaceError(
            f"{file.where}: there is no time zone {name!r}; {hint}"
        ) from None


def _trigger(file: _File, zone: ZoneInfo) -> Trigger:
    cron = file.text("cron", "")
    every = file.duration("every")
    since = file.moment("from", zone)
    at = file.moment("at", zone)
    given = [cron or None, every, at]
    if sum(one is not None for one in given) != 1:
        raise WorkspaceError(
            f"{file.where}: write exactly one of cron (cron = '0 9 * * mon'), every"
            " (every = '6h') and at (at = 2026-12-01T09:00:00)"
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


def _grace(file: _File) -> timedelta | None:
    grace = file.duration("grace")
    if grace is not None and grace > LONGEST_GRACE:
        raise WorkspaceError(
            f"{file.where}: grace may be a week at most: whoever gets a letter later than"
            " that should get it because somebody decided so"
        )
    return grace


def _every(file: _File, every: timedelta, since: datetime) -> Every:
    if every < SHORTEST_INTERVAL:
        raise WorkspaceError(f"{file.where}: every must be a minute or more")
    return Every(every, since.replace(microsecond=0))
