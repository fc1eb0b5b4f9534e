"""Keeping the database's schedules in step with their files.

What is in force is the last version of a file that parsed. A broken file raises an alarm
once for each of its contents; a file that is gone does not fire, and is forgotten after a
while (editors take files away for a moment when they save).
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.errors import WorkspaceError
from mailer.jobs.world import World
from mailer.model.schedule import Schedule
from mailer.pace.firing import after_change
from mailer.store.alarms import Alarm, is_raised, raise_once
from mailer.store.schedules import (
    ScheduleState,
    forget_schedule,
    lock_schedule,
    save_schedule,
    schedule_states,
)
from mailer.workspace.schedules import ScheduleFile, parse_schedule, read_schedules


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a schedule, in words.

    Args:
        campaign_id: The campaign that was made, if one was.
        bad: Somebody should look at it.
    """

    schedule: str
    words: str
    campaign_id: int | None = None
    bad: bool = False


def file_of(name: str) -> str:
    """Return what a schedule's file is called in messages."""
    return f"schedules/{name}.toml"


def is_gone(state: ScheduleState) -> bool:
    """Say whether a schedule's file was gone when it was last looked for."""
    return state.problem == _gone(state.name)


def _gone(name: str) -> str:
    return f"{file_of(name)} is gone: it does not fire"


def in_force(state: ScheduleState) -> Schedule | None:
    """Return the last version of a schedule's file that parsed, None if there is none."""
    if not state.text:
        return None
    try:
        return parse_schedule(state.text, state.name)
    except WorkspaceError:
        # An older program understood it; this one asks for a new version of the file.
        return None


def follow(world: World, now: datetime) -> list[Happened]:
    """Read all files of schedules and put in force what is new, changed or gone."""
    files = {file.name: file for file in read_schedules(world.folder)}
    with world.database.read() as connection:
        states = schedule_states(connection)
        broken = {
            name
            for name, file in files.items()
            if file.schedule is None and not is_raised(connection, *_topic(file))
        }
    happened: list[Happened] = []
    for name in sorted(files.keys() | states.keys()):
        file, state = files.get(name), states.get(name)
        if file is None:
            happened += _without_file(world, state, now)
        elif file.schedule is None:
            if name in broken or state is None or state.problem != file.problem:
                happened += _broken(world, file, state, now)
        elif state is None or state.source_hash != file.hash or state.problem:
            happened += _good(world, file, file.schedule, state, now)
    return happened


def _without_file(
    world: World, state: ScheduleState | None, now: datetime
) -> Generator[Happened, None, None]:
    assert state is not None
    if not is_gone(state):
        gone = replace(state, problem=_gone(state.name), changed_at=now)
        if _write(world, state, gone):
            yield Happened(state.name, gone.problem)
    elif now - state.changed_at > world.grace:
        with world.database.write() as connection:
            if lock_schedule(connection, state.name) == state:
                forget_schedule(connection, state.name)


def _broken(
    world: World, file: ScheduleFile, state: ScheduleState | None, now: datetime
) -> Generator[Happened, None, None]:
    before = state or ScheduleState(file.name, "", "", "", None, now)
    kind, subject = _topic(file)
    force = "the version before it stays in force" if before.text else "it does not fire"
    alarm = Alarm(kind, subject, now, f"{file.problem}; {force}", "put the file right")
    if _write(world, state, replace(before, problem=file.problem, changed_at=now), alarm):
        yield Happened(file.name, alarm.happened, bad=True)


def _topic(file: ScheduleFile) -> tuple[str, str]:
    """Return the alarm's kind and subject: one for each content."""
    return "schedule_broken", f"{file_of(file.name)} ({file.hash[:12]})"


def _good(
    world: World,
    file: ScheduleFile,
    schedule: Schedule,
    state: ScheduleState | None,
    now: datetime,
) -> Generator[Happened, None, None]:
    before = None if state is None else in_force(state)
    coming = None if state is None else state.coming
    if state is not None and is_gone(state) and now - state.changed_at > world.grace:
        before = coming = None
    saved = ScheduleState(
        name=file.name,
        text=file.text,
        source_hash=file.hash,
        problem="",
        coming=after_change(before, coming, schedule, now),
        changed_at=now,
    )
    if _write(world, state, saved):
        yield Happened(file.name, f"{file_of(file.name)} is in force and {_next(saved)}")


def _next(state: ScheduleState) -> str:
    if state.coming is None:
        return "does not fire any more"
    return f"fires next at {state.coming.due_at:%Y-%m-%d %H:%M} UTC"


def _write(
    world: World,
    before: ScheduleState | None,
    after: ScheduleState,
    alarm: Alarm | None = None,
) -> bool:
    """Write down a change unless somebody else wrote one meanwhile: False then."""
    with world.database.write() as connection:
        if lock_schedule(connection, after.name) != before:
            return False
        save_schedule(connection, after)
        if alarm is not None:
            raise_once(connection, alarm)
    return True
