"""The tables of the front desk: tickets, what was said on them, and what was acknowledged.

A person stands here with her address, because she is answered: `erasing` deletes all of it.
Who needs all tables takes `metadata` from here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from mailer.store.columns import (
    Values,
    bytes_column,
    id_column,
    number_column,
    text_column,
    time_column,
)
from mailer.store.doortables import metadata

__all__ = ("metadata",)


class TicketRow(SQLModel, table=True):
    """One conversation with support. Its number stands in letters, so none is used again.

    `tags` are words with a space before and behind each.
    """

    __tablename__ = "ticket"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_ticket_due_at", "state", "due_at", "id"),
        Index("ix_ticket_match", "match"),
        Index("ix_ticket_contact_id", "contact_id",
              sqlite_where=text("contact_id IS NOT NULL"),
              postgresql_where=text("contact_id IS NOT NULL")),
        Index("ix_ticket_changed_at", "changed_at"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip
    id: int | None = id_column()
    mailbox: str = text_column()
    state: str = text_column()
    kind: str = text_column()
    priority: str = text_column()
    subject: str = text_column()
    contact_id: int | None = number_column(null=True)
    match: str = text_column()
    address: str = text_column()
    person: str = text_column()
    language: str = text_column()
    assignee: str = text_column()
    tags: str = text_column()
    opened_at: datetime = time_column()
    changed_at: datetime = time_column()
    first_due_at: datetime | None = time_column(null=True)
    next_due_at: datetime | None = time_column(null=True)
    solve_due_at: datetime | None = time_column(null=True)
    due_at: datetime | None = time_column(null=True)
    answered_at: datetime | None = time_column(null=True)
    closed_at: datetime | None = time_column(null=True)
    snoozed_until: datetime | None = time_column(null=True)
    merged_into: int | None = number_column(null=True)
    follows: int | None = number_column(null=True)
    version: int = number_column()
    # Whether the person was helped, in her own words: yes or no; none until she says so.
    helped: str | None = text_column(null=True)
    helped_at: datetime | None = time_column(null=True)


class TicketEntryRow(SQLModel, table=True):
    """One entry of a conversation.

    `words` is what is searched: an index of each database's own stands over it, which
    `ticketsearch` knows. None of an entry that is not in it yet, which `folded` is for.
    """

    __tablename__ = "ticket_entry"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("incoming_id", "kind"),
        Index("ix_ticket_entry_ticket_id", "ticket_id", "id"),
        Index("ix_ticket_entry_delivery_id", "delivery_id",
              sqlite_where=text("delivery_id IS NOT NULL"),
              postgresql_where=text("delivery_id IS NOT NULL")),
        Index("ix_ticket_entry_message_id", "message_id",
              sqlite_where=text("message_id <> ''"),
              postgresql_where=text("message_id <> ''")),
        Index("ix_ticket_entry_unread", "id",
              sqlite_where=text("words IS NULL"),
              postgresql_where=text("words IS NULL")),
        # A reply is its letters' cause: its number is never another's.
        {"sqlite_autoincrement": True},
    )  # fmt: skip
    id: int | None = id_column()
    ticket_id: int = number_column()
    kind: str = text_column()
    at: datetime = time_column()
    author: str = text_column()
    subject: str = text_column()
    text: str = text_column()
    folded: str = text_column()
    incoming_id: int | None = number_column(null=True)
    delivery_id: int | None = number_column(null=True)
    message_id: str = text_column()
    envelope: dict[str, Any] | None = Field(
        default=None, sa_column=Column(Values, nullable=True)
    )
    words: str | None = text_column(null=True)


class TicketFileRow(SQLModel, table=True):
    """A file that goes with an answer; it goes with its entry."""

    __tablename__ = "ticket_file"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_ticket_file_entry_id", "entry_id", "id"),)
    id: int | None = id_column()
    entry_id: int = number_column()
    name: str = text_column()
    type: str = text_column()
    size_bytes: int = number_column()
    content: bytes = bytes_column()


class AcknowledgementRow(SQLModel, table=True):
    """Whether a person's message was acknowledged, and why not; quotas count these."""

    __tablename__ = "acknowledgement"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_acknowledgement_match", "match", "decided_at"),
        Index("ix_acknowledgement_domain", "domain", "decided_at"),
        Index("ix_acknowledgement_mailbox", "mailbox", "decided_at"),
        Index("ix_acknowledgement_ticket_id", "ticket_id"),
    )
    incoming_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    ticket_id: int = number_column()
    mailbox: str = text_column()
    match: str = text_column()
    domain: str = text_column()
    subject: str = text_column()
    said_hash: bytes = bytes_column()
    decided_at: datetime = time_column()
    # The letter, when there is one; else the rule that forbade it.
    delivery_id: int | None = number_column(null=True)
    rule: int | None = number_column(null=True)
    why: str = text_column()


class FormMessageRow(SQLModel, table=True):
    """That something was written on a page, by the keyed hash of its network, for a day."""

    __tablename__ = "form_message"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_form_message_at", "at"),)
    id: int | None = id_column()
    at: datetime = time_column()
    network_hash: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary, nullable=True)
    )
