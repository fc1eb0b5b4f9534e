"""Addresses that must not get mail, as keyed hashes: they outlast erasure and imports."""

from collections.abc import Container, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from mailer.model.consent import SuppressionReason
from mailer.model.suppression import Suppression, together
from mailer.store.bulk import insert_rows, look_up
from mailer.store.tables import SuppressionRow, from_instant, table, to_instant

_rows = table(SuppressionRow)
_COLUMNS = ("hash", "scope", "reason", "since_at", "until_at", "source")
_OF = f"SELECT {', '.join(_COLUMNS)} FROM suppression WHERE hash"
_here = (_rows.c.hash == bindparam("on_hash")) & (_rows.c.scope == bindparam("on_scope"))
_find = select(_rows).where(_here)
_find_alone = _find.with_for_update()
_delete = delete(_rows).where(_here)


def suppress(connection: Connection, hash: bytes, new: Suppression) -> bool:
    """Add a suppression; what holds already is never weakened.

    Where a ledger entry belongs to it, append that first: all who write queue there.

    Returns:
        Whether anything changed.
    """
    here = {"on_hash": hash, "on_scope": new.scope}
    known = connection.execute(_find, here).first() is not None
    if not known:
        until_at = None if new.until_at is None else to_instant(new.until_at)
        since_at = to_instant(new.since_at)
        row = (hash, new.scope, new.reason.value, since_at, until_at, new.source)
        # On PostgreSQL somebody else may be adding it in this very moment.
        insert_rows(connection, _rows, _COLUMNS, [row], "ON CONFLICT DO NOTHING")
    old = _read(connection.execute(_find_alone, here).mappings().one())
    held = together(old, new)
    if held != old:
        connection.execute(update(_rows).where(_here).values(**_facts(held)), here)
    return held != old or not known


def lift(connection: Connection, hash: bytes, scope: str) -> bool:
    """Take a suppression away; the ledger entry that says why is the caller's.

    Returns:
        Whether there was one.
    """
    gone = connection.execute(_delete, {"on_hash": hash, "on_scope": scope})
    return gone.rowcount > 0


def suppressions_of(connection: Connection, hash: bytes) -> list[Suppression]:
    """Return all suppressions of an address, also those that have ended, oldest first."""
    found = connection.execute(
        select(_rows).where(_rows.c.hash == hash).order_by(_rows.c.since_at, _rows.c.scope)
    )
    return [_read(row) for row in found.mappings()]


def in_force(
    connection: Connection, hashes: Sequence[bytes], scopes: Container[str], now: datetime
) -> dict[bytes, list[Suppression]]:
    """Return the suppressions that hold now, of up to 30,000 addresses, in some scopes."""
    held: dict[bytes, list[Suppression]] = {}
    for hashed, scope, reason, since_at, until_at, source in look_up(
        connection, _OF, hashes
    ):
        one = Suppression(
            scope,
            SuppressionReason(reason),
            from_instant(since_at),
            None if until_at is None else from_instant(until_at),
            source,
        )
        if scope in scopes and one.in_force(now):
            held.setdefault(hashed, []).append(one)
    return held


def _read(row: RowMapping) -> Suppression:
    return Suppression(
        row["scope"],
        SuppressionReason(row["reason"]),
        row["since_at"],
        row["until_at"],
        row["source"],
    )


def _facts(one: Suppression) -> dict[str, object]:
    return {
        "reason": one.reason.value,
        "since_at": one.since_at,
        "until_at": one.until_at,
        "source": one.source,
    }
