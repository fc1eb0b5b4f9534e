"""The tables of shaping by provider: whose domain is whose, and how providers are.

None holds a person: a domain is nobody's alone here, it stands without an address.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from mailer.store.columns import Values, text_column, time_column
from mailer.store.mailtables import metadata

__all__ = ("metadata",)


class MailDomainRow(SQLModel, table=True):
    """A domain and its provider's name, from the files or from DNS.

    What stands in the files has no end; what DNS said is asked again after it.
    """

    __tablename__ = "mail_domain"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_mail_domain_expires_at", "expires_at"),)
    domain: str = Field(sa_column=Column(Text, primary_key=True))
    provider: str = text_column()
    expires_at: datetime | None = time_column(null=True)


class ProviderStateRow(SQLModel, table=True):
    """How one provider is, as all senders together have learnt it."""

    __tablename__ = "provider_state"  # pyright: ignore[reportAssignmentType]
    provider: str = Field(sa_column=Column(Text, primary_key=True))
    at: datetime = time_column()
    seen: dict[str, Any] = Field(sa_column=Column(Values, nullable=False))
