"""Consent: one entry in the ledger, and the subscription that follows from them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """What an entry in the ledger says happened."""

    GRANTED = "granted"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    UNDONE = "undone"
    LIFTED = "lifted"
    ERASED = "erased"
    MOVED = "moved"


class How(StrEnum):
    """By which way it reached us."""

    FORM = "form"
    IMPORT = "import"
    API = "api"
    SUPPORT = "support"
    ONE_CLICK = "one_click"
    PAGE = "page"
    MAILTO = "mailto"
    COMMAND = "command"
    REPORT = "report"


class Basis(StrEnum):
    """What kind of permission a grant is."""

    EXPRESS = "express"
    DOUBLE_OPT_IN = "double_opt_in"
    SOFT_OPT_IN = "soft_opt_in"
    IMPLIED = "implied"


class EvidenceOf(StrEnum):
    """Whose evidence an imported consent rests on."""

    ROW = "row"
    BATCH = "batch"


class SubscriptionStatus(StrEnum):
    """Where a contact stands on a list."""

    PENDING = "pending"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why an address must not get mail."""

    UNSUBSCRIBED = "unsubscribed"
    OBJECTED = "objected"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    MANUAL = "manual"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be written into the ledger; number and MAC are given on writing.

    Args:
        who: The match form of the address (goes into the chain only as a salted digest).
        list_id: The list, or None for something that concerns all marketing.
        wording: The version of the list's words that were shown; 0 when none were.
        source: Where from, in words that hold no personal data ("stall at the trade fair").
        network_address: The person's IP address where the law wants it, else None.
        agent: The person's browser where the law wants it, else None.
        by: The staff member or key that recorded it, else None.
        evidence: For an import: whether the person's own row says something of it, or only
            what was declared about the whole file.
        consent_at: When the person agreed, by her row.
        confirmed_at: When she confirmed it, by her row.
        purchase_at: When she bought something, by her row.
    """

    contact_id: int
    who: str
    list_id: str | None
    wording: int
    act: Act
    at: datetime
    how: How
    basis: Basis | None = None
    source: str = ""
    batch_id: int | None = None
    expires_at: datetime | None = None
    network_address: str | None = None
    agent: str | None = None
    by: str | None = None
    evidence: EvidenceOf | None = None
    consent_at: datetime | None = None
    confirmed_at: datetime | None = None
    purchase_at: datetime | None = None
