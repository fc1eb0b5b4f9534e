"""Where contacts stand on lists: the projection of the ledger, read and written.

Only `mailer.store.ledger` writes it, in the transaction of the entries that it follows
from.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, select

from mailer.model.consent import Basis, SubscriptionStatus
from mailer.model.subscription import Subscription
from mailer.store.bulk import Row, insert_rows, look_up
from mailer.store.columns import from_instant, to_instant
from mailer.store.tables import SubscriptionRow, table

_rows = table(SubscriptionRow)
_COLUMNS = (
    "contact_id", "list_id", "ledger_number",
    "status", "basis", "wording", "since_at", "expires_at",
)  # fmt: skip
_UPSERT = "ON CONFLICT (contact_id, list_id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS[2:]
)
_OF_CONTACTS = f"SELECT {', '.join(_COLUMNS)} FROM subscription WHERE contact_id"
_delete = delete(_rows).where(
    _rows.c.contact_id == bindparam("contact"), _rows.c.list_id == bindparam("list")
)

_HOLD = (
    "SELECT contact_id FROM subscription WHERE contact_id = ANY(%s)"
    ' ORDER BY contact_id, list_id COLLATE "C" FOR UPDATE'
)

Place = tuple[int, str]
"""A contact's id and a list's id."""


def subscription(
    connection: Connection, contact_id: int, list_id: str
) -> Subscription | None:
    """Return where a contact stands on a list; None for somebody who never was on it."""
    return of_contacts(connection, [contact_id]).get((contact_id, list_id))


def somebody_is_on(connection: Connection, list_id: str) -> bool:
    """Say whether anybody is subscribed to a list."""
    found = select(_rows.c.contact_id).where(
        _rows.c.list_id == list_id, _rows.c.status == SubscriptionStatus.SUBSCRIBED.value
    )
    return connection.execute(found.limit(1)).first() is not None


def of_contacts(
    connection: Connection, contact_ids: Sequence[int]
) -> dict[Place, Subscription]:
    """Return where contacts stand, on all lists.

    Args:
        contact_ids: Up to 30,000.
    """
    return {
        (contact_id, list_id): Subscription(
            SubscriptionStatus(status),
            None if basis is None else Basis(basis),
            wording,
            from_instant(since_at),
            None if expires_at is None else from_instant(expires_at),
            number,
        )
        for contact_id, list_id, number, status, basis, wording, since_at, expires_at in (
            look_up(connection, _OF_CONTACTS, contact_ids)
        )
    }


def read_subscription(row: RowMapping, prefix: str) -> Subscription:
    """Turn a row of the subscription table into its value.

    Args:
        prefix: What the names of its columns begin with in a joined row.
    """
    basis = row[f"{prefix}basis"]
    return Subscription(
        SubscriptionStatus(row[f"{prefix}status"]),
        None if basis is None else Basis(basis),
        row[f"{prefix}wording"],
        row[f"{prefix}since_at"],
        row[f"{prefix}expires_at"],
        row[f"{prefix}ledger_number"],
    )


def stored(standing: Subscription) -> Row:
    """Return what is written of where somebody stands, without place and entry number."""
    expires_at = standing.expires_at
    return (
        standing.status.value,
        None if standing.basis is None else standing.basis.value,
        standing.wording,
        to_instant(standing.since_at),
        None if expires_at is None else to_instant(expires_at),
    )


def put(connection: Connection, rows: Sequence[Row]) -> None:
    """Write where contacts stand from now on.

    Args:
        rows: Contact's id, list's id and entry's number, then what `stored` gives.
    """
    # In the order of `hold`.
    insert_rows(connection, _rows, _COLUMNS, sorted(rows, key=_place), _UPSERT)


def hold(connection: Connection, contact_ids: Iterable[int]) -> None:
    """Lock all places of contacts against change by others, in one order for all."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_HOLD, (sorted(set(contact_ids)),))


def _place(row: Row) -> tuple[Any, ...]:
    return row[:2]


def drop(connection: Connection, places: Sequence[Place]) -> None:
    """Take contacts off the record of lists that the ledger says they never were on."""
    if places:
        connection.execute(
            _delete, [{"contact": contact, "list": list_id} for contact, list_id in places]
        )


def counts(connection: Connection, list_id: str) -> dict[SubscriptionStatus, int]:
    """Count a list's people by where they stand."""
    found: Any = connection.execute(
        select(_rows.c.status, func.count())
        .where(_rows.c.list_id == list_id)
        .group_by(_rows.c.status)
    )
    return {SubscriptionStatus(status): number for status, number in found}
