"""The tables of the front desk's doors: who is not heard, and what the staff was told.

Who needs all tables takes `metadata` from here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from mailer.store.columns import id_column, text_column, time_column
from mailer.store.eventtables import metadata
from mailer.store.tables import DeliveryRow, table

__all__ = ("metadata",)

_SHOWN = text("shown IS NOT NULL")
Index(
    "ix_delivery_shown",
    table(DeliveryRow).c.left_at,
    sqlite_where=_SHOWN,
    postgresql_where=_SHOWN,
)
"""By it what letters showed of their people is found when it is to be forgotten."""


def _part() -> Any:
    """Return a number that is a part of the key."""
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class BlockedRow(SQLModel, table=True):
    """An address, in its match form, or a domain that is not heard any more."""

    __tablename__ = "blocked"  # pyright: ignore[reportAssignmentType]
    id: int | None = id_column()
    value: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    why: str = text_column()
    who: str = text_column()
    at: datetime = time_column()


class StaffNoticeRow(SQLModel, table=True):
    """That one of the staff was told something of a ticket; kept for some days."""

    __tablename__ = "staff_notice"  # pyright: ignore[reportAssignmentType]
    staff_id: int = _part()
    ticket_id: int = _part()
    news: str = Field(sa_column=Column(Text, primary_key=True))
    mark: int = _part()
    at: datetime = time_column()
