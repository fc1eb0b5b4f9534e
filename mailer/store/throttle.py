"""The throttle's memory: shared by all senders, kept over restarts."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from mailer.pace.throttle import (
    MINUTES_OF_DAY,
    MINUTES_OF_HOUR,
    Rate,
    Slots,
    in_step,
    minute_of,
    put_back,
    take,
)
from mailer.store.inserting import inserting
from mailer.store.tables import SentMinute, ThrottleRow, table

_throttle = table(ThrottleRow)
_minute = table(SentMinute)


def lease(
    connection: Connection, key: str, rate: Rate, wanted: int, now: datetime
) -> Slots:
    """Take slots of a relay (or of a campaign's pace) for one sender, in one transaction.

    Args:
        key: `relay:<name>` or `campaign:<id>`.
    """
    connection.execute(
        inserting(connection, _throttle)
        .values(key=key, full_at=now)
        .on_conflict_do_nothing()
    )
    full_at = connection.execute(
        select(_throttle.c.full_at).where(_throttle.c.key == key).with_for_update()
    ).scalar_one()
    minute = minute_of(now)
    sent: dict[int, int] = {}
    if rate.per_hour or rate.per_day:
        sent = _taken(connection, key, minute)
    if put_back(sent, minute):
        _move_here(connection, key, minute)
        sent = _taken(connection, key, minute)
    slots = take(rate, in_step(rate, full_at, now), sent, wanted, now)
    connection.execute(
        _throttle.update().where(_throttle.c.key == key).values(full_at=slots.full_at)
    )
    if slots.count and (rate.per_hour or rate.per_day):
        statement = inserting(connection, _minute).values(
            relay=key, minute=minute, letters=slots.count
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["relay", "minute"],
                set_={"letters": _minute.c.letters + slots.count},
            )
        )
    return slots


def used(connection: Connection, key: str, now: datetime) -> tuple[int, int]:
    """Return how many slots of a relay were taken in the last hour and in the last day.

    They are only counted under an hourly or daily limit.
    """
    minute = minute_of(now)
    taken = _taken(connection, key, minute)
    hour = (count for at, count in taken.items() if at >= minute - MINUTES_OF_HOUR)
    return sum(hour), sum(taken.values())


def _taken(connection: Connection, key: str, minute: int) -> dict[int, int]:
    """Return what was taken in each minute of the day before one."""
    rows = connection.execute(
        select(_minute.c.minute, _minute.c.letters).where(
            _minute.c.relay == key, _minute.c.minute >= minute - MINUTES_OF_DAY
        )
    )
    return {row.minute: row.letters for row in rows}


def _move_here(connection: Connection, key: str, minute: int) -> None:
    """Count what was taken in minutes to come as taken now: the clock was put back."""
    to_come = (_minute.c.relay == key) & (_minute.c.minute >= minute)
    found = select(func.sum(_minute.c.letters)).where(to_come)
    letters = connection.execute(found).scalar_one()
    connection.execute(delete(_minute).where(to_come))
    connection.execute(_minute.insert().values(relay=key, minute=minute, letters=letters))


def forget_before(connection: Connection, now: datetime) -> None:
    """Drop the minutes that no window reaches any more."""
    connection.execute(
        delete(_minute).where(_minute.c.minute < minute_of(now) - 2 * MINUTES_OF_DAY)
    )
