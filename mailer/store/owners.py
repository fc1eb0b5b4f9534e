"""Senders and what they hold; taking back what dead ones held.

Each sender holds a lock of its number while it lives. Claims are only taken back from
senders whose lock is free, or whose lease has run out by the database's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from mailer.model.delivery import DeliveryState
from mailer.model.kind import KINDS, WhenInDoubt
from mailer.model.outcome import Reply, Stage
from mailer.store.database import Database, now_sql
from mailer.store.outcomes import Change, log_attempts
from mailer.store.tables import AttemptRow, DeliveryRow, OwnerRow, table

_owner = table(OwnerRow)
_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)

_LOCK_CLASS = 0x6D61696C  # "mail": our corner of PostgreSQL's advisory locks
_SLICE = 500

_AGAIN = WhenInDoubt.SEND_AGAIN
_IN_DOUBT: ColumnElement[bool] = literal_column("state = 'in_doubt'")
_WORDS = "the sender ended after the content began and before its answer"


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many deliveries were taken back from senders that are gone."""

    released: int = 0
    in_doubt: int = 0

    def __add__(self, other: "Recovered") -> "Recovered":
        return Recovered(self.released + other.released, self.in_doubt + other.in_doubt)

    def __bool__(self) -> bool:
        return bool(self.released or self.in_doubt)


def register(connection: Connection, host: str, pid: int, now: datetime) -> int:
    """Give a sender its number."""
    return int(
        connection.execute(
            insert(_owner).values(host=host, pid=pid, started_at=now).returning(_owner.c.id)
        ).scalar_one()
    )


def not_ended(connection: Connection) -> list[int]:
    """Return the senders that have not said good-bye: alive or dead."""
    return list(
        connection.execute(select(_owner.c.id).where(_owner.c.ended_at.is_(None))).scalars()
    )


def end(connection: Connection, owner_id: int, now: datetime) -> None:
    """Note that a sender is gone for good."""
    connection.execute(update(_owner).where(_owner.c.id == owner_id).values(ended_at=now))


class AdvisoryLock:
    """A sender's lock on PostgreSQL: it lasts as long as its session."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        )

    def take(self, owner_id: int) -> bool:
        """Take the lock of a number; False when a living sender holds it."""
        return bool(
            self._connection.execute(
                text("SELECT pg_try_advisory_lock(:class, :id)"),
                {"class": _LOCK_CLASS, "id": owner_id},
            ).scalar_one()
        )

    def free(self, owner_id: int) -> None:
        """Let go of the lock of a number."""
        self._connection.execute(
            text("SELECT pg_advisory_unlock(:class, :id)"),
            {"class": _LOCK_CLASS, "id": owner_id},
        )

    def close(self) -> None:
        """Let go of everything; the connection is not used again for anything else."""
        self._connection.invalidate()
        self._connection.close()


def take_back(connection: Connection, owner_id: int, now: datetime) -> Recovered:
    """Take back up to a slice of what a dead sender held; call it until nothing is left.

    What was only claimed is queued again. What was being sent is in doubt.
    """
    return _take_back(connection, _delivery.c.owner_id == owner_id, now)


def take_back_overdue(connection: Connection, now: datetime) -> Recovered:
    """Take back up to a slice of what hung workers hold: living, but past their lease."""
    overdue = and_(
        _delivery.c.owner_id.is_not(None),
        _delivery.c.lease_until < now_sql(connection.dialect),
    )
    return _take_back(connection, overdue, now)


def _take_back(
    connection: Connection, whose: ColumnElement[bool], now: datetime
) -> Recovered:
    rows = connection.execute(
        select(_delivery.c.id, _delivery.c.attempt, _delivery.c.state)
        .where(whose)
        .limit(_SLICE)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = [row.id for row in rows if row.state == DeliveryState.CLAIMED]
    sending = [row for row in rows if row.state == DeliveryState.SENDING]
    _move(connection, claimed, DeliveryState.QUEUED, now)
    log_attempts(connection, [_doubt(row, now) for row in sending])
    _move(connection, [row.id for row in sending], DeliveryState.IN_DOUBT, now)
    return Recovered(len(claimed), len(sending))


def _doubt(row: Any, now: datetime) -> Change:
    return Change(
        row.id,
        row.attempt,
        DeliveryState.IN_DOUBT,
        now,
        reply=Reply(0, "", _WORDS),
        stage=Stage.CONTENT,
        logged="in_doubt",
    )


def _move(
    connection: Connection, ids: Sequence[int], after: DeliveryState, now: datetime
) -> None:
    if not ids:
        return
    doubt = after is DeliveryState.IN_DOUBT
    connection.execute(
        update(_delivery)
        .where(_delivery.c.id.in_(ids))
        .values(
            state=after.value,
            owner_id=None,
            lease_until=None,
            ended_at=now if doubt else None,
            reply=_WORDS if doubt else _delivery.c.reply,
        )
    )


def send_again(connection: Connection, now: datetime) -> int:
    """Queue what must arrive and is in doubt for the first time; return how many.

    It goes out once more with the same Message-ID. Marketing, acknowledgements and replies
    are held for a person to decide.
    """
    kinds = [kind.value for kind, rule in KINDS.items() if rule.in_doubt is _AGAIN]
    times = (
        select(func.count())
        .where(_attempt.c.delivery_id == _delivery.c.id, _attempt.c.outcome == "in_doubt")
        .scalar_subquery()
    )
    return connection.execute(
        update(_delivery)
        .where(_IN_DOUBT, _delivery.c.kind.in_(kinds), times <= 1)
        .values(state="queued", due_at=now, ended_at=None)
    ).rowcount
