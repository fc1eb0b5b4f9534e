"""How much room each table takes, with its indexes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from mailer.store.tables import DeliveryRow, metadata, table

_SQLITE = text(
    "SELECT m.tbl_name AS name, sum(s.bytes) AS bytes"
    " FROM (SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name) s"
    " JOIN sqlite_schema m ON m.name = s.name GROUP BY m.tbl_name"
)
_POSTGRES = text(
    "SELECT relname AS name, pg_total_relation_size(relid) AS bytes"
    " FROM pg_stat_user_tables WHERE schemaname = current_schema()"
)
_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table with its indexes."""

    name: str
    rows: int
    size_bytes: int


def table_sizes(connection: Connection) -> list[TableSize]:
    """Return the size of each table of ours, the largest first."""
    statement = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
    sizes: dict[str, int] = {
        row.name: int(row.bytes) for row in connection.execute(statement)
    }
    found: list[TableSize] = []
    for name, one in metadata.tables.items():
        rows: Any = connection.execute(select(func.count()).select_from(one)).scalar_one()
        found.append(TableSize(name, int(rows), sizes.get(name, 0)))
    return sorted(found, key=lambda one: (-one.size_bytes, one.name))


def whole_size(connection: Connection) -> tuple[int, int]:
    """Return the size of the whole database, and how much of it is empty, in bytes.

    What is empty is used again before a file grows; PostgreSQL does not tell it.
    """
    if connection.dialect.name == "sqlite":
        page, pages, free = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_size", "page_count", "freelist_count")
        )
        return page * pages, page * free
    size: Any = connection.exec_driver_sql(
        "SELECT pg_database_size(current_database())"
    ).scalar_one()
    return int(size), 0


def letters_a_day(connection: Connection, since: Any, days: int) -> float:
    """Return how many letters ended on a day, on the average since a moment."""
    found: Any = connection.execute(
        select(func.count()).select_from(_delivery).where(_delivery.c.ended_at > since)
    ).scalar_one()
    return float(found) / days
