"""Letters that programs and people of the company ask for, each once, with their data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, func, select, update

from mailer.model.delivery import CauseKind
from mailer.store.causes import no_letter
from mailer.store.doortables import TransactionRow
from mailer.store.inserting import inserting
from mailer.store.tables import DeliveryRow, FrozenRow, table

_rows = table(TransactionRow)
_delivery = table(DeliveryRow)
_frozen = table(FrozenRow)
_ITS_LETTER = (_delivery.c.cause_kind == CauseKind.TRANSACTION.value) & (
    _delivery.c.cause_id == _rows.c.id
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One letter that somebody asked for.

    Args:
        asked_by: `key NAME` of the API, or `staff`.
        key_hash: Of the key that makes it one letter however often it is asked for, keyed;
            None without one.
        body_hash: Of all that was asked for, keyed.
        hash: The keyed hash of the address.
        language: What it is written in; None for the person's.
    """

    template: str
    frozen_hash: str
    asked_by: str
    asked_at: datetime
    key_hash: bytes | None
    body_hash: bytes
    hash: bytes
    language: str | None
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class Sent:
    """With what a letter goes out."""

    language: str | None
    data: dict[str, object]


def begin_transaction(connection: Connection, new: Transaction) -> int | None:
    """Write a letter down; return its number, None when its key is there already."""
    values = {name: getattr(new, name) for name in Transaction.__slots__}
    found = connection.execute(
        inserting(connection, _rows)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["key_hash"])
        .returning(_rows.c.id)
    ).scalar_one_or_none()
    return None if found is None else int(found)


def asked_before(connection: Connection, key_hash: bytes) -> tuple[int, bytes] | None:
    """Return number and body's hash of the letter with a key, None when there is none."""
    row = connection.execute(
        select(_rows.c.id, _rows.c.body_hash).where(_rows.c.key_hash == key_hash)
    ).first()
    return None if row is None else (int(row.id), bytes(row.body_hash))


def made_of(connection: Connection, key_hash: bytes) -> dict[str, Any] | None:
    """Return what was frozen for the letter with a key; None where it is not kept."""
    found = connection.execute(
        select(_frozen.c.body)
        .join(_rows, _rows.c.frozen_hash == _frozen.c.hash)
        .where(_rows.c.key_hash == key_hash)
    ).scalar_one_or_none()
    return None if found is None else cast("dict[str, Any]", found)


def asked_for(connection: Connection, number: int) -> Transaction | None:
    """Return a letter that was asked for, None when it is no longer on record."""
    row = connection.execute(select(_rows).where(_rows.c.id == number)).mappings().first()
    if row is None:
        return None
    return Transaction(**{name: row[name] for name in Transaction.__slots__})


def sent_with(connection: Connection, numbers: Iterable[int]) -> dict[int, Sent]:
    """Return with what some letters go out, by their numbers."""
    rows = connection.execute(
        select(_rows.c.id, _rows.c.language, _rows.c.data).where(
            _rows.c.id.in_(list(numbers))
        )
    )
    return {int(row.id): Sent(row.language, dict(row.data)) for row in rows}


def letters_to_nobody(connection: Connection, hash: bytes, limit: int) -> list[int]:
    """Return the latest deliveries to an address that was no contact's then."""
    found = connection.execute(
        select(_delivery.c.id)
        .join(_rows, _ITS_LETTER)
        .where(
            _rows.c.hash == hash,
            _delivery.c.contact_id.is_(None),
            # What was erased has none any more.
            _delivery.c.address != "",
        )
        .order_by(_delivery.c.id.desc())
        .limit(limit)
    )
    return list(found.scalars())


def forget_data(connection: Connection, delivery_ids: Sequence[int]) -> None:
    """Empty what letters were sent with; that they were asked for stays on record."""
    asked = select(_delivery.c.cause_id).where(
        _delivery.c.id.in_(list(delivery_ids)),
        _delivery.c.cause_kind == CauseKind.TRANSACTION.value,
    )
    connection.execute(
        update(_rows).where(_rows.c.id.in_(asked)).values(data={}, language=None)
    )


def aged_letters(
    connection: Connection, before: datetime, after: int, limit: int
) -> list[int]:
    """Return the numbers of letters that were asked for before a moment and are gone.

    Their deliveries were aged out. They are in order, and after a number.
    """
    found = connection.execute(
        select(_rows.c.id)
        .where(_rows.c.id > after, _rows.c.asked_at < before, no_letter(_ITS_LETTER))
        .order_by(_rows.c.id)
        .limit(limit)
    )
    return list(found.scalars())


def drop_aged(connection: Connection, ids: Sequence[int], repeated: datetime) -> int:
    """Drop letters whose deliveries were aged out; return how many.

    Args:
        repeated: Asked for before this, their keys go too; of others their data only.
    """
    these = _rows.c.id.in_(list(ids))
    dropped: Any = connection.execute(
        delete(_rows).where(
            these,
            _rows.c.asked_at < repeated,
            # The highest number stays, so that it is not given again.
            _rows.c.id < select(func.max(_rows.c.id)).scalar_subquery(),
        )
    )
    gone = int(dropped.rowcount)
    if gone < len(ids):
        connection.execute(update(_rows).where(these).values(data={}, language=None))
    return gone
