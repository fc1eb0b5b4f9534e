"""Contacts on record: found by their match form, made and changed many at a time."""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import cast

from sqlalchemy import Connection, RowMapping, select, update

from mailer.model.address import MATCH_VERSION, Address
from mailer.model.contact import Contact, Details
from mailer.model.subscription import Subscription
from mailer.store.bulk import Row, insert_rows, look_up, update_rows
from mailer.store.columns import from_instant, to_instant
from mailer.store.database import Database
from mailer.store.subscriptions import read_subscription
from mailer.store.tables import ContactRow, SubscriptionRow, table

_rows = table(ContactRow)
_subscriptions = table(SubscriptionRow)
_COLUMNS = (
    "match", "match_version", "hash", "address", "attributes",
    "language", "time_zone", "created_at", "updated_at",
)  # fmt: skip
NewContact = tuple[str, bytes, str, str, str | None, str | None]
"""Match form, keyed hash, address (domain as A-label), attributes as JSON, language, time
zone."""

_IDS = 'SELECT id FROM contact WHERE "match"'
_ADDRESSES = "SELECT hash, address FROM contact WHERE hash"
_IDS_HASHED = "SELECT id FROM contact WHERE hash"
_PAGE = 1_000
# The row that is there already is given back too: then somebody was quicker.
_RETURNING = 'ON CONFLICT ("match") DO UPDATE SET "match" = excluded."match"'
_write_value = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_VALUES_REMEMBERED = 20_000


def find_contact(connection: Connection, match: str) -> Contact | None:
    """Return the contact with a match form, or None."""
    return find_contacts(connection, [match]).get(match)


def find_contacts(connection: Connection, matches: Sequence[str]) -> dict[str, Contact]:
    """Return the contacts that there are among some match forms, up to 30,000."""
    ids = [row[0] for row in look_up(connection, _IDS, matches)]
    return {one.match: one for one in get_contacts(connection, ids).values()}


def contacts_hashed(
    connection: Connection, hashes: Sequence[bytes]
) -> dict[bytes, Contact]:
    """Return the contacts whose address has one of some hashes, up to 30,000.

    All contacts are looked through: only for what is rare.
    """
    ids = [row[0] for row in look_up(connection, _IDS_HASHED, hashes)]
    return {one.hash: one for one in get_contacts(connection, ids).values()}


def get_contact(connection: Connection, contact_id: int) -> Contact | None:
    """Return a contact by id, or None when there is none (any more)."""
    return get_contacts(connection, [contact_id]).get(contact_id)


def get_contacts(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Contact]:
    """Return the contacts that there are among some ids, up to 30,000."""
    if not contact_ids:
        return {}
    found = connection.execute(select(_rows).where(_rows.c.id.in_(contact_ids)))
    return {row["id"]: _read(row) for row in found.mappings()}


def addresses_of(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """Return the addresses of contacts by their keyed hashes; it reads all contacts."""
    found = look_up(connection, _ADDRESSES, hashes)
    return {bytes(hashed): address for hashed, address in found}


def new_row(match: str, hash: bytes, address: str, details: Details, now: datetime) -> Row:
    """Return what `create_contacts` writes for one contact."""
    known = (write_json(details.attributes), details.language, details.time_zone)
    return new_rows([(match, hash, address, *known)], now)[0]


def new_rows(people: Iterable[NewContact], now: datetime) -> list[Row]:
    """Return what `create_contacts` writes."""
    at = to_instant(now)
    return [
        (match, MATCH_VERSION, hashed, address, attributes, language, zone, at, at)
        for match, hashed, address, attributes, language, zone in people
    ]


def create_contacts(connection: Connection, rows: Sequence[Row]) -> list[int]:
    """Create contacts of which none is on record, and return their ids in order.

    On PostgreSQL somebody may have created one of them in this very moment: then the id is
    that contact's, and its details stay as they are.
    """
    if not rows:
        return []
    if connection.dialect.name == "sqlite":
        # The write lock is ours, so the next numbers are too.
        last = connection.exec_driver_sql(
            "SELECT seq FROM sqlite_sequence WHERE name = 'contact'"
        ).scalar()
        first = (last or 0) + 1
        ids = list(range(first, first + len(rows)))
        numbered = [(first + place, *row) for place, row in enumerate(rows)]
        insert_rows(connection, _rows, ("id", *_COLUMNS), numbered)
        return ids
    made = insert_rows(
        connection, _rows, _COLUMNS, rows, f'{_RETURNING} RETURNING "match", id'
    )
    id_of: dict[str, int] = dict(made)
    return [id_of[row[0]] for row in rows]


def change_contacts(
    connection: Connection, changes: Sequence[tuple[int, Details]], now: datetime
) -> None:
    """Write what is known about contacts from now on."""
    at = to_instant(now)
    rows = [
        (write_json(one.attributes), one.language, one.time_zone, at, contact_id)
        for contact_id, one in changes
    ]
    update_rows(
        connection,
        _rows,
        ("attributes", "language", "time_zone", "updated_at"),
        ("id",),
        rows,
    )


def mark_own(
    connection: Connection, contact: Contact, names: Iterable[str], now: datetime
) -> None:
    """Write down that the person herself set some values: imports leave them alone."""
    own = {name: to_instant(at) for name, at in contact.own.items()}
    own |= {name: to_instant(now) for name in names}
    connection.execute(update(_rows).where(_rows.c.id == contact.id).values(own=own))


def move_contact(
    connection: Connection, contact: Contact, to: Address, hash: bytes, now: datetime
) -> None:
    """Give a contact another address; nobody else may have it."""
    connection.execute(
        update(_rows)
        .where(_rows.c.id == contact.id)
        .values(
            match=to.match,
            match_version=MATCH_VERSION,
            hash=hash,
            address=to.wire,
            updated_at=now,
        )
    )


def read_contacts(
    database: Database, list_id: str | None
) -> Generator[list[tuple[Contact, Subscription | None]], None, None]:
    """Go through all contacts, or through all that are or were on a list, page by page.

    Each page is read by itself, so that nobody waits; without a list there is no
    subscription beside the contact.
    """
    last = 0
    while True:
        with database.read() as connection:
            page = _page(connection, list_id, last)
        if not page:
            return
        yield page
        last = page[-1][0].id


def _page(
    connection: Connection, list_id: str | None, last: int
) -> list[tuple[Contact, Subscription | None]]:
    if list_id is None:
        some = select(_rows).where(_rows.c.id > last).order_by(_rows.c.id).limit(_PAGE)
        return [(_read(row), None) for row in connection.execute(some).mappings()]
    joined = _subscriptions.join(_rows, _rows.c.id == _subscriptions.c.contact_id)
    here = [
        column.label(f"on_{column.name}")
        for column in _subscriptions.c
        if column.name != "contact_id"
    ]
    some = (
        select(_rows, *here)
        .select_from(joined)
        .where(
            _subscriptions.c.list_id == list_id,
            _subscriptions.c.contact_id > last,
            # Without this PostgreSQL reads the contacts from the beginning each time.
            _rows.c.id > last,
        )
        .order_by(_subscriptions.c.contact_id)
        .limit(_PAGE)
    )
    return [
        (_read(row), read_subscription(row, "on_"))
        for row in connection.execute(some).mappings()
    ]


def _read(row: RowMapping) -> Contact:
    own = cast("dict[str, int]", row["own"] or {})
    return Contact(
        row["id"],
        row["match"],
        row["hash"],
        row["address"],
        row["attributes"],
        row["language"],
        row["time_zone"],
        row["created_at"],
        row["updated_at"],
        {name: from_instant(at) for name, at in own.items()},
    )


def _hashable(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def read_json(text: str) -> dict[str, object]:
    """Read attributes that `write_json` wrote."""
    return cast("dict[str, object]", json.loads(text))


def write_json(values: Mapping[str, object]) -> str:
    """Write attributes as JSON; what many people share is written once."""
    pairs = [_write_pair(name, _hashable(value)) for name, value in values.items()]
    return "{" + ",".join(pairs) + "}"


# Typed, because 1 and true are the same to Python.
@lru_cache(_VALUES_REMEMBERED, typed=True)
def _write_pair(name: str, value: object) -> str:
    return f"{_write_value(name)}:{_write_value(value)}"
