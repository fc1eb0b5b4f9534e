"""Counting tables on PostgreSQL after many rows were written.

It chooses how to look for rows by what it has counted of a table. It counts by itself
(autovacuum), but a minute later or, where that is off, never; until then it may read a
whole table for each row that it looks for. SQLite goes by its indexes alone.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Table, bindparam, text

from mailer.errors import DatabaseError
from mailer.store.database import Database
from mailer.store.tables import (
    ContactRow,
    DeliveryRow,
    LedgerRow,
    SubscriptionRow,
    table,
)

_log = logging.getLogger(__name__)

PEOPLE = (table(ContactRow), table(SubscriptionRow), table(LedgerRow))
"""What an import writes."""

LETTERS = (table(DeliveryRow),)
"""What planning a campaign writes."""

_LEAST = 1_000
"""Rows: what fewer cost to read is not worth counting them."""

_SHARE = 0.1
"""Of the rows at the last count, as `autovacuum_analyze_scale_factor` has it."""

# One that was never counted has -1 rows.
_OUTDATED = text(
    "SELECT 1 FROM pg_class WHERE oid = to_regclass(:name)"
    f" AND :written > {_SHARE} * reltuples"
).bindparams(bindparam("name"), bindparam("written"))


def count_tables(database: Database, tables: Sequence[Table], written: int) -> None:
    """Let PostgreSQL count tables (`ANALYZE`), each in a transaction of its own.

    Only where that may change its mind: after 1,000 rows or more that are a tenth of the
    table. It reads a sample of 30,000 rows. A table that somebody else counts in this
    moment is left to them; where it fails all goes on, more slowly.

    Args:
        written: How many rows were just written to each.
    """
    if database.is_sqlite or written < _LEAST:
        return
    for one in tables:
        try:
            with database.write() as connection:
                asked = {"name": one.name, "written": written}
                if connection.execute(_OUTDATED, asked).first() is not None:
                    connection.execute(text(f"ANALYZE (SKIP_LOCKED) {one.name}"))
        except DatabaseError as problem:
            _log.warning("the table %s was not counted: %s", one.name, problem)
