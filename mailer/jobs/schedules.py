"""Schedules by hand: list them, fire an occurrence now, or let one be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from mailer.errors import NotFoundError, RefusedError, WorkspaceError
from mailer.jobs.fire import order_of
from mailer.jobs.follow import file_of, follow, in_force
from mailer.jobs.frozen import keep_enclosures
from mailer.jobs.order import Preview
from mailer.jobs.start_campaign import gather, preview, start_within
from mailer.jobs.world import World
from mailer.model.schedule import Firing, FiringState, Schedule
from mailer.pace.firing import after_change, coming_firings, find_firing, next_firing
from mailer.store import schedules as store
from mailer.store.database import Connection
from mailer.store.schedules import FiringRecord, ScheduleState
from mailer.workspace.schedules import read_schedule, read_schedules

_COMING_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """One schedule as it is shown to people.

    Args:
        schedule: What is in force; None when no version of its file ever parsed.
        coming: When it fires next, and after that.
        latest: What became of the latest occurrence, if anything did.
        waiting: The missed and failed firings that nobody has decided about.
        problem: Why the file as it is now is not in force, else "".
    """

    name: str
    schedule: Schedule | None
    coming: tuple[Firing, ...]
    latest: FiringRecord | None
    waiting: tuple[FiringRecord, ...]
    problem: str


def listed(world: World, now: datetime) -> list[Listed]:
    """List the schedules as their files and the database have them; nothing is changed."""
    files = {file.name: file for file in read_schedules(world.folder)}
    with world.database.read() as connection:
        states = store.schedule_states(connection)
        found: list[Listed] = []
        for name in sorted(files.keys() | states.keys()):
            file, state = files.get(name), states.get(name)
            before = in_force(state) if state else None
            schedule = (file.schedule if file else None) or before
            problem = file.problem if file else f"{file_of(name)} is gone: it does not fire"
            latest = store.latest_firings(connection, name, 1)
            coming: tuple[Firing, ...] = ()
            if schedule is not None and file is not None:
                first = state.coming if state else None
                first = after_change(before, first, schedule, now)
                coming = _from(schedule, first)
            found.append(
                Listed(
                    name,
                    schedule,
                    coming,
                    latest[0] if latest else None,
                    tuple(store.open_firings(connection, name)),
                    problem,
                )
            )
    return found


def _from(schedule: Schedule, first: Firing | None) -> tuple[Firing, ...]:
    if first is None:
        return ()
    rest = islice(coming_firings(schedule, first.due_at), _COMING_SHOWN - 1)
    return (first, *rest)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An occurrence of a schedule that a person does something about.

    Args:
        record: What became of it already, None for nothing.
    """

    schedule: Schedule
    firing: Firing
    record: FiringRecord | None


def to_run(world: World, name: str, occurrence: str, now: datetime) -> Chosen:
    """Return the occurrence that a person wants to fire now.

    Args:
        occurrence: Its key; "" for the one that was missed or failed, or else the next.

    Raises:
        NotFoundError: when there is no such schedule, or it never fires then.
        WorkspaceError: when its file does not parse.
        RefusedError: when it fired already, or several wait for a decision.
    """
    schedule, state = _in_step(world, name, now)
    with world.database.read() as connection:
        if occurrence:
            firing = _named(connection, schedule, occurrence, now)
        else:
            waiting = store.open_firings(connection, name)
            if len(waiting) > 1:
                raise RefusedError(_say_which(name, waiting))
            firing = waiting[0].firing if waiting else _next(schedule, state, now)
        record = store.find_firing(connection, name, firing.occurrence)
    if record is not None and record.state is FiringState.FIRED:
        raise _fired_already(record)
    return Chosen(schedule, firing, record)


def preview_run(world: World, chosen: Chosen, now: datetime) -> Preview:
    """Say who would get a letter if an occurrence fired now."""
    order = order_of(chosen.schedule, chosen.firing)
    return preview(world, gather(world, order, now), now)


def run(world: World, chosen: Chosen, now: datetime) -> int:
    """Fire an occurrence now, and return the number of its campaign.

    Raises:
        RefusedError: when it fired meanwhile, or cannot start.
        WorkspaceError: when its template, list or segment is wrong.
        NotFoundError: when there is none of that name.
    """
    schedule, firing = chosen.schedule, chosen.firing
    ready = gather(world, order_of(schedule, firing), now)
    keep_enclosures(world.database, ready.content.source, now)
    record = FiringRecord(schedule.name, firing, FiringState.FIRED, now, reason="by hand")
    with world.database.write() as connection:
        _decide(connection, schedule, record)
        number = start_within(connection, world, ready, now)
        store.name_campaign(connection, schedule.name, firing.occurrence, number)
    return number


def skip(world: World, name: str, occurrence: str, now: datetime) -> Firing:
    """Let one occurrence be: it does not fire, and is not asked about any more.

    Args:
        occurrence: Its key; "" for the next one that would fire.

    Raises:
        NotFoundError: when there is no such schedule, or it never fires then.
        WorkspaceError: when its file does not parse.
        RefusedError: when it fired already.
    """
    schedule, state = _in_step(world, name, now)
    with world.database.read() as connection:
        if occurrence:
            firing = _named(connection, schedule, occurrence, now)
        else:
            firing = _next(schedule, state, now)
    record = FiringRecord(name, firing, FiringState.SKIPPED, now, reason="by hand")
    with world.database.write() as connection:
        _decide(connection, schedule, record)
    return firing


def _decide(connection: Connection, schedule: Schedule, record: FiringRecord) -> None:
    """Write down what a person decided, and go on to the next if that was the next."""
    state = store.lock_schedule(connection, schedule.name)
    known = store.find_firing(connection, schedule.name, record.firing.occurrence)
    if known is None:
        written = store.record_firing(connection, record)
    else:
        written = store.settle_firing(connection, record)
    if not written:
        again = store.find_firing(connection, schedule.name, record.firing.occurrence)
        raise _fired_already(again or record)
    if state is not None and state.coming == record.firing:
        after = next_firing(schedule, record.firing.due_at)
        store.save_schedule(connection, replace(state, coming=after))


def _in_step(world: World, name: str, now: datetime) -> tuple[Schedule, ScheduleState]:
    file = read_schedule(world.folder, name)
    if file.schedule is None:
        raise WorkspaceError(file.problem)
    follow(world, now)
    with world.database.read() as connection:
        state = store.schedule_states(connection)[name]
    return file.schedule, state


def _next(schedule: Schedule, state: ScheduleState, now: datetime) -> Firing:
    firing = state.coming or next_firing(schedule, now)
    if firing is None:
        raise RefusedError(
            f"schedule {schedule.name} does not fire any more: name the --occurrence"
        )
    return firing


def _named(
    connection: Connection, schedule: Schedule, occurrence: str, now: datetime
) -> Firing:
    known = store.find_firing(connection, schedule.name, occurrence)
    found = known.firing if known is not None else find_firing(schedule, occurrence)
    if found is not None:
        return found
    coming = [one.occurrence for one in islice(coming_firings(schedule, now), 2)]
    raise NotFoundError(
        f"schedule {schedule.name} does not fire at {occurrence!r}; next it does at:"
        f" {', '.join(coming) or 'never'}"
    )


def _say_which(name: str, waiting: Sequence[FiringRecord]) -> str:
    shown = ", ".join(one.firing.occurrence for one in waiting[:10])
    return (
        f"schedule {name} has {len(waiting)} firings that were missed or failed: say which"
        f" with --occurrence: {shown}"
    )


def _fired_already(record: FiringRecord) -> RefusedError:
    return RefusedError(
        f"schedule {record.schedule} fired for {record.firing.occurrence} already, as"
        f" campaign {record.campaign_id}"
    )
