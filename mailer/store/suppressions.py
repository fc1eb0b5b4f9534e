"""Addresses that must not get mail, as keyed hashes: they outlast erasure and imports."""

from collections.abc import Container, Generator, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, or_, select, update

from mailer.model.consent import SuppressionReason
from mailer.model.contact import Contact
from mailer.model.suppression import Suppression, together
from mailer.store.bulk import Row, insert_rows, look_up
from mailer.store.columns import from_instant, to_instant
from mailer.store.contacts import get_contacts
from mailer.store.database import Database
from mailer.store.tables import ContactRow, ImportBatch, SuppressionRow, table

_rows = table(SuppressionRow)
_batches = table(ImportBatch)
_contacts = table(ContactRow)
_COLUMNS = ("hash", "scope", "reason", "since_at", "until_at", "source")
_PAGE = 5_000
_OF = f"SELECT {', '.join(_COLUMNS)} FROM suppression WHERE hash"
_UPSERT = "ON CONFLICT (hash, scope) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS[2:]
)
_here = (_rows.c.hash == bindparam("on_hash")) & (_rows.c.scope == bindparam("on_scope"))
_find = select(_rows).where(_here)
_find_alone = _find.with_for_update()
_delete = delete(_rows).where(_here)


class Held(StrEnum):
    """What came of adding a suppression to what is on record."""

    ADDED = "added"
    CHANGED = "changed"
    ALREADY = "already"


def suppress(connection: Connection, hash: bytes, new: Suppression) -> bool:
    """Add a suppression; what holds already is never weakened.

    Where a ledger entry belongs to it, append that first: all who write queue there.

    Returns:
        Whether anything changed.
    """
    here = {"on_hash": hash, "on_scope": new.scope}
    known = connection.execute(_find, here).first() is not None
    if not known:
        since_at = to_instant(new.since_at)
        row = (hash, new.scope, new.reason.value, since_at, _ends(new), new.source)
        # On PostgreSQL somebody else may be adding it in this very moment.
        insert_rows(connection, _rows, _COLUMNS, [row], "ON CONFLICT DO NOTHING")
    old = _read(connection.execute(_find_alone, here).mappings().one())
    held = together(old, new)
    if held != old:
        connection.execute(update(_rows).where(_here).values(**_facts(held)), here)
    return held != old or not known


def suppress_many(
    connection: Connection, ones: Sequence[tuple[bytes, Suppression]]
) -> list[Held]:
    """Do as `suppress`, for up to 10,000 at a time.

    Call it after `ledger.lock`: all who write suppressions for many queue there.

    Returns:
        What came of each.
    """
    came, written = _together(connection, ones)
    rows = [
        (hashed, scope, one.reason.value, to_instant(one.since_at), _ends(one), one.source)
        for (hashed, scope), one in written.items()
    ]
    insert_rows(connection, _rows, _COLUMNS, rows, _UPSERT)
    return came


def try_suppress(
    connection: Connection, ones: Sequence[tuple[bytes, Suppression]]
) -> list[Held]:
    """Say what `suppress_many` would do, and change nothing."""
    return _together(connection, ones)[0]


def _together(
    connection: Connection, ones: Sequence[tuple[bytes, Suppression]]
) -> tuple[list[Held], dict[tuple[bytes, str], Suppression]]:
    known = {
        (bytes(row[0]), row[1]): _of_row(row)
        for row in look_up(connection, _OF, list({hashed for hashed, _ in ones}))
    }
    written: dict[tuple[bytes, str], Suppression] = {}
    came: list[Held] = []
    for hashed, new in ones:
        place = (hashed, new.scope)
        old = written.get(place) or known.get(place)
        held = together(old, new)
        if held == old:
            came.append(Held.ALREADY)
            continue
        came.append(Held.ADDED if old is None else Held.CHANGED)
        written[place] = held
    return came, written


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
    for row in look_up(connection, _OF, hashes):
        one = _of_row(row)
        if one.scope in scopes and one.in_force(now):
            held.setdefault(row[0], []).append(one)
    return held


def all_of(
    connection: Connection, hashes: Sequence[bytes]
) -> list[tuple[bytes, Suppression]]:
    """Return all suppressions of up to 30,000 addresses, also those that have ended."""
    return [(bytes(row[0]), _of_row(row)) for row in look_up(connection, _OF, hashes)]


def erased_contacts(connection: Connection) -> list[Contact]:
    """Return contacts who are erased by what is on record, and were before they came."""
    here = _contacts.c.hash == _rows.c.hash
    found = connection.execute(
        select(_contacts.c.id).where(
            here,
            _rows.c.reason == SuppressionReason.ERASED.value,
            _contacts.c.created_at <= _rows.c.since_at,
        )
    )
    return list(get_contacts(connection, list(found.scalars())).values())


def erased_hashes(connection: Connection) -> dict[bytes, datetime]:
    """Return the hashes of who was erased, each with when that was last."""
    found = connection.execute(
        select(_rows.c.hash, func.max(_rows.c.since_at))
        .where(_rows.c.reason == SuppressionReason.ERASED.value)
        .group_by(_rows.c.hash)
    )
    return {bytes(row[0]): row[1] for row in found}


def nobody_yet(connection: Connection) -> bool:
    """Say whether nobody's refusal is on record, and nobody was ever imported."""
    looks = (select(_rows.c.hash).limit(1), select(_batches.c.id).limit(1))
    return all(connection.execute(look).first() is None for look in looks)


def read_suppressions(
    database: Database,
) -> Generator[list[tuple[bytes, Suppression]], None, None]:
    """Go through all suppressions in the order of their hashes, page by page."""
    after: tuple[bytes, str] = (b"", "")
    order = (_rows.c.hash, _rows.c.scope)
    page = (
        select(_rows)
        .where(
            or_(
                _rows.c.hash > bindparam("hash", type_=_rows.c.hash.type),
                (_rows.c.hash == bindparam("hash", type_=_rows.c.hash.type))
                & (_rows.c.scope > bindparam("scope", type_=_rows.c.scope.type)),
            )
        )
        .order_by(*order)
        .limit(_PAGE)
    )
    while True:
        with database.read() as connection:
            values = {"hash": after[0], "scope": after[1]}
            rows = connection.execute(page, values).mappings().all()
        if not rows:
            return
        yield [(bytes(row["hash"]), _read(row)) for row in rows]
        after = (bytes(rows[-1]["hash"]), rows[-1]["scope"])


def newest_suppressions(
    connection: Connection, limit: int
) -> list[tuple[bytes, Suppression]]:
    """Return the latest suppressions, the newest first."""
    found = connection.execute(
        select(_rows).order_by(_rows.c.since_at.desc(), _rows.c.hash).limit(limit)
    )
    return [(bytes(row["hash"]), _read(row)) for row in found.mappings()]


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Count all suppressions by scope and reason."""
    found = connection.execute(
        select(_rows.c.scope, _rows.c.reason, func.count())
        .group_by(_rows.c.scope, _rows.c.reason)
        .order_by(_rows.c.scope, _rows.c.reason)
    )
    return {(scope, reason): number for scope, reason, number in found}


def _of_row(row: Row) -> Suppression:
    _, scope, reason, since_at, until_at, source = row
    return Suppression(
        scope,
        SuppressionReason(reason),
        from_instant(since_at),
        None if until_at is None else from_instant(until_at),
        source,
    )


def _ends(one: Suppression) -> int | None:
    return None if one.until_at is None else to_instant(one.until_at)


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
