"""Firing: at each tick, every schedule whose time has come makes its one campaign.

Our own rows decide what is due; whatever ticks may do so late, twice, or in two processes.
The row of a firing is unique and is written in the same transaction as its campaign.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from mailer.errors import NotFoundError, RefusedError, WorkspaceError
from mailer.jobs.follow import Happened, file_of, follow, in_force, is_gone
from mailer.jobs.frozen import keep_enclosures
from mailer.jobs.order import Order, Ready
from mailer.jobs.start_campaign import gather, require_letters, start_within
from mailer.jobs.world import World
from mailer.model.choosing import WallClock
from mailer.model.schedule import Firing, FiringState, Schedule, duration_words
from mailer.pace.firing import Due, what_is_due
from mailer.pace.recipient import further_grace
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.database import Connection
from mailer.store.schedules import (
    FiringRecord,
    ScheduleState,
    lock_schedule,
    name_campaign,
    record_firing,
    save_schedule,
    schedule_states,
)

CANNOT_START = (WorkspaceError, NotFoundError, RefusedError)
"""What a person must put right before a campaign can start."""

_SHOWN = 5
_HALF_SAVED = timedelta(seconds=30)
"""So long a firing waits for a file that does not parse: somebody may be saving it."""


def tick(world: World, now: datetime) -> list[Happened]:
    """Read the files, then fire whatever is due. Call it every few seconds.

    A firing that is late by more than its grace is recorded and alarmed, never sent by
    itself; one that cannot start is recorded as failed, with an alarm (a file that does
    not parse gets half a minute: it may be half saved).
    """
    happened = follow(world, now)
    with world.database.read() as connection:
        states = schedule_states(connection)
    for state in states.values():
        if state.coming is None or state.coming.due_at > now or is_gone(state):
            continue
        schedule = in_force(state)
        if schedule is not None:
            happened += _fire(world, state, schedule, state.coming, now)
    return happened


def _clock_of(schedule: Schedule, firing: Firing) -> WallClock | None:
    """Return the minute that comes for each person by their own clock, if it does."""
    if not schedule.fallback_zone:
        return None
    return WallClock(datetime.fromisoformat(firing.occurrence), schedule.fallback_zone)


def order_of(schedule: Schedule, firing: Firing) -> Order:
    """Return what a schedule orders when it fires."""
    return Order(
        template=schedule.template,
        list_name=schedule.list_name,
        segment=schedule.segment,
        name=schedule.name,
        pace_per_s=schedule.pace_per_s,
        valid_for=schedule.valid_for,
        allow_withheld=schedule.allow_withheld,
        schedule=schedule.name,
        occurrence=firing.occurrence,
        also=schedule.also,
        priority=schedule.priority,
        canary=schedule.canary,
        choice=replace(schedule.choice, wall_clock=_clock_of(schedule, firing)),
    )


def _fire(
    world: World, state: ScheduleState, schedule: Schedule, first: Firing, now: datetime
) -> list[Happened]:
    grace = world.grace if schedule.grace is None else schedule.grace
    grace += further_grace(_clock_of(schedule, first))
    due = what_is_due(schedule, first, grace, now)
    ready: Ready | None = None
    problem = ""
    if due.fires is not None:
        try:
            ready = gather(world, order_of(schedule, due.fires), now)
            require_letters(ready)
            keep_enclosures(world.database, ready.content.source, now)
        except CANNOT_START as found:
            problem = str(found)
            if isinstance(found, WorkspaceError) and now < due.fires.due_at + _HALF_SAVED:
                words = f"{file_of(state.name)} is due and waits a moment: {problem}"
                return [Happened(state.name, words, bad=True)]
    turn = _Turn(world, state, due, grace, now)
    try:
        return turn.record(None if problem else ready, problem)
    except RefusedError as found:
        # Only the database knew it, as when the words of a list were changed.
        return turn.record(None, str(found))


class _Turn:
    """What is written down about one schedule whose time has come, in one transaction."""

    def __init__(
        self,
        world: World,
        state: ScheduleState,
        due: Due,
        grace: timedelta,
        now: datetime,
    ) -> None:
        self._world = world
        self._state = state
        self._due = due
        self._grace = grace
        self._now = now

    def record(self, ready: Ready | None, problem: str) -> list[Happened]:
        """Write everything down, unless somebody else did so meanwhile."""
        with self._world.database.write() as connection:
            if lock_schedule(connection, self._state.name) != self._state:
                return []
            save_schedule(connection, replace(self._state, coming=self._due.coming))
            happened = self._missed(connection)
            self._replaced(connection)
            if ready is not None:
                happened += self._fired(connection, ready)
            elif problem:
                happened += self._failed(connection, problem)
        return happened

    def _row(
        self, connection: Connection, firing: Firing, state: FiringState, reason: str
    ) -> bool:
        return record_firing(
            connection,
            FiringRecord(self._state.name, firing, state, self._now, reason=reason),
        )

    def _missed(self, connection: Connection) -> list[Happened]:
        reason = f"later than its grace of {duration_words(self._grace)}"
        missed = [
            firing
            for firing in self._due.missed
            if self._row(connection, firing, FiringState.MISSED, reason)
        ]
        if not missed:
            return []
        name = self._state.name
        shown = ", ".join(firing.occurrence for firing in missed[-_SHOWN:])
        many = "1 firing was" if len(missed) == 1 else f"{len(missed)} firings were"
        if self._due.more:
            many = f"{len(missed)} or more firings were"
        alarm = Alarm(
            "schedule_missed",
            file_of(name),
            self._now,
            f"{many} missed, the last of them {shown}: the program did not"
            f" run, and it is {reason}; nothing was sent",
            f"`mailer schedule run {name} --occurrence {missed[-1].occurrence}` sends it"
            f" now, `mailer schedule skip {name} --occurrence …` lets it be",
        )
        raise_alarm(connection, alarm)
        return [Happened(name, alarm.happened, bad=True)]

    def _replaced(self, connection: Connection) -> None:
        if self._due.fires is not None:
            reason = f"only the latest was sent: {self._due.fires.occurrence}"
            for firing in self._due.replaced:
                self._row(connection, firing, FiringState.MISSED, reason)

    def _fired(self, connection: Connection, ready: Ready) -> list[Happened]:
        firing = self._due.fires
        assert firing is not None
        name = self._state.name
        if not self._row(connection, firing, FiringState.FIRED, ""):
            return []
        number = start_within(connection, self._world, ready, self._now)
        name_campaign(connection, name, firing.occurrence, number)
        words = f"{file_of(name)} fired for {firing.occurrence} as campaign {number}"
        return [Happened(name, words, number)]

    def _failed(self, connection: Connection, problem: str) -> list[Happened]:
        firing = self._due.fires
        assert firing is not None
        # Only the first line: who lacks a value is listed below it, and no alarm's matter.
        reason = problem.splitlines()[0]
        if not self._row(connection, firing, FiringState.FAILED, reason):
            return []
        name = self._state.name
        alarm = Alarm(
            "schedule_failed",
            file_of(name),
            self._now,
            f"its firing for {firing.occurrence} could not start, so nothing was sent:"
            f" {reason}",
            f"put that right, then `mailer schedule run {name} --occurrence"
            f" {firing.occurrence}`",
        )
        raise_alarm(connection, alarm)
        return [Happened(name, alarm.happened, bad=True)]
