"""The tables of the console: the staff, their sessions, who did what, begun answers.

Only a draft may hold something of a customer: it goes with its ticket. Who needs all tables
takes `metadata` from here.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from mailer.store.columns import (
    bytes_column,
    id_column,
    number_column,
    text_column,
    time_column,
)
from mailer.store.tickettables import metadata

__all__ = ("metadata",)


class StaffRow(SQLModel, table=True):
    """One of the staff; of the password only its Argon2 hash, the secret is sealed.

    `folded` is the name in folded letters, `mailboxes` names with a space around each.
    """

    __tablename__ = "staff"  # pyright: ignore[reportAssignmentType]
    # A number is never another's: who did what names them.
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    name: str = text_column()
    folded: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    role: str = text_column()
    email: str = text_column()
    mailboxes: str = text_column()
    signature: str = text_column()
    made_at: datetime = time_column()
    left_at: datetime | None = time_column(null=True)
    password: str = text_column()
    secret: bytes | None = bytes_column(null=True)
    # The last time step whose code was used: none is used twice (RFC 6238 §5.2).
    step: int = number_column()
    invited: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary, nullable=True, unique=True)
    )
    invited_until: datetime | None = time_column(null=True)
    # What they are told of, by its words; when not; and since when they want to know.
    notify: str = text_column(default="")
    quiet: str = text_column(default="")
    notify_since: datetime | None = time_column(null=True)


class StaffSessionRow(SQLModel, table=True):
    """An open session, by the SHA-256 of what the browser shows."""

    __tablename__ = "staff_session"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_staff_session_staff_id", "staff_id"),)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    staff_id: int = number_column()
    made_at: datetime = time_column()
    seen_at: datetime = time_column()
    ends_at: datetime = time_column()
    network: str = text_column()


class StaffTryRow(SQLModel, table=True):
    """One attempt to sign in that failed, by name and network."""

    __tablename__ = "staff_try"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_staff_try_at", "at"),)
    id: int | None = id_column()
    at: datetime = time_column()
    folded: str = text_column()
    network: str = text_column()


class StaffDeedRow(SQLModel, table=True):
    """One line of who did what; it names a ticket, never a customer."""

    __tablename__ = "staff_deed"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_staff_deed_at", "at"),
        Index("ix_staff_deed_ticket_id", "ticket_id"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip
    id: int | None = id_column()
    at: datetime = time_column()
    who: str = text_column()
    what: str = text_column()
    ticket_id: int | None = number_column(null=True)
    network: str = text_column()


class TicketDraftRow(SQLModel, table=True):
    """Somebody at a ticket, with the answer that they have begun."""

    __tablename__ = "ticket_draft"  # pyright: ignore[reportAssignmentType]
    ticket_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    staff_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    text: str = text_column()
    version: int = number_column()
    at: datetime = time_column()
    writing_at: datetime | None = time_column(null=True)
