"""Imports: what was declared about each, how far it came, and what it changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from mailer.model.consent import Act, Basis
from mailer.store.bulk import insert_rows, look_up
from mailer.store.tables import (
    ImportBatch,
    ImportBefore,
    LedgerRow,
    SubscriptionRow,
    table,
)

_batches = table(ImportBatch)
_before = table(ImportBefore)
_ledger = table(LedgerRow)
_subscriptions = table(SubscriptionRow)
_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_KEEP_FIRST = (
    'ON CONFLICT (batch_id, contact_id) DO UPDATE SET "before" = excluded."before",'
    ' "after" = excluded."after"'
)
_advance = (
    update(_batches)
    .where(
        _batches.c.id == bindparam("batch"),
        _batches.c.state == bindparam("in_state"),
        _batches.c.rows_done == bindparam("from_rows"),
    )
    .values(
        rows_done=bindparam("to_rows"),
        position=bindparam("to_position", type_=_batches.c.position.type),
        counts=bindparam("to_counts", type_=_batches.c.counts.type),
    )
)


class BatchState(StrEnum):
    """How far an import has come."""

    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Position:
    """Where in its file an import goes on.

    A file is taken a piece at a time, and each piece in the order of match forms.

    Args:
        piece: How many rows lie before the piece.
        piece_rows: How many rows it is taken for; 0 when it has not been begun.
        after: The last match form of the piece that is through; "" for none. Who was
            rejected is through with the first slice of a piece.
        rejected_bytes: How long the file of rejected rows is.
        contact_id: While undoing: the last contact that was put back.
    """

    piece: int = 0
    piece_rows: int = 0
    after: str = ""
    rejected_bytes: int = 0
    contact_id: int = 0


@dataclass(frozen=True, slots=True)
class Declared:
    """What the marketer said about an import, and which file it was."""

    file_name: str
    file_hash: str
    rows_total: int
    list_id: str
    basis: Basis
    source: str
    wording: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """One import."""

    id: int
    declared: Declared
    state: BatchState
    rows_done: int
    position: Position
    counts: dict[str, int]
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What an import changed about a contact."""

    contact_id: int
    before: dict[str, object]
    after: dict[str, object]


def begin_batch(connection: Connection, declared: Declared, now: datetime) -> Batch:
    """Write down that an import begins."""
    batch_id = connection.execute(
        insert(_batches)
        .values(
            file_name=declared.file_name,
            file_hash=declared.file_hash,
            rows_total=declared.rows_total,
            list_id=declared.list_id,
            basis=declared.basis.value,
            source=declared.source,
            wording=declared.wording,
            expires_at=declared.expires_at,
            state=BatchState.RUNNING.value,
            rows_done=0,
            position=_position_values(Position()),
            counts={},
            started_at=now,
        )
        .returning(_batches.c.id)
    ).scalar_one()
    return Batch(batch_id, declared, BatchState.RUNNING, 0, Position(), {}, now, None)


def find_batch(connection: Connection, file_hash: str, list_id: str) -> Batch | None:
    """Return the newest import of a file into a list, or None."""
    found = connection.execute(
        select(_batches)
        .where(_batches.c.file_hash == file_hash, _batches.c.list_id == list_id)
        .order_by(_batches.c.id.desc())
        .limit(1)
    )
    row = found.mappings().first()
    return None if row is None else _read(row)


def get_batch(connection: Connection, batch_id: int) -> Batch | None:
    """Return an import by number, or None."""
    found = connection.execute(select(_batches).where(_batches.c.id == batch_id))
    row = found.mappings().first()
    return None if row is None else _read(row)


def advance(
    connection: Connection,
    batch: Batch,
    rows_done: int,
    position: Position,
    counts: Mapping[str, int],
) -> bool:
    """Write down how far an import came; False when somebody else has moved it."""
    moved = connection.execute(
        _advance,
        {
            "batch": batch.id,
            "in_state": batch.state.value,
            "from_rows": batch.rows_done,
            "to_rows": rows_done,
            "to_position": _position_values(position),
            "to_counts": dict(counts),
        },
    )
    return moved.rowcount == 1


def change_batch(
    connection: Connection,
    batch_id: int,
    states: tuple[BatchState, BatchState],
    position: Position,
    now: datetime,
) -> bool:
    """Move an import from one state to another; False when it was not in the first."""
    before, after = states
    moved = connection.execute(
        update(_batches)
        .where(_batches.c.id == batch_id, _batches.c.state == before.value)
        .values(state=after.value, position=_position_values(position), ended_at=now)
    )
    return moved.rowcount == 1


def remember(connection: Connection, batch_id: int, changes: Sequence[Changed]) -> None:
    """Keep what an import changed; where it changed twice, what was there at first."""
    if not changes:
        return
    ids = [one.contact_id for one in changes]
    known = changes_of(connection, batch_id, ids)
    rows: list[tuple[int, int, str, str]] = []
    for one in changes:
        first = known.get(one.contact_id)
        before, after = one.before, one.after
        if first is not None:
            fresh = {name: before[name] for name in before if name not in first.after}
            before, after = fresh | first.before, first.after | after
        rows.append((batch_id, one.contact_id, _write_json(before), _write_json(after)))
    insert_rows(
        connection,
        _before,
        ("batch_id", "contact_id", "before", "after"),
        rows,
        _KEEP_FIRST,
    )


def changes_of(
    connection: Connection, batch_id: int, contact_ids: Iterable[int]
) -> dict[int, Changed]:
    """Return what an import changed about some contacts."""
    found = connection.execute(
        select(_before).where(
            _before.c.batch_id == batch_id, _before.c.contact_id.in_(contact_ids)
        )
    )
    return {row.contact_id: Changed(row.contact_id, row.before, row.after) for row in found}


def changes_after(
    connection: Connection, batch_id: int, contact_id: int, limit: int
) -> list[Changed]:
    """Return what an import changed about the next contacts, in order of id."""
    found = connection.execute(
        select(_before)
        .where(_before.c.batch_id == batch_id, _before.c.contact_id > contact_id)
        .order_by(_before.c.contact_id)
        .limit(limit)
    )
    return [Changed(row.contact_id, row.before, row.after) for row in found]


def batches_behind(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return which of some ledger entries an import wrote, and which import that was."""
    found = look_up(connection, "SELECT number, batch_id FROM ledger WHERE number", numbers)
    return {number: batch_id for number, batch_id in found if batch_id is not None}


def standing_grants(
    connection: Connection, batch_id: int, after: int, limit: int
) -> list[tuple[int, int, str]]:
    """Return an import's next grants that a subscription still rests on.

    Args:
        after: The entry's number to go on after.

    Returns:
        The number, the contact's id and the match form of each, in order.
    """
    found = connection.execute(
        select(_ledger.c.number, _ledger.c.contact_id, _ledger.c.who_value)
        .join(
            _subscriptions,
            (_subscriptions.c.contact_id == _ledger.c.contact_id)
            & (_subscriptions.c.list_id == _ledger.c.list_id)
            & (_subscriptions.c.ledger_number == _ledger.c.number),
        )
        .where(
            _ledger.c.batch_id == batch_id,
            _ledger.c.number > after,
            _ledger.c.act == Act.GRANTED.value,
        )
        .order_by(_ledger.c.number)
        .limit(limit)
    )
    return [(row.number, row.contact_id, row.who_value or "") for row in found]


def acts_of(connection: Connection, batch_id: int) -> dict[Act, int]:
    """Count the ledger entries that an import wrote, and that undoing it wrote."""
    found = connection.execute(
        select(_ledger.c.act, func.count())
        .where(_ledger.c.batch_id == batch_id)
        .group_by(_ledger.c.act)
    )
    return {Act(act): number for act, number in found}


def _position_values(position: Position) -> dict[str, object]:
    return {
        "piece": position.piece,
        "piece_rows": position.piece_rows,
        "after": position.after,
        "rejected_bytes": position.rejected_bytes,
        "contact_id": position.contact_id,
    }


def _read(row: RowMapping) -> Batch:
    return Batch(
        row["id"],
        Declared(
            row["file_name"],
            row["file_hash"],
            row["rows_total"],
            row["list_id"],
            Basis(row["basis"]),
            row["source"],
            row["wording"],
            row["expires_at"],
        ),
        BatchState(row["state"]),
        row["rows_done"],
        Position(**row["position"]),
        row["counts"],
        row["started_at"],
        row["ended_at"],
    )
