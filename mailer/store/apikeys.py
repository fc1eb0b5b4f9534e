"""Keys of the API, and the requests that were made with an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from mailer.store.doortables import ApiKeyRow, ApiRequestRow
from mailer.store.tables import table

_keys = table(ApiKeyRow)
_requests = table(ApiRequestRow)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as on record.

    Args:
        digest: The SHA-256 of its secret.
        revoked_at: Since when it opens nothing; None while it does.
    """

    id: int
    name: str
    digest: bytes
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request that somebody may make again.

    Args:
        hash: Of its Idempotency-Key, keyed.
        body_hash: Of its body, keyed.
        result: What came of it; None while it is worked on.
        contact_id: Whom it was about, as far as she is on record.
    """

    key_id: int
    hash: bytes
    body_hash: bytes
    at: datetime
    result: str | None = None
    contact_id: int | None = None


def add_api_key(connection: Connection, name: str, digest: bytes, now: datetime) -> int:
    """Put a key in force and return its number; the name must be free."""
    made = insert(_keys).values(name=name, digest=digest, made_at=now)
    return int(connection.execute(made.returning(_keys.c.id)).scalar_one())


def api_keys(connection: Connection) -> list[ApiKey]:
    """Return all keys, also those that were revoked, oldest first."""
    return [_key(row) for row in connection.execute(select(_keys).order_by(_keys.c.id))]


def find_api_key(connection: Connection, key_id: int) -> ApiKey | None:
    """Return a key by its number, or None."""
    row = connection.execute(select(_keys).where(_keys.c.id == key_id)).first()
    return None if row is None else _key(row)


def named_api_key(connection: Connection, name: str) -> ApiKey | None:
    """Return a key by its name, or None."""
    row = connection.execute(select(_keys).where(_keys.c.name == name)).first()
    return None if row is None else _key(row)


def revoke_api_key(connection: Connection, key_id: int, now: datetime) -> None:
    """Let a key open nothing from now on."""
    connection.execute(
        update(_keys)
        .where(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def begin_request(connection: Connection, new: Request, stale: timedelta) -> Request | None:
    """Write down that a request is worked on.

    Args:
        stale: Whoever began it so long ago has died over it: it is begun anew.

    Returns:
        The one that was there before, which the caller must heed; None when it is new.
    """
    if connection.dialect.name == "postgresql":
        # Two may send the same at the same moment.
        connection.exec_driver_sql("LOCK TABLE api_request IN SHARE ROW EXCLUSIVE MODE")
    here = (_requests.c.key_id == new.key_id) & (_requests.c.hash == new.hash)
    row = connection.execute(select(_requests).where(here)).first()
    if row is not None:
        found = _request(row)
        # One that began later than now did so before the clock was put back.
        died = found.result is None and abs(new.at - found.at) >= stale
        if not died or found.body_hash != new.body_hash:
            return found
        connection.execute(update(_requests).where(here).values(at=new.at))
        return None
    connection.execute(
        insert(_requests).values(
            key_id=new.key_id, hash=new.hash, body_hash=new.body_hash, at=new.at
        )
    )
    return None


def end_request(connection: Connection, done: Request) -> None:
    """Write down what came of a request."""
    connection.execute(
        update(_requests)
        .where(_requests.c.key_id == done.key_id, _requests.c.hash == done.hash)
        .values(result=done.result, contact_id=done.contact_id)
    )


def drop_request(connection: Connection, key_id: int, hash: bytes) -> None:
    """Forget a request that nothing came of: it may be made again, put right."""
    connection.execute(
        delete(_requests).where(_requests.c.key_id == key_id, _requests.c.hash == hash)
    )


def forget_requests(connection: Connection, before: datetime, limit: int) -> int:
    """Forget requests that are older than this, the oldest first; return how many."""
    found = connection.execute(
        select(_requests.c.key_id, _requests.c.hash)
        .where(_requests.c.at < before)
        .order_by(_requests.c.at)
        .limit(limit)
    ).all()
    for row in found:
        drop_request(connection, row.key_id, bytes(row.hash))
    return len(found)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.name, bytes(row.digest), row.made_at, row.revoked_at)


def _request(row: Row[Any]) -> Request:
    return Request(
        row.key_id,
        bytes(row.hash),
        bytes(row.body_hash),
        row.at,
        row.result,
        row.contact_id,
    )
