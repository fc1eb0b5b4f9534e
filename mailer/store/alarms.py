"""Alarms: what a person should know, what was done about it, and what they can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mailer.store.tables import AlarmRow, table

_alarm = table(AlarmRow)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.

    Args:
        kind: What sort of thing happened, in one word: `schedule_missed`.
        subject: What it happened to, such as `schedules/monday.toml`.
        happened: What happened and what the program did.
        todo: What a person can do now.
    """

    kind: str
    subject: str
    at: datetime
    happened: str
    todo: str
    id: int = 0
    acknowledged_at: datetime | None = None


def raise_alarm(connection: Connection, alarm: Alarm) -> None:
    """Put an alarm on record."""
    connection.execute(
        insert(_alarm).values(
            kind=alarm.kind,
            subject=alarm.subject,
            at=alarm.at,
            happened=alarm.happened,
            todo=alarm.todo,
        )
    )


def is_raised(connection: Connection, kind: str, subject: str) -> bool:
    """Say whether an alarm of a kind about a subject was ever raised."""
    known = connection.execute(
        select(_alarm.c.id)
        .where(_alarm.c.kind == kind, _alarm.c.subject == subject)
        .limit(1)
    )
    return known.first() is not None


def raise_once(connection: Connection, alarm: Alarm) -> bool:
    """Put an alarm on record unless there is one of its kind and subject already.

    Hold a lock on what it is about, or two who ask at the same time both raise it.
    """
    new = not is_raised(connection, alarm.kind, alarm.subject)
    if new:
        raise_alarm(connection, alarm)
    return new


def raise_unless_open(connection: Connection, alarm: Alarm) -> bool:
    """Put an alarm on record unless one like it waits for somebody to see it."""
    waiting = connection.execute(
        select(_alarm.c.id)
        .where(
            _alarm.c.kind == alarm.kind,
            _alarm.c.subject == alarm.subject,
            _alarm.c.acknowledged_at.is_(None),
        )
        .limit(1)
    ).first()
    if waiting is None:
        raise_alarm(connection, alarm)
    return waiting is None


def untold_alarms(connection: Connection) -> list[Alarm]:
    """Return the open alarms that nobody was told of, oldest first."""
    rows = connection.execute(
        select(_alarm)
        .where(_alarm.c.acknowledged_at.is_(None), _alarm.c.told_at.is_(None))
        .order_by(_alarm.c.id)
    )
    return [_alarm_of(row) for row in rows]


def mark_told(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Note that somebody was told of alarms."""
    connection.execute(update(_alarm).where(_alarm.c.id.in_(ids)).values(told_at=now))


def open_alarms(connection: Connection) -> list[Alarm]:
    """Return the alarms that nobody has acknowledged, oldest first."""
    rows = connection.execute(
        select(_alarm).where(_alarm.c.acknowledged_at.is_(None)).order_by(_alarm.c.id)
    )
    return [_alarm_of(row) for row in rows]


def acknowledge(connection: Connection, alarm_id: int, now: datetime) -> bool:
    """Note that somebody has seen an alarm; False when there is no such open one."""
    return bool(
        connection.execute(
            update(_alarm)
            .where(_alarm.c.id == alarm_id, _alarm.c.acknowledged_at.is_(None))
            .values(acknowledged_at=now)
        ).rowcount
    )


def acknowledge_about(
    connection: Connection, kind: str, subject: str, now: datetime
) -> None:
    """Note that somebody has seen the open alarms of a kind about a subject."""
    connection.execute(
        update(_alarm)
        .where(
            _alarm.c.kind == kind,
            _alarm.c.subject == subject,
            _alarm.c.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=now)
    )


def _alarm_of(row: Row[Any]) -> Alarm:
    return Alarm(
        row.kind, row.subject, row.at, row.happened, row.todo, row.id, row.acknowledged_at
    )
