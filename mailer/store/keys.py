"""The check values of the keys, and laying a new key over the hashes on record.

A key is in force once its check value is here. A key that is only in the file is one that
`mailer key add` did not finish, or one that this database (a backup, brought back) never
saw.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from mailer.model.key import Key, Purpose, relayer
from mailer.store.database import Database
from mailer.store.tables import ContactRow, DeliveryRow, KeyCheck, SuppressionRow, table

_check = table(KeyCheck)
_SLICE = 5_000
_LOCK = {"class": 0x6B657973, "id": 0}  # "keys": our corner of PostgreSQL's advisory locks


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """A key as the database knows it: enough to tell it from any other."""

    id: int
    purpose: Purpose
    check_value: bytes
    added_at: datetime


def recorded_keys(connection: Connection) -> tuple[RecordedKey, ...]:
    """Return the keys in force, oldest first."""
    rows = connection.execute(select(_check).order_by(_check.c.key_id))
    return tuple(
        RecordedKey(row.key_id, Purpose(row.purpose), row.check_value, row.added_at)
        for row in rows
    )


def record_keys(connection: Connection, keys: tuple[Key, ...], now: datetime) -> None:
    """Put keys in force; those that are already stay as they are."""
    known = set(connection.execute(select(_check.c.key_id)).scalars())
    rows = [
        {
            "key_id": key.id,
            "purpose": key.purpose.value,
            "check_value": key.check_value,
            "added_at": now,
        }
        for key in keys
        if key.id not in known
    ]
    if rows:
        connection.execute(insert(_check), rows)


def lay_over(connection: Connection, key: Key, now: datetime) -> int:
    """Lay a suppression key over every hash on record and put it in force, all or nothing.

    Nobody may hold an older ring meanwhile: what it wrote would be hashed without the key.

    Returns:
        How many hashes were changed.
    """
    changed = 0
    for rows in (table(ContactRow), table(DeliveryRow)):
        changed += _lay_over_by_id(connection, rows, key)
    changed += _lay_over_suppressions(connection, key)
    record_keys(connection, (key,), now)
    return changed


def _lay_over_by_id(connection: Connection, rows: Table, key: Key) -> int:
    find = (
        select(rows.c.id, rows.c.hash)
        .where(rows.c.id > bindparam("after"))
        .order_by(rows.c.id)
        .limit(_SLICE)
    )
    change = (
        update(rows).where(rows.c.id == bindparam("row")).values(hash=bindparam("laid"))
    )
    after, changed = 0, 0
    while found := connection.execute(find, {"after": after}).all():
        connection.execute(
            change, [{"row": one.id, "laid": relayer(one.hash, (key,))} for one in found]
        )
        after, changed = found[-1].id, changed + len(found)
    return changed


def _lay_over_suppressions(connection: Connection, key: Key) -> int:
    """Read all hashes before any of them changes: here they are the primary key."""
    rows = table(SuppressionRow)
    found = connection.execute(select(rows.c.hash).distinct()).scalars().all()
    change = (
        update(rows).where(rows.c.hash == bindparam("found")).values(hash=bindparam("laid"))
    )
    for start in range(0, len(found), _SLICE):
        connection.execute(
            change,
            [
                {"found": one, "laid": relayer(one, (key,))}
                for one in found[start : start + _SLICE]
            ],
        )
    return len(found)


class KeyUse:
    """PostgreSQL's lock on the keys: users share it, who changes them holds it alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Connection | None = None

    def share(self) -> bool:
        """Hold it together with others; False while one holds it alone."""
        return self._ask("SELECT pg_try_advisory_lock_shared(:class, :id)")

    def take(self) -> bool:
        """Hold it alone; False while anyone holds it."""
        return self._ask("SELECT pg_try_advisory_lock(:class, :id)")

    def free(self) -> None:
        """Let go of it; the session ends, so that nothing of it goes back into the pool."""
        if self._session is not None:
            # A session that ends lets go too, but only when the server has noticed.
            with suppress(DBAPIError):
                self._session.execute(text("SELECT pg_advisory_unlock_all()"))
            self._session.invalidate()
            self._session.close()
            self._session = None

    def _ask(self, statement: str) -> bool:
        if self._session is None:
            self._session = self._database.session()
        answer: Any = self._session.execute(text(statement), _LOCK).scalar_one()
        return bool(answer)
