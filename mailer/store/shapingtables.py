"""The tables of shaping: whose domain is whose, how providers are, what leaves first.

None holds a person: a domain is nobody's alone here, it stands without an address.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from mailer.store.columns import Values, number_column, text_column, time_column
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


class WarmUpDayRow(SQLModel, table=True):
    """What a sending domain that is warmed up sent on one day (number since 1970, UTC)."""

    __tablename__ = "warm_up_day"  # pyright: ignore[reportAssignmentType]
    domain: str = Field(sa_column=Column(Text, primary_key=True))
    day: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    claimed: int = number_column()
    back: int = number_column()


class CanaryRow(SQLModel, table=True):
    """A campaign whose first letters are looked at before the rest may leave.

    It is drawn when planning is through: how many, and which, are in `canary_letter`.
    """

    __tablename__ = "canary"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_canary_open", "campaign_id",
              sqlite_where=text("passed_at IS NULL"),
              postgresql_where=text("passed_at IS NULL")),
    )  # fmt: skip
    campaign_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    least: int = number_column()
    share: float = 0
    wait_s: float = 0
    letters: int = number_column()
    drawn_at: datetime | None = time_column(null=True)
    settled_at: datetime | None = time_column(null=True)
    passed_at: datetime | None = time_column(null=True)
    found: str = text_column(default="")


class CanaryLetterRow(SQLModel, table=True):
    """A letter of a campaign's canary, until it has been looked at."""

    __tablename__ = "canary_letter"  # pyright: ignore[reportAssignmentType]
    campaign_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    delivery_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
