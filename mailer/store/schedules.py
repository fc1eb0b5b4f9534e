"""Schedules as the database knows them: when each fires next, and what became of firings.

A firing is one row, unique by schedule and occurrence: whoever writes it is who fires.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update

from mailer.model.schedule import Firing, FiringState
from mailer.store.inserting import inserting
from mailer.store.tables import FiringRow, ScheduleRow, table

_schedule = table(ScheduleRow)
_firing = table(FiringRow)

_OPEN = (FiringState.MISSED, FiringState.FAILED)
_NOT_FIRED = (*_OPEN, FiringState.SKIPPED)


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """Where one schedule stands.

    Args:
        text: The last version of its file that parsed; "" when none ever did.
        source_hash: That version's hash.
        problem: Why the file as it is now is not in force, else "".
        coming: When it fires next; None when it does not any more.
        changed_at: When any of this changed last, except for a firing.
    """

    name: str
    text: str
    source_hash: str
    problem: str
    coming: Firing | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class FiringRecord:
    """What became of one occurrence.

    Args:
        campaign_id: The campaign that it made, if it did.
        reason: Why it was missed, failed or skipped.
    """

    schedule: str
    firing: Firing
    state: FiringState
    at: datetime
    campaign_id: int | None = None
    reason: str = ""


def schedule_states(connection: Connection) -> dict[str, ScheduleState]:
    """Return where each schedule stands, by name."""
    rows = connection.execute(select(_schedule).order_by(_schedule.c.name))
    return {row.name: _state(row) for row in rows}


def lock_schedule(connection: Connection, name: str) -> ScheduleState | None:
    """Return where a schedule stands, and let nobody else change it until the commit."""
    row = connection.execute(
        select(_schedule).where(_schedule.c.name == name).with_for_update()
    ).first()
    return None if row is None else _state(row)


def save_schedule(connection: Connection, state: ScheduleState) -> None:
    """Write down where a schedule stands."""
    values = {
        "source_hash": state.source_hash,
        "source": {"text": state.text},
        "problem": state.problem,
        "next_at": state.coming.due_at if state.coming else None,
        "next_occurrence": state.coming.occurrence if state.coming else None,
        "changed_at": state.changed_at,
    }
    connection.execute(
        inserting(connection, _schedule)
        .values(name=state.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


def forget_schedule(connection: Connection, name: str) -> None:
    """Drop a schedule whose file is gone; its firings stay on record."""
    connection.execute(delete(_schedule).where(_schedule.c.name == name))


def record_firing(connection: Connection, record: FiringRecord) -> bool:
    """Write down a firing; False when that occurrence is on record already."""
    written = connection.execute(
        inserting(connection, _firing)
        .values(
            schedule=record.schedule,
            occurrence=record.firing.occurrence,
            due_at=record.firing.due_at,
            state=record.state.value,
            campaign_id=record.campaign_id,
            at=record.at,
            reason=record.reason,
        )
        .on_conflict_do_nothing()
        .returning(_firing.c.occurrence)
    )
    return written.first() is not None


def settle_firing(connection: Connection, record: FiringRecord) -> bool:
    """Write down what a person decided about an occurrence that has not fired.

    Returns:
        False when it is not on record, or has fired.
    """
    return bool(
        connection.execute(
            update(_firing)
            .where(
                _firing.c.schedule == record.schedule,
                _firing.c.occurrence == record.firing.occurrence,
                _firing.c.state.in_([state.value for state in _NOT_FIRED]),
            )
            .values(
                state=record.state.value,
                campaign_id=record.campaign_id,
                at=record.at,
                reason=record.reason,
            )
        ).rowcount
    )


def name_campaign(
    connection: Connection, schedule: str, occurrence: str, campaign_id: int
) -> None:
    """Write down which campaign a firing made."""
    connection.execute(
        update(_firing)
        .where(_firing.c.schedule == schedule, _firing.c.occurrence == occurrence)
        .values(campaign_id=campaign_id)
    )


def find_firing(
    connection: Connection, schedule: str, occurrence: str
) -> FiringRecord | None:
    """Return what became of an occurrence, None when nothing did yet."""
    row = connection.execute(
        select(_firing).where(
            _firing.c.schedule == schedule, _firing.c.occurrence == occurrence
        )
    ).first()
    return None if row is None else _record(row)


def open_firings(connection: Connection, schedule: str) -> list[FiringRecord]:
    """Return the firings of a schedule that were missed or failed, the latest first."""
    states = [state.value for state in _OPEN]
    return _records(
        connection,
        select(_firing).where(_firing.c.schedule == schedule, _firing.c.state.in_(states)),
    )


def latest_firings(connection: Connection, schedule: str, limit: int) -> list[FiringRecord]:
    """Return the latest firings of a schedule, the latest first."""
    return _records(
        connection, select(_firing).where(_firing.c.schedule == schedule).limit(limit)
    )


def _records(connection: Connection, firings: Select[Any]) -> list[FiringRecord]:
    ordered = firings.order_by(_firing.c.due_at.desc(), _firing.c.occurrence.desc())
    return [_record(row) for row in connection.execute(ordered)]


def _state(row: Row[Any]) -> ScheduleState:
    return ScheduleState(
        name=row.name,
        text=row.source.get("text", ""),
        source_hash=row.source_hash,
        problem=row.problem,
        coming=None if row.next_at is None else Firing(row.next_at, row.next_occurrence),
        changed_at=row.changed_at,
    )


def _record(row: Row[Any]) -> FiringRecord:
    return FiringRecord(
        row.schedule,
        Firing(row.due_at, row.occurrence),
        FiringState(row.state),
        row.at,
        row.campaign_id,
        row.reason,
    )
