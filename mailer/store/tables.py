"""Every table, as SQLModel declares it.

Hot paths use Core statements on `Model.__table__`; rows become values of `mailer.model` at
the edge of this package. States and kinds are words, times microseconds, digests bytes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from mailer.store.columns import Id, Instant, Values
from mailer.store.columns import bytes_column as _bytes
from mailer.store.columns import id_column as _id
from mailer.store.columns import number_column as _number
from mailer.store.columns import text_column as _text
from mailer.store.columns import time_column as _time
from mailer.store.columns import values_column as _values

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata


class KeyCheck(SQLModel, table=True):
    """A check value for each key that this database was made with."""

    __tablename__ = "key_check"  # pyright: ignore[reportAssignmentType]
    key_id: int = Field(primary_key=True)
    purpose: str = _text()
    check_value: bytes = _bytes()
    added_at: datetime = _time()


class ListRow(SQLModel, table=True):
    """A list that we have seen, with the number that stands for it in tokens."""

    __tablename__ = "mailing_list"  # pyright: ignore[reportAssignmentType]
    number: int | None = _id()
    id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = _text()
    title: str = _text()
    words_floor: int = _number()
    seen_at: datetime = _time()
    # Its own quiet hours and sending days, as JSON; None for the workspace's alone.
    quiet: dict[str, Any] | None = _values()


class WordingRow(SQLModel, table=True):
    """The words of one version of a list's purpose; never changed, never deleted."""

    __tablename__ = "wording"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("list_id", "version"),)
    id: int | None = _id()
    list_id: str = _text()
    version: int = _number()
    words: str = _text()
    editorial: bool = False
    added_at: datetime = _time()


class ContactRow(SQLModel, table=True):
    """A person we know. `hash` is the keyed hash that suppressions are kept under.

    Ids are never used again: links in letters and the ledger name people by them.
    """

    __tablename__ = "contact"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    match: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    match_version: int = Field(default=1)
    hash: bytes = _bytes()
    address: str = _text()
    attributes: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    language: str | None = _text(null=True)
    time_zone: str | None = _text(null=True)
    created_at: datetime = _time()
    updated_at: datetime = _time()
    # What the person herself set, by name, and when: nobody else's word changes it.
    own: dict[str, Any] | None = _values()


class FrequencyRow(SQLModel, table=True):
    """How often a person wants letters: one in so many days, 0 for all; her own choice."""

    __tablename__ = "frequency"  # pyright: ignore[reportAssignmentType]
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    days: int = _number()
    chosen_at: datetime = _time()


class LedgerRow(SQLModel, table=True):
    """One entry of the consent ledger: append-only, gapless, chained.

    `*_digest` stands in the chain; `*_value` may be erased with its `*_salt`, and the chain
    still verifies. `words_digest` is the SHA-256 of the exact words shown.
    """

    __tablename__ = "ledger"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_ledger_contact_id", "contact_id"),
        Index("ix_ledger_batch_id", "batch_id", "number",
              sqlite_where=text("batch_id IS NOT NULL"),
              postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_ledger_left", "source",
              sqlite_where=text("act = 'withdrawn'"),
              postgresql_where=text("act = 'withdrawn'")),
    )  # fmt: skip
    # On SQLite this is the row's own number, so that reading in order reads no index.
    number: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))
    contact_id: int = _number()
    list_id: str | None = _text(null=True)
    wording: int = _number()
    words_digest: bytes | None = _bytes(null=True)
    act: str = _text()
    at: datetime = _time()
    how: str = _text()
    basis: str | None = _text(null=True)
    source: str = _text()
    batch_id: int | None = _number(null=True)
    expires_at: datetime | None = _time(null=True)
    who_salt: bytes | None = _bytes(null=True)
    who_digest: bytes = _bytes()
    who_value: str | None = _text(null=True)
    network_salt: bytes | None = _bytes(null=True)
    network_digest: bytes | None = _bytes(null=True)
    network_value: str | None = _text(null=True)
    agent_salt: bytes | None = _bytes(null=True)
    agent_digest: bytes | None = _bytes(null=True)
    agent_value: str | None = _text(null=True)
    by_salt: bytes | None = _bytes(null=True)
    by_digest: bytes | None = _bytes(null=True)
    by_value: str | None = _text(null=True)
    key_id: int = _number()
    mac: bytes = _bytes()
    evidence: str | None = _text(null=True)
    consent_at: datetime | None = _time(null=True)
    confirmed_at: datetime | None = _time(null=True)
    purchase_at: datetime | None = _time(null=True)


class LedgerHead(SQLModel, table=True):
    """The ledger's last number and MAC: the one row that its writers queue on."""

    __tablename__ = "ledger_head"  # pyright: ignore[reportAssignmentType]
    id: int = Field(default=1, primary_key=True)
    number: int = _number()
    mac: bytes = _bytes()


class SubscriptionRow(SQLModel, table=True):
    """Where a contact stands on a list: a projection of the ledger."""

    __tablename__ = "subscription"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_subscription_list_id", "list_id", "contact_id"),
        {"sqlite_with_rowid": False},
    )
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    list_id: str = Field(sa_column=Column(Text, primary_key=True))
    status: str = _text()
    basis: str | None = _text(null=True)
    wording: int = _number()
    since_at: datetime = _time()
    expires_at: datetime | None = _time(null=True)
    ledger_number: int = _number()


class SuppressionRow(SQLModel, table=True):
    """An address that must not get mail, as a keyed hash: survives erasure."""

    __tablename__ = "suppression"  # pyright: ignore[reportAssignmentType]
    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    scope: str = Field(sa_column=Column(Text, primary_key=True))
    reason: str = _text()
    since_at: datetime = _time()
    until_at: datetime | None = _time(null=True)
    source: str = _text()


class ImportBatch(SQLModel, table=True):
    """One import of a file: what was declared about it, and how far it came.

    `position` is where in the file the next slice begins; it is committed with each slice.
    """

    __tablename__ = "import_batch"  # pyright: ignore[reportAssignmentType]
    id: int | None = _id()
    file_name: str = _text()
    file_hash: str = _text()
    list_id: str = _text()
    basis: str = _text()
    source: str = _text()
    wording: int = _number()
    expires_at: datetime | None = _time(null=True)
    state: str = _text()
    rows_total: int = _number()
    rows_done: int = _number()
    position: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    counts: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    started_at: datetime = _time()
    ended_at: datetime | None = _time(null=True)


class ImportBefore(SQLModel, table=True):
    """What an import changed about a contact, so that undoing can put it back.

    `before` and `after` hold the changed names only; one that had no value is missing.
    """

    __tablename__ = "import_before"  # pyright: ignore[reportAssignmentType]
    batch_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    contact_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    before: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    after: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )


class FrozenRow(SQLModel, table=True):
    """What a campaign was started with, under its content hash."""

    __tablename__ = "frozen"  # pyright: ignore[reportAssignmentType]
    hash: str = Field(sa_column=Column(Text, primary_key=True))
    body: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    frozen_at: datetime = _time()


class EnclosureRow(SQLModel, table=True):
    """An image or attachment of letters, under its content hash."""

    __tablename__ = "enclosure"  # pyright: ignore[reportAssignmentType]
    hash: str = Field(sa_column=Column(Text, primary_key=True))
    type: str = _text()
    content: bytes = _bytes()
    kept_at: datetime = _time()


class TestLetterRow(SQLModel, table=True):
    """One sending of a test letter: the cause of its deliveries, and what it held."""

    __tablename__ = "test_letter"  # pyright: ignore[reportAssignmentType]
    # Not a test, whatever a test runner makes of its name.
    __test__ = False
    id: int | None = _id()
    template: str = _text()
    frozen_hash: str = _text()
    sent_at: datetime = _time()


class WelcomeRow(SQLModel, table=True):
    """What a list welcomes people with: the cause of welcomes, and what they hold.

    A changed letter, list or delay is another row. There is nothing about a person in it,
    and there are as many as there were changes, so none is ever dropped.
    """

    __tablename__ = "welcome"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("frozen_hash", "delay_s"),)
    id: int | None = _id()
    frozen_hash: str = _text()
    delay_s: int = _number()
    made_at: datetime = _time()


class SignUpRow(SQLModel, table=True):
    """One sign-up on a page: the cause of its confirmation letter, and what was answered.

    The answers, and her yes to `also`, count when she confirms. `network_hash` is keyed.
    """

    __tablename__ = "sign_up"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_sign_up_contact_id", "contact_id"),
        Index("ix_sign_up_asked_at", "asked_at"),
        # A link's number is never another sign-up's, also when this one was erased.
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    contact_id: int = _number()
    list_id: str = _text()
    wording: int = _number()
    answers: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    language: str | None = _text(null=True)
    network_hash: bytes | None = _bytes(null=True)
    frozen_hash: str | None = _text(null=True)
    asked_at: datetime = _time()
    confirm_by: datetime = _time()
    confirmed_at: datetime | None = _time(null=True)
    # What the person is welcomed with when she confirms, as it was when she signed up.
    welcome_id: int | None = _number(null=True)
    also: dict[str, Any] | None = Field(default=None, sa_column=Column(Values))


class PageRequestRow(SQLModel, table=True):
    """A link that somebody asked for to the page of what is known about her.

    Also where nobody is known by the address: then it only counts against its network.
    `address` is the new one where it is to be confirmed; `purpose` says which of both.
    """

    __tablename__ = "page_request"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_page_request_contact_id", "contact_id"),
        Index("ix_page_request_asked_at", "asked_at"),
        # A link's number is never another's, also when this one was erased.
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    contact_id: int | None = _number(null=True)
    purpose: str = _text()
    address: str | None = _text(null=True)
    network_hash: bytes | None = _bytes(null=True)
    frozen_hash: str | None = _text(null=True)
    asked_at: datetime = _time()
    open_by: datetime = _time()
    opened_at: datetime | None = _time(null=True)
    session_until: datetime | None = _time(null=True)


class CampaignRow(SQLModel, table=True):
    """One firing of a schedule or one send by hand."""

    __tablename__ = "campaign"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("schedule", "occurrence"),)
    id: int | None = _id()
    name: str = _text()
    kind: str = _text()
    state: str = _text()
    template: str = _text()
    list_id: str = _text()
    segment: str = _text()
    rule: str = _text()
    schedule: str | None = _text(null=True)
    occurrence: str | None = _text(null=True)
    frozen_hash: str = _text()
    planned: int = _number()
    planned_up_to: int = _number()
    audience_up_to: int = _number()
    created_at: datetime = _time()
    due_at: datetime = _time()
    valid_until: datetime | None = _time(null=True)
    started_at: datetime | None = _time(null=True)
    finished_at: datetime | None = _time(null=True)
    reason: str = _text()
    allow_withheld: bool = False
    pace_per_s: float | None = None
    spread_s: int | None = _number(null=True)
    people_limit: int | None = _number(null=True)
    drawn_up_to: int | None = _number(null=True)
    wall_clock: str | None = _text(null=True)
    fallback_zone: str | None = _text(null=True)
    follows: int | None = _number(null=True)
    rehearsal: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    priority: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    notice_reason: str = _text(default="")


class CampaignListRow(SQLModel, table=True):
    """A list that a campaign goes to beside its first."""

    __tablename__ = "campaign_list"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_campaign_list_list_id", "list_id"),)
    campaign_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    list_id: str = Field(sa_column=Column(Text, primary_key=True))


class CampaignAgedRow(SQLModel, table=True):
    """How many letters of a campaign were aged out, by state: its sums stay true."""

    __tablename__ = "campaign_aged"  # pyright: ignore[reportAssignmentType]
    campaign_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    state: str = Field(sa_column=Column(Text, primary_key=True))
    reason: str = Field(sa_column=Column(Text, primary_key=True))
    letters: int = _number()


class DeliveryRow(SQLModel, table=True):
    """One letter that we owe one address."""

    __tablename__ = "delivery"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        # A person gets one letter of one cause, whatever crashes in between.
        Index("uq_delivery_contact", "cause_kind", "cause_id", "contact_id", unique=True,
              sqlite_where=text("contact_id IS NOT NULL"),
              postgresql_where=text("contact_id IS NOT NULL")),
        Index("uq_delivery_hash", "cause_kind", "cause_id", "hash", unique=True,
              sqlite_where=text("contact_id IS NULL"),
              postgresql_where=text("contact_id IS NULL")),
        # Each campaign and provider is asked for by itself: one that rests costs nothing.
        Index("ix_delivery_due_campaign", "cause_id", "provider", "due_at", "id",
              sqlite_where=text("state = 'queued' AND cause_kind = 'campaign'"),
              postgresql_where=text("state = 'queued' AND cause_kind = 'campaign'")),
        Index("ix_delivery_due_lane", "lane", "due_at", "id",
              sqlite_where=text("state = 'queued' AND cause_kind <> 'campaign'"),
              postgresql_where=text("state = 'queued' AND cause_kind <> 'campaign'")),
        Index("ix_delivery_owner", "owner_id",
              sqlite_where=text("owner_id IS NOT NULL"),
              postgresql_where=text("owner_id IS NOT NULL")),
        Index("ix_delivery_in_doubt", "cause_id",
              sqlite_where=text("state = 'in_doubt'"),
              postgresql_where=text("state = 'in_doubt'")),
        Index("ix_delivery_person", "contact_id", "id",
              sqlite_where=text("contact_id IS NOT NULL"),
              postgresql_where=text("contact_id IS NOT NULL")),
    )  # fmt: skip
    id: int | None = _id()
    cause_kind: str = _text()
    cause_id: int = _number()
    kind: str = _text()
    lane: int = Field(default=3)
    contact_id: int | None = _number(null=True)
    hash: bytes = _bytes()
    address: str = _text()
    list_id: str | None = _text(null=True)
    state: str = _text()
    reason: str | None = _text(null=True)
    attempt: int = _number()
    deferrals: int = _number()
    due_at: datetime = _time()
    give_up_at: datetime = _time()
    owner_id: int | None = _number(null=True)
    lease_until: datetime | None = _time(null=True)
    first_attempt_at: datetime | None = _time(null=True)
    left_at: datetime | None = _time(null=True)
    ended_at: datetime | None = _time(null=True)
    relay: str | None = _text(null=True)
    relay_id: str | None = _text(null=True)
    reply: str | None = _text(null=True)
    # For ever as it was made: a live sender takes no rehearsal's letter, nor the reverse.
    rehearsal: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    # Of several that compete for a person's attention the highest goes first.
    priority: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    provider: str = _text(default="other")
    # When the person's quiet hours begin, as reckoned at the claim; None for never.
    open_until: datetime | None = _time(null=True)
    shown: str | None = _text(null=True)  # Of the person: `model/shown.py`.


class CampaignLinkRow(SQLModel, table=True):
    """A link of a campaign's letters that is counted, and where it leads."""

    __tablename__ = "campaign_link"  # pyright: ignore[reportAssignmentType]
    campaign_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    variant: str = _text()
    url: str = _text()


class LinkClicksRow(SQLModel, table=True):
    """How often a link was followed in one hour, by people and by machines: by nobody."""

    __tablename__ = "link_clicks"  # pyright: ignore[reportAssignmentType]
    campaign_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    hour_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    people: int = _number()
    machines: int = _number()


class AttemptRow(SQLModel, table=True):
    """An attempt that did not simply end as accepted: what was answered, and when."""

    __tablename__ = "attempt"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_attempt_delivery_id", "delivery_id"),)
    id: int | None = _id()
    delivery_id: int = _number()
    attempt: int = _number()
    at: datetime = _time()
    outcome: str = _text()
    stage: str = _text()
    code: int = _number()
    enhanced: str = _text()
    words: str = _text()
    relay: str = _text()


class OwnerRow(SQLModel, table=True):
    """A sender process. It lives exactly as long as it holds the lock of its number."""

    __tablename__ = "owner"  # pyright: ignore[reportAssignmentType]
    id: int | None = _id()
    host: str = _text()
    pid: int = _number()
    started_at: datetime = _time()
    ended_at: datetime | None = _time(null=True)


class RelayStateRow(SQLModel, table=True):
    """How one sender finds one relay, for people to look at; gone when the sender is."""

    __tablename__ = "relay_state"  # pyright: ignore[reportAssignmentType]
    owner_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    relay: str = Field(sa_column=Column(Text, primary_key=True))
    at: datetime = _time()
    seen: dict[str, Any] = Field(sa_column=Column(Values, nullable=False))


class ThrottleRow(SQLModel, table=True):
    """The throttle's memory, one row for each relay or campaign: kept over restarts."""

    __tablename__ = "throttle"  # pyright: ignore[reportAssignmentType]
    key: str = Field(sa_column=Column(Text, primary_key=True))
    full_at: datetime = _time()


class SentMinute(SQLModel, table=True):
    """How many letters a relay got in one minute, for hourly and daily limits."""

    __tablename__ = "sent_minute"  # pyright: ignore[reportAssignmentType]
    relay: str = Field(sa_column=Column(Text, primary_key=True))
    minute: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    letters: int = _number()


class ScheduleRow(SQLModel, table=True):
    """When a schedule fires next, and the last version of its file that parsed."""

    __tablename__ = "schedule"  # pyright: ignore[reportAssignmentType]
    name: str = Field(sa_column=Column(Text, primary_key=True))
    source_hash: str = _text()
    source: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )
    problem: str = _text()
    next_at: datetime | None = _time(null=True)
    next_occurrence: str | None = _text(null=True)
    changed_at: datetime = _time()


class FiringRow(SQLModel, table=True):
    """One occurrence of a schedule: fired, missed or skipped, once."""

    __tablename__ = "firing"  # pyright: ignore[reportAssignmentType]
    schedule: str = Field(sa_column=Column(Text, primary_key=True))
    occurrence: str = Field(sa_column=Column(Text, primary_key=True))
    due_at: datetime = _time()
    state: str = _text()
    campaign_id: int | None = _number(null=True)
    at: datetime = _time()
    reason: str = _text()


class AlarmRow(SQLModel, table=True):
    """Something that a person should know: what happened, what was done, what to do."""

    __tablename__ = "alarm"  # pyright: ignore[reportAssignmentType]
    id: int | None = _id()
    kind: str = _text()
    subject: str = _text()
    at: datetime = _time()
    happened: str = _text()
    todo: str = _text()
    acknowledged_at: datetime | None = _time(null=True)
    told_at: datetime | None = _time(null=True)


class MarkRow(SQLModel, table=True):
    """A number that must be remembered: how far a logbook is in here, which are used."""

    __tablename__ = "mark"  # pyright: ignore[reportAssignmentType]
    name: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = _number()


class UnnotedRow(SQLModel, table=True):
    """A no that is in force and that the logbook had no room for; no address is in it."""

    __tablename__ = "unnoted"  # pyright: ignore[reportAssignmentType]
    id: int | None = _id()
    facts: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Values, nullable=False)
    )


class IncomingRow(SQLModel, table=True):
    """A message that came, as it came; `sorted_at` says that what follows was done."""

    __tablename__ = "incoming"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_incoming_unsorted", "id",
              sqlite_where=text("sorted_at IS NULL"),
              postgresql_where=text("sorted_at IS NULL")),
        Index("ix_incoming_answers_id", "answers_id",
              sqlite_where=text("answers_id IS NOT NULL"),
              postgresql_where=text("answers_id IS NOT NULL")),
        Index("ix_incoming_holds_id", "holds_id",
              sqlite_where=text("holds_id IS NOT NULL"),
              postgresql_where=text("holds_id IS NOT NULL")),
    )  # fmt: skip
    id: int | None = _id()
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    channel: str = _text()
    received_at: datetime = _time()
    raw: bytes = _bytes()
    kind: str | None = _text(null=True)
    because: str | None = _text(null=True)
    sorted_at: datetime | None = _time(null=True)
    answers_id: int | None = _number(null=True)  # the letter of ours that it answers
    mailbox: str | None = _text(null=True)
    holds_id: int | None = _number(null=True)  # whose marketing it holds until decided
    decided_at: datetime | None = _time(null=True)


class VerdictRow(SQLModel, table=True):
    """What we did about a message that speaks of a letter of ours, or about a refusal."""

    __tablename__ = "verdict"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("incoming_id"),
        Index("ix_verdict_delivery_id", "delivery_id"),
        Index("ix_verdict_at", "at"),
    )
    id: int | None = _id()
    incoming_id: int | None = _number(null=True)  # None: refused while we spoke to it
    delivery_id: int = _number()
    notice: str = _text()
    reason: str = _text()
    hard: bool = False
    status: str = _text()
    said: str = _text()
    effect: str = _text()
    points: int = _number()
    words: str = _text()
    at: datetime = _time()
    undone_at: datetime | None = _time(null=True)


def table(model: type[SQLModel]) -> Table:
    """Return the Core table of a model, for statements on hot paths."""
    name: str = vars(model)["__tablename__"]
    return metadata.tables[name]
