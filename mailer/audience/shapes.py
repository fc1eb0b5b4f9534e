"""What the columns of other services' export files are; by their names as compared.

`mailer.audience.services` reads files by these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """A service whose export files can be read."""

    MAILCHIMP = "mailchimp"
    KLAVIYO = "klaviyo"
    BREVO = "brevo"
    LISTMONK = "listmonk"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Shape:
    """What the files of one service look like; columns by their names as compared.

    Args:
        known: What a column is: one of ours, or the first of these that is declared.
        left_out: Columns that say nothing about the person, or were guessed by tracking.
        status: Columns that say where somebody stands, and what is said in them.
        since: Columns that say since when somebody says no.
        why: Columns that say why; they decide between unsubscribed, bounced, complained.
    """

    known: Mapping[str, tuple[str, ...]]
    left_out: frozenset[str]
    status: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    day_first: bool = False
    needs_status: bool = False


_FIRST, _LAST = ("first_name", "name"), ("last_name",)
SHAPES = {
    Service.MAILCHIMP: Shape(
        {
            "email_address": ("email",), "first_name": _FIRST, "last_name": _LAST,
            "optin_time": ("consent_at",), "optin_ip": ("consent_ip",),
            "confirm_time": ("confirmed_at",), "timezone": ("time_zone",),
        },
        _words(
            "member_rating confirm_ip latitude longitude gmtoff dstoff cc region"
            " last_changed leid euid notes unsub_time unsub_campaign_title"
            " unsub_campaign_id unsub_reason unsub_reason_other clean_time"
            " clean_campaign_title clean_campaign_id"
        ),
        since=("unsub_time", "clean_time"),
        why=("unsub_reason",),
    ),
    Service.KLAVIYO: Shape(
        {
            "first_name": _FIRST, "last_name": _LAST, "timezone": ("time_zone",),
            "email_marketing_consent_timestamp": ("consent_at",),
        },
        _words(
            "klaviyo_id id external_id latitude longitude profile_created_on date_added"
            " created updated last_active last_open last_click last_event_date"
            " email_marketing_consent email_marketing_consent_method email_suppressions"
            " sms_marketing_consent sms_marketing_consent_timestamp sms_suppressions"
            " initial_source source initial_referrer initial_referring_domain"
            " reason timestamp date"
        ),
        status=("email_marketing_consent",),
        since=("email_marketing_consent_timestamp", "timestamp", "date"),
        why=("email_suppressions", "reason"),
        needs_status=True,
    ),
    Service.BREVO: Shape(
        {"firstname": _FIRST, "lastname": _LAST},
        _words(
            "contact_id id added_time modified_time createdat modifiedat _listids list_ids"
            " email_marketing email_subscription_status subscription_status"
            " email_blacklisted emailblacklisted blocklisted smsblacklisted"
            " sms_subscription_status sms_marketing reason blocklist_reason date"
            " blocked_at"
        ),
        status=(
            "email_marketing", "email_subscription_status", "subscription_status",
            "email_blacklisted", "emailblacklisted", "blocklisted",
        ),
        since=("blocked_at", "date"),
        why=("blocklist_reason", "reason"),
        day_first=True,
    ),
    Service.LISTMONK: Shape(
        {}, _words("uuid status created_at updated_at"), status=("status",)
    ),
}  # fmt: skip
