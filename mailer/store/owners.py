"""Senders and what they hold; taking back what dead ones held.

Each sender holds a lock of its number while it lives. Claims are only taken back from
senders whose lock is free, or whose lease has run out by the database's clock.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    and_,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from mailer.errors import DatabaseError
from mailer.model.delivery import DeliveryState
from mailer.model.outcome import Reply, Stage
from mailer.store.database import Database, now_sql, translated
from mailer.store.outcomes import Change, log_attempts
from mailer.store.tables import DeliveryRow, OwnerRow, RelayStateRow, table

_log = logging.getLogger(__name__)

_owner = table(OwnerRow)
_relay_state = table(RelayStateRow)
_delivery = table(DeliveryRow)

_LOCK_CLASS = 0x6D61696C  # "mail": our corner of PostgreSQL's advisory locks
_TAKE = text(f"SELECT pg_try_advisory_lock({_LOCK_CLASS}, :id)")
_FREE = text(f"SELECT pg_advisory_unlock({_LOCK_CLASS}, :id)")
_LIVES = text("SELECT :id = 0")
_TAKE_AGAIN_S = 2.0
_LOOK_EVERY_S = 0.05
_SLICE = 500

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


@dataclass(frozen=True, slots=True)
class Registered:
    """A sender that has not said good-bye: it lives, or was killed."""

    id: int
    host: str
    pid: int
    started_at: datetime


def registered(connection: Connection) -> list[Registered]:
    """Return the senders that have not said good-bye, with where they run."""
    rows = connection.execute(
        select(_owner).where(_owner.c.ended_at.is_(None)).order_by(_owner.c.id)
    )
    return [Registered(row.id, row.host, row.pid, row.started_at) for row in rows]


def end(connection: Connection, owner_id: int, now: datetime) -> None:
    """Note that a sender is gone for good."""
    connection.execute(update(_owner).where(_owner.c.id == owner_id).values(ended_at=now))
    connection.execute(delete(_relay_state).where(_relay_state.c.owner_id == owner_id))


class AdvisoryLock:
    """A sender's lock on PostgreSQL: it lasts as long as its session.

    So it may be free though its sender lives: a restart of the server ends all sessions.
    A sender takes it again (`keep`), and others leave it the time for that (`take_over`).
    All may raise a DatabaseError, but for letting go: what is lost is free.
    """

    def __init__(
        self,
        database: Database,
        grace_s: float = 0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it; a session is opened when it is needed.

        Args:
            grace_s: How long another sender's lock must be free until it counts as dead.
            clock_s: Seconds since any moment.
        """
        self._database = database
        self._grace_s = grace_s
        self._clock_s = clock_s
        self._session: Connection | None = None
        self._held: dict[int, Connection] = {}
        self._free_since: dict[int, float] = {}
        # A keeper that was told to end may still be at it in its thread.
        self._turn = threading.RLock()
        self._closed = False

    def take(self, owner_id: int) -> bool:
        """Take the lock of a number; False when a living sender holds it."""
        with self._turn:
            session = self._opened()
            taken = self._ask(session, _TAKE, owner_id)
            if taken:
                self._held[owner_id] = session
            return taken

    def take_over(self, owner_id: int) -> bool:
        """Take another sender's lock when it was free for long enough; False otherwise."""
        with self._turn:
            if not self.take(owner_id):
                self._free_since.pop(owner_id, None)
                return False
            now_s = self._clock_s()
            if now_s - self._free_since.setdefault(owner_id, now_s) >= self._grace_s:
                del self._free_since[owner_id]
                return True
            self.free(owner_id)
            return False

    def keep(self, owner_id: int) -> bool:
        """Make sure that the lock is held; False when it is lost for good.

        When its session has ended it is taken again in a new one.
        """
        with self._turn:
            if owner_id not in self._held:
                return False
            if self._lives() and self._held[owner_id] is self._session:
                return True
            # The server may still be ending the old session, or another sender look at it.
            until_s = self._clock_s() + _TAKE_AGAIN_S
            while not self.take(owner_id):
                if self._clock_s() > until_s:
                    return False
                time.sleep(_LOOK_EVERY_S)
            _log.warning(
                "the database ended the session of sender %d; it goes on", owner_id
            )
            return True

    def free(self, owner_id: int) -> None:
        """Let go of the lock of a number."""
        with self._turn:
            session = self._held.pop(owner_id, None)
            # A session that ended has let go already.
            if session is not None and session is self._session:
                with suppress(DatabaseError):
                    self._ask(session, _FREE, owner_id)

    def close(self) -> None:
        """Let go of everything, for good: what asks later gets a DatabaseError.

        The connection is not used again for anything else.
        """
        with self._turn:
            self._closed = True
            self._held.clear()
            self._drop()

    def _lives(self) -> bool:
        try:
            return self._ask(self._opened(), _LIVES, 0)
        except DatabaseError:
            return False

    def _opened(self) -> Connection:
        if self._closed:
            # Nobody would end a session that a late thread opens now.
            raise DatabaseError("this sender has let go of its locks")
        if self._session is None:
            self._session = self._database.session()
        return self._session

    def _ask(self, session: Connection, statement: TextClause, owner_id: int) -> bool:
        with translated():
            try:
                return bool(session.execute(statement, {"id": owner_id}).scalar_one())
            except DBAPIError:
                self._drop()
                raise

    def _drop(self) -> None:
        """End the session, and with it all locks; the next question opens another."""
        # What was free meanwhile may be because of the same restart.
        self._free_since.clear()
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
            self._session = None


def take_back(connection: Connection, owner_id: int, now: datetime) -> Recovered:
    """Take back up to a slice of what a dead sender held; call it until nothing is left.

    What was only claimed is queued again. What was being sent is in doubt.
    """
    return _take_back(connection, _delivery.c.owner_id == owner_id, now)


def holds(connection: Connection, owner_id: int) -> bool:
    """Say whether a sender holds letters, locked or not."""
    theirs = select(_delivery.c.id).where(_delivery.c.owner_id == owner_id).limit(1)
    return connection.execute(theirs).first() is not None


def overdue(connection: Connection) -> list[int]:
    """Return the senders that hold letters past their lease, dead or alive."""
    found = select(_delivery.c.owner_id).where(_is_overdue(connection)).distinct()
    return [int(one) for one in connection.execute(found).scalars()]


def take_back_overdue(
    connection: Connection, owner_ids: Sequence[int], now: datetime
) -> Recovered:
    """Take back up to a slice of what hung workers hold past their lease."""
    theirs = _delivery.c.owner_id.in_(owner_ids)
    return _take_back(connection, theirs & _is_overdue(connection), now)


def _is_overdue(connection: Connection) -> ColumnElement[bool]:
    return and_(
        _delivery.c.owner_id.is_not(None),
        _delivery.c.lease_until < now_sql(connection.dialect),
    )


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
