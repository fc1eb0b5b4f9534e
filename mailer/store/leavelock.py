"""The lock by which a campaign's pause waits for its letters that are leaving (PostgreSQL).

A lock of a row would not do: who shares one passes by those that wait for it alone, and
with a few busy senders a pause would wait for ever. These are given out in turn.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, func, literal_column, text

_LEAVING = 0x6C65_6176  # "leav"
_MAY_NOT_LEAVE = text("SELECT pg_advisory_xact_lock(:leaving, :number)")


def let_leave(campaign_id: ColumnElement[int]) -> ColumnElement[Any]:
    """Keep a campaign in its state until the commit."""
    leaving = literal_column(str(_LEAVING), Integer())
    number = campaign_id.cast(Integer())
    locked: ColumnElement[Any] = func.pg_advisory_xact_lock_shared(leaving, number)
    return locked


def stop_leaving(connection: Connection, campaign_id: int) -> None:
    """Wait until the letters of a campaign that are leaving have left."""
    if connection.dialect.name == "postgresql":
        connection.execute(_MAY_NOT_LEAVE, {"leaving": _LEAVING, "number": campaign_id})
