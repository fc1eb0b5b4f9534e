"""The table of the mailboxes that mail is read from; no person is in it."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from mailer.store.columns import Values, number_column, text_column, time_column
from mailer.store.stafftables import metadata

__all__ = ("metadata",)


class MailboxRow(SQLModel, table=True):
    """How far one mailbox was read, by its name in `config.toml`, and how it is."""

    __tablename__ = "mailbox"  # pyright: ignore[reportAssignmentType]
    name: str = Field(sa_column=Column(Text, primary_key=True))
    source: str = text_column()
    since: str = text_column()
    uidvalidity: int | None = number_column(null=True)
    uid: int = number_column()
    missed: list[int] = Field(
        default_factory=list[int], sa_column=Column(Values, nullable=False)
    )
    read_at: datetime | None = time_column(null=True)
    problem: str = text_column()
    problem_at: datetime | None = time_column(null=True)
