"""The tables of the doors for other programs: keys of the API, and webhooks both ways.

None holds an address: a contact is a number here, and what a webhook says of her is looked
up when it leaves. Who needs all tables takes `metadata` from here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from mailer.store.columns import (
    Values,
    bytes_column,
    id_column,
    number_column,
    text_column,
    time_column,
)
from mailer.store.tables import metadata

__all__ = ("metadata",)


class ApiKeyRow(SQLModel, table=True):
    """A key that another program may write to us with; of its secret only the SHA-256."""

    __tablename__ = "api_key"  # pyright: ignore[reportAssignmentType]
    # A key's number is never another's: the ledger names who wrote by its name.
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    digest: bytes = bytes_column()
    made_at: datetime = time_column()
    revoked_at: datetime | None = time_column(null=True)


class ApiRequestRow(SQLModel, table=True):
    """A request with an Idempotency-Key, and what was answered; hashes are keyed.

    `result` is missing while it is worked on.
    """

    __tablename__ = "api_request"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_api_request_at", "at"),
        Index("ix_api_request_contact_id", "contact_id"),
    )
    key_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    body_hash: bytes = bytes_column()
    at: datetime = time_column()
    result: str | None = text_column(null=True)
    contact_id: int | None = number_column(null=True)


class TransactionRow(SQLModel, table=True):
    """One letter that a program or a person of the company asked for, with its data.

    Its key is unique, so that it is sent once however often it is asked for; hashes are
    keyed. `hash` is that of the address.
    """

    __tablename__ = "transaction_letter"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_transaction_letter_hash", "hash"),
        Index("ix_transaction_letter_asked_at", "asked_at"),
        # A delivery is unique by its cause's number.
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    template: str = text_column()
    frozen_hash: str = text_column()
    asked_by: str = text_column()
    asked_at: datetime = time_column()
    key_hash: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary, nullable=True, unique=True)
    )
    body_hash: bytes = bytes_column()
    hash: bytes = bytes_column()
    language: str | None = text_column(null=True)
    data: dict[str, Any] = Field(sa_column=Column(Values, nullable=False))


class WebhookEndpointRow(SQLModel, table=True):
    """One who is told, by its name in `config.toml`, and how far the ledger was read."""

    __tablename__ = "webhook_endpoint"  # pyright: ignore[reportAssignmentType]
    name: str = Field(sa_column=Column(Text, primary_key=True))
    ledger_number: int = number_column()
    since_at: datetime = time_column()


class WebhookRow(SQLModel, table=True):
    """One thing that one endpoint is told: waiting, delivered or failed."""

    __tablename__ = "webhook"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("endpoint", "event", "source", "source_number", "list_id"),
        Index("ix_webhook_due_at", "endpoint", "state", "due_at"),
        Index("ix_webhook_contact_id", "contact_id"),
        Index("ix_webhook_ended_at", "ended_at"),
        # Who receives them knows them by their numbers.
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    endpoint: str = text_column()
    event: str = text_column()
    source: str = text_column()
    source_number: int = number_column()
    # "" for all lists: PostgreSQL holds two NULLs for different.
    list_id: str = text_column()
    contact_id: int | None = number_column(null=True)
    happened_at: datetime = time_column()
    state: str = text_column()
    attempts: int = number_column()
    due_at: datetime = time_column()
    ended_at: datetime | None = time_column(null=True)
    answer: str = text_column()


class HookOnceRow(SQLModel, table=True):
    """What a provider signed instead of its event, and the one event that came with it."""

    __tablename__ = "hook_once"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_hook_once_at", "at"),)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    event_digest: bytes = bytes_column()
    at: datetime = time_column()
