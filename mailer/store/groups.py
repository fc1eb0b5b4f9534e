"""A sender's group commit: what came of some claims, and which others may leave, at once.

On PostgreSQL it is a transaction of a few statements, sent together. On SQLite it is one
statement, which is a transaction by itself: the driver lets go of the interpreter at each
statement and gets it back behind the event loop, so that five of them take five times as
long. So the statements are the body of a trigger, and a group is a row given to it.
"""

import logging
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, cast

from sqlalchemy import (
    BigInteger,
    Dialect,
    PoolProxiedConnection,
    Update,
    bindparam,
    literal_column,
    select,
    update,
)

from mailer.store.claims import LEASE, Cap, given_claims, named
from mailer.store.columns import to_instant
from mailer.store.compiled import Compiled, Row, as_parameter
from mailer.store.database import Database, now_sql, spoken
from mailer.store.leavelock import campaigns, people, subscriptions
from mailer.store.outcomes import Change, as_rows, attempting, log_of, recording
from mailer.store.permission import NOW, may_leave
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    FrequencyRow,
    SubscriptionRow,
    table,
)

_delivery = table(DeliveryRow)
_subscription = table(SubscriptionRow)
_contact = table(ContactRow)
_frequency = table(FrequencyRow)

_log = logging.getLogger(__name__)

Name = tuple[int, int] | tuple[int, int, str]
"""A claim as (delivery id, fence), and what its letter shows of the person."""

Names = Sequence[Name]


class Sheet(NamedTuple):
    """What is to be written down at once, as plain rows that travel between processes.

    Args:
        changes: What came of claims, as `outcomes.as_rows` makes it.
        logged: What of it goes into the log of attempts.
        names: The claims that want to leave.
    """

    changes: list[Row]
    logged: list[Row]
    names: list[Name]

    @classmethod
    def of(cls, changes: Sequence[Change], names: Names) -> "Sheet":
        """Put changes, and the claims that want to leave, on a sheet."""
        return cls(as_rows(changes), log_of(changes), [*names])


class Groups(Protocol):
    """Writes group after group; for one thread."""

    def commit(self, sheet: Sheet, now: datetime, cap: Cap | None) -> set[int] | None:
        """Write down what came of claims, and mark those that may leave as `sending`.

        Only what is returned may be written to a relay. Rows are named by id and fence, so
        what was overtaken meanwhile is left alone.

        Args:
            sheet: It names at most one claim of a person, because of caps.

        Returns:
            The ids of those that left; None when all was written but nobody can tell who
            left, so that nothing may be written to a relay.

        Raises:
            DatabaseError: nothing was written.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def groups(database: Database, lease: timedelta = LEASE) -> Groups:
    """Return what writes groups on a database.

    Args:
        lease: How long a letter is its sender's from the moment on at which it leaves: it
            may have been claimed long before, when the lease could not be renewed.
    """
    if database.is_sqlite:
        return _OneStatement(database, lease)
    return _Statements(database, lease)


def _leaving(dialect: Dialect, *, capped: bool) -> Update:
    """Mark the claims that may leave; binds `claims`, `lease_us`, and for `may_leave`."""
    given = given_claims(dialect.name)
    return (
        update(_delivery)
        .where(
            named(dialect.name, given),
            literal_column("state = 'claimed'"),
            may_leave(capped=capped),
        )
        .values(
            state=literal_column("'sending'"),
            left_at=NOW,
            shown=given.c.shown,
            lease_until=now_sql(dialect) + bindparam("lease_us", type_=BigInteger()),
        )
    )


def _have_left(dialect_name: str) -> Compiled:
    # Nothing of ours was `sending` since this moment but by the statement before.
    return Compiled(
        select(_delivery.c.id).where(
            named(dialect_name),
            literal_column("state = 'sending'"),
            _delivery.c.left_at == NOW,
        )
    )


def _values(
    sheet: Sheet, now: datetime, cap: Cap | None, lease: timedelta
) -> dict[str, Any]:
    values = {
        "changes": as_parameter(sheet.changes),
        "logged": as_parameter(sheet.logged),
        "claims": as_parameter(sheet.names),
        "now": to_instant(now),
        "lease_us": lease // timedelta(microseconds=1),
    }
    if cap is not None:
        values |= {"cap_letters": cap.letters, "cap_since": to_instant(cap.since)}
    return values


class _OneStatement:
    """Groups on SQLite."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease
        self._pooled: PoolProxiedConnection | None = None
        self._triggers: set[str] = set()
        self._have_left = _have_left("sqlite")

    def commit(self, sheet: Sheet, now: datetime, cap: Cap | None) -> set[int] | None:
        values = _values(sheet, now, cap, self._lease)
        view = "a_group" if cap is None else "a_capped_group"
        with self._database.turn():
            driver = self._opened()
            if view not in self._triggers:
                self._make_trigger(driver, view, values, capped=cap is not None)
            before = driver.total_changes
            given = ", ".join(f":{name}" for name in values)
            driver.execute(f"INSERT INTO {view} VALUES ({given})", values)
            written = driver.total_changes - before
            if written == sum(map(len, sheet)):
                return {one[0] for one in sheet.names}
            text, constants = self._have_left.spelt(self._database.engine.dialect)
            try:
                return {row[0] for row in driver.execute(text, {**constants, **values})}
            except sqlite3.Error as problem:
                _log.error("a group is written, but not who left can be read: %s", problem)
                return None

    def _opened(self) -> sqlite3.Connection:
        if self._pooled is None:
            self._pooled = self._database.engine.raw_connection()
        driver: Any = self._pooled.driver_connection
        return cast("sqlite3.Connection", driver)

    def _make_trigger(
        self, driver: sqlite3.Connection, view: str, values: dict[str, Any], *, capped: bool
    ) -> None:
        nothing = ", ".join(f"NULL AS {name}" for name in values)
        body = (
            recording("sqlite"),
            attempting("sqlite"),
            _leaving(self._database.engine.dialect, capped=capped),
        )
        dialect = self._database.engine.dialect
        steps = "; ".join(Compiled(step).in_trigger(dialect) for step in body)
        driver.execute(f"CREATE TEMP VIEW IF NOT EXISTS {view} AS SELECT {nothing}")
        driver.execute(
            f"CREATE TEMP TRIGGER IF NOT EXISTS {view}_given INSTEAD OF INSERT ON {view}"
            f" BEGIN {steps}; END"
        )
        self._triggers.add(view)

    def close(self) -> None:
        # Not back to the pool: nobody else wants its triggers.
        if self._pooled is not None:
            self._pooled.invalidate()


_BY_NUMBER = (
    "enable_seqscan = off",
    "enable_hashjoin = off",
    "enable_mergejoin = off",
    "plan_cache_mode = force_generic_plan",
)
"""How PostgreSQL is to find what a group names: row by row, by number.

It would choose by what it has counted, and right after planning it has counted nothing: it
read all of a campaign for each group, a third as fast, until it analysed the table.
"""


class _Statements:
    """Groups on PostgreSQL: a transaction of a few statements, in one round trip.

    They are written one behind the other (libpq's pipeline mode), and the server sees each
    as by itself: a statement there sees the moment at which it began. So who leaves a list,
    or pauses a campaign, waits until the letters that had begun to leave are gone; and a
    "no" that came before is seen. (A suppression that comes with no subscription to change,
    and words that are raised, hold from the next group on.) After one that failed the
    server does none of those behind it, and so no commit.
    """

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease
        self._pooled: PoolProxiedConnection | None = None
        dialect = database.engine.dialect
        self._record = Compiled(recording(dialect.name))
        self._log = Compiled(attempting(dialect.name))
        self._leave = {
            capped: Compiled(_leaving(dialect, capped=capped).returning(_delivery.c.id))
            for capped in (False, True)
        }
        self._subscriptions, self._campaigns = subscriptions(), campaigns()
        self._people = {True: people(_contact), False: people(_frequency)}

    def commit(self, sheet: Sheet, now: datetime, cap: Cap | None) -> set[int] | None:
        values = _values(sheet, now, cap, self._lease)
        capped = cap is not None
        with self._database.turn(), spoken(self._database):
            try:
                driver = self._opened()
                with driver.pipeline():
                    if sheet.names:
                        self._say(driver, self._campaigns, values)
                        self._say(driver, self._subscriptions, values)
                        self._say(driver, self._people[capped], values)
                    if sheet.changes:
                        self._say(driver, self._record, values)
                    if sheet.logged:
                        self._say(driver, self._log, values)
                    left = (
                        self._say(driver, self._leave[capped], values)
                        if sheet.names
                        else None
                    )
                    driver.commit()
                return set() if left is None else {row[0] for row in left.fetchall()}
            except BaseException:
                self.close()
                raise

    def _say(self, driver: Any, step: Compiled, values: dict[str, Any]) -> Any:
        text, constants = step.spelt(self._database.engine.dialect)
        return driver.execute(text, {**constants, **values})

    def _opened(self) -> Any:
        if self._pooled is None:
            self._pooled = self._database.engine.raw_connection()
            driver: Any = self._pooled.driver_connection
            for setting in _BY_NUMBER:
                driver.execute(f"SET {setting}")
            driver.commit()
        return self._pooled.driver_connection

    def close(self) -> None:
        # Not back to the pool: whatever it had begun ends with it.
        if self._pooled is not None:
            self._pooled.invalidate()
            self._pooled = None
