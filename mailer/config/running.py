"""Settings around the program's own running: whom it tells what went wrong."""

import re
import shlex
from typing import Self
from urllib.parse import urlsplit

from pydantic import field_validator, model_validator

from mailer.config.section import Limit, MailAddress, Seconds, Section, setting

_SHORTEST_DAYS = 30
"""A bounce or a complaint may come late, and retries and caps look back."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Retention(Section):
    """How long the details of letters are kept."""

    deliveries_days: Limit = setting(
        0,
        "So long after a campaign's end it is known who got which letter, and what was"
        " answered; 0 for ever. Its sums stay, and so does every consent. Afterwards"
        " received('…') does not know of it any more.",
        "days",
    )

    tickets_days: Limit = setting(
        0,
        "So long after it was closed a conversation with support is kept, with its messages"
        " as they came; 0 for ever.",
        "days",
    )

    letter_values_days: Limit = setting(
        365,
        "So long it is kept with each letter what it showed of its person, so that support"
        " sees the very letter that somebody speaks of; 0 for as long as the letter is"
        " known.",
        "days",
    )

    evidence_days: Limit = setting(
        0,
        "So long the network address and the browser of a consent are kept as evidence of"
        " it; 0 for as long as the person is on record. The consent itself stays, and the"
        " ledger verifies without them.",
        "days",
    )

    audit_days: Limit = setting(
        365,
        "So long it is kept who of the staff did what, and from which network; 0 for ever.",
        "days",
    )

    @field_validator("deliveries_days")
    @classmethod
    def _is_long_enough(cls, value: int) -> int:
        if 0 < value < _SHORTEST_DAYS:
            raise ValueError(f"must be 0, or at least {_SHORTEST_DAYS}")
        return value


class Console(Section):
    """How long the staff stays signed in at /console."""

    idle_min: Seconds = setting(
        120.0, "Who does nothing for so long must sign in again.", "minutes"
    )
    session_h: Seconds = setting(
        12.0, "And everybody after so long, whatever they do.", "hours"
    )


class Privacy(Section):
    """What the page at /privacy says besides what these settings and the lists say."""

    contact: MailAddress = setting(
        "",
        "Where questions about people's data go, such as privacy@example.com; the sender's"
        " address if empty.",
    )
    statement_url: str = setting(
        "",
        "A page of yours about everything else that you do with people's data; the page"
        " here links to it.",
    )

    @field_validator("statement_url")
    @classmethod
    def _is_a_page(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "https" or not parts.hostname):
            raise ValueError("must be a web address such as https://example.com/privacy")
        return value


class Ledger(Section):
    """The record of who agreed to what, and who else can vouch for it."""

    anchor_to: MailAddress = setting(
        "",
        "Who gets the ledger's head by letter once a day, such as a notary or a mailbox"
        " elsewhere, and can tell later that nothing was changed; nobody if empty.",
    )


class Alarms(Section):
    """Who is told what went wrong while nobody looked."""

    address: MailAddress = setting("", "Who gets a letter about alarms; nobody if empty.")
    webhook: str = setting(
        "",
        "A web address that gets each as JSON by POST, such as a chat's; it may be secret:"
        " MAILER_ALARMS__WEBHOOK in the environment says it too.",
    )
    command: str = setting(
        "",
        "A command that gets each as JSON on its standard input, such as"
        " '/usr/local/bin/page-me --urgent'. No shell runs it.",
    )
    timeout_s: Seconds = setting(20.0, "Webhook and command may take so long.", "seconds")
    every_s: Seconds = setting(
        3600.0,
        "One kind of alarm is told at most so often; what comes meanwhile goes along.",
        "seconds",
    )
    summary_at: str = setting(
        "", "A daily summary at this time, such as 08:00 in time_zone; none if empty."
    )
    disk_free_mb: Limit = setting(
        500,
        "Below this an alarm says that the disk of the database is filling; 0 for never.",
        "megabytes",
    )

    @field_validator("webhook")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must be a web address such as https://chat.example.com/hook")
        return value

    @field_validator("command")
    @classmethod
    def _is_a_command(cls, value: str) -> str:
        try:
            shlex.split(value)
        except ValueError as problem:
            raise ValueError(f"cannot be read as a command: {problem}") from None
        return value

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if self.summary_at and not _TIME.fullmatch(self.summary_at):
            raise ValueError("summary_at must be a time of day such as 08:00")
        return self

    @property
    def told(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self.address or self.webhook or self.command)
