"""The tables of what people say on pages beside yes and no."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel

from mailer.store.columns import id_column, number_column, text_column, time_column
from mailer.store.shapingtables import metadata

__all__ = ("metadata",)


class TopicChoiceRow(SQLModel, table=True):
    """A topic of a list that a person wants letters about; who chose none wants all."""

    __tablename__ = "topic_choice"  # pyright: ignore[reportAssignmentType]
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    list_id: str = Field(sa_column=Column(Text, primary_key=True))
    topic: str = Field(sa_column=Column(Text, primary_key=True))
    chosen_at: datetime = time_column()


class PlainTextRow(SQLModel, table=True):
    """Somebody who wants letters as text alone; everybody else has no row."""

    __tablename__ = "plain_text"  # pyright: ignore[reportAssignmentType]
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    chosen_at: datetime = time_column()


class SharingRow(SQLModel, table=True):
    """One time that a partner was given people's data: who gave it, and of how many."""

    __tablename__ = "sharing"  # pyright: ignore[reportAssignmentType]
    id: int | None = id_column()
    partner: str = text_column()
    at: datetime = time_column()
    by: str = text_column()
    people: int = number_column()


class SharedPersonRow(SQLModel, table=True):
    """Somebody whose data a partner was given; it goes when she is erased."""

    __tablename__ = "shared_person"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_shared_person_contact_id", "contact_id"),)
    sharing_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )


class CampaignTopicRow(SQLModel, table=True):
    """What a campaign is about."""

    __tablename__ = "campaign_topic"  # pyright: ignore[reportAssignmentType]
    campaign_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    topic: str = Field(sa_column=Column(Text, primary_key=True))


class LeavingReasonRow(SQLModel, table=True):
    """Why somebody left, if she cared to say: by the ledger's entry that says that she did.

    The contact and her own words go when she is erased, or when letters are aged out.
    """

    __tablename__ = "leaving_reason"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_leaving_reason_contact_id", "contact_id"),
        Index("ix_leaving_reason_campaign_id", "campaign_id"),
    )
    entry: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    contact_id: int | None = number_column(null=True)
    # None for all marketing, or where no campaign's link was followed.
    list_id: str | None = text_column(null=True)
    campaign_id: int | None = number_column(null=True)
    reason: str = text_column()
    words: str = text_column()
    said_at: datetime = time_column()
