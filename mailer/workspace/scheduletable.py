"""The table of a schedule's file: types that only it has, and whom it goes to."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.errors import WorkspaceError
from mailer.model.choosing import (
    LONGEST_SPREAD,
    Choice,
    Target,
    read_exclusion,
    read_target,
)
from mailer.model.schedule import parse_duration
from mailer.pace.firing import at_wall_clock
from mailer.workspace.tomlfiles import Table
from mailer.workspace.topictable import named_topics

_FIRST_YEAR = 2000
_LAST_YEAR = 2199


class ScheduleTable(Table):
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

    def has_offset(self, key: str) -> bool:
        """Say whether a time has an offset of its own."""
        found = self.anything(key)
        return isinstance(found, datetime) and found.tzinfo is not None

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


def read_targets(file: ScheduleTable) -> list[Target]:
    """Read the lists and segments that letters go to, in order."""
    one, several = file.text("list", ""), file.texts("lists")
    segment = file.text("segment", "")
    if bool(one) == bool(several):
        raise WorkspaceError(
            f"{file.where}: write exactly one of list (list = 'newsletter') and lists"
            " (lists = ['newsletter', 'courses/bergen'])"
        )
    if one:
        return [Target(one, segment)]
    if segment:
        raise WorkspaceError(
            f"{file.where}: 'segment' goes with 'list'; in 'lists' a segment stands behind"
            " its list: 'newsletter/nordic'"
        )
    try:
        targets = [read_target(name) for name in several]
    except ValueError as problem:
        raise WorkspaceError(f"{file.where}: lists: {problem}") from None
    if len({*targets}) < len(targets):
        raise WorkspaceError(f"{file.where}: lists names the same twice")
    return targets


def read_choice(file: ScheduleTable) -> Choice:
    """Read whom to leave out, and how letters spread."""
    topics = named_topics(file)
    return Choice(_exclude(file), _spread(file), _limit(file), topics=topics)


def _exclude(file: ScheduleTable) -> tuple[str, ...]:
    names = tuple(file.texts("exclude"))
    for name in names:
        try:
            read_exclusion(name)
        except ValueError as problem:
            raise WorkspaceError(f"{file.where}: exclude: {problem}") from None
    return names


def _spread(file: ScheduleTable) -> timedelta | None:
    spread = file.duration("spread")
    if spread is not None and spread > LONGEST_SPREAD:
        raise WorkspaceError(f"{file.where}: spread may be {LONGEST_SPREAD.days}d at most")
    return spread


def _limit(file: ScheduleTable) -> int | None:
    limit = file.anything("limit")
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise WorkspaceError(
            f"{file.where}: limit is {limit!r}, but must be a number of people, 1 or more"
        )
    return limit
