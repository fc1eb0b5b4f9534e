"""Schedules after a restore: nothing fires by itself for a moment that is past.

It may have fired since the backup, and what was sent must not be sent again.
"""

from dataclasses import replace
from datetime import datetime
from itertools import islice

from mailer.jobs.follow import file_of, in_force
from mailer.jobs.world import World
from mailer.model.schedule import Firing, FiringState
from mailer.pace.firing import coming_firings, next_firing
from mailer.store.alarms import Alarm, raise_alarm
from mailer.store.schedules import (
    FiringRecord,
    ScheduleState,
    record_firing,
    save_schedule,
    schedule_states,
)

_REASON = "the database was brought back from a backup: it may have fired since"
_FIRINGS_NAMED = 20
_LOOKED_AT = 100_000


def pass_by_firings(world: World, now: datetime) -> dict[str, int]:
    """Let no schedule fire by itself for a moment since the backup; count what it had."""
    with world.database.read() as connection:
        states = schedule_states(connection)
    passed: dict[str, int] = {}
    for state in states.values():
        if state.coming is not None and state.coming.due_at <= now:
            passed[state.name] = _pass_by(world, state, state.coming, now)
    return {name: count for name, count in passed.items() if count}


def _pass_by(world: World, state: ScheduleState, first: Firing, now: datetime) -> int:
    schedule = in_force(state)
    firings = [first]
    if schedule is not None:
        for firing in islice(coming_firings(schedule, first.due_at), _LOOKED_AT):
            if firing.due_at > now:
                break
            firings.append(firing)
    coming = None if schedule is None else next_firing(schedule, now)
    with world.database.write() as connection:
        save_schedule(connection, replace(state, coming=coming))
        passed = sum(
            record_firing(
                connection,
                FiringRecord(state.name, firing, FiringState.MISSED, now, reason=_REASON),
            )
            for firing in firings[-_FIRINGS_NAMED:]
        )
        if passed:
            raise_alarm(connection, _may_have_fired(state.name, firings[-1], now))
    return passed


def _may_have_fired(name: str, last: Firing, now: datetime) -> Alarm:
    return Alarm(
        "schedule_missed",
        file_of(name),
        now,
        f"{_REASON}, the last time for {last.occurrence}; nothing is sent by itself",
        f"`mailer schedule run {name} --occurrence {last.occurrence}` sends it now, if it"
        f" was not sent; `mailer schedule skip {name} --occurrence …` lets it be",
    )
