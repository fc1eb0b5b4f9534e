"""The table of what contacts did; who needs all tables takes `metadata` from here."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import SQLModel

from mailer.store.choicetables import metadata
from mailer.store.columns import id_column, number_column, text_column, time_column

__all__ = ("metadata",)


class EventRow(SQLModel, table=True):
    """Something that a contact did; it goes when she is erased, or with old letters."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_event_contact_id", "contact_id", "at"),
        Index("ix_event_at", "at"),
    )
    id: int | None = id_column()
    contact_id: int = number_column()
    kind: str = text_column()
    about: str = text_column()
    at: datetime = time_column()
    # Of a click: the list in whose letter the link was.
    list_id: str | None = text_column(null=True)
