"""Every setting, once: its type, default, unit and description.

`config.example.toml` and `mailer config show` are made from these fields. Jobs never see
them: `wiring` hands them plain values.
"""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, ValidationInfo, field_validator

from mailer.config.dkim import Dkim, refuse_domains
from mailer.config.dns import DnsSettings
from mailer.config.hooks import Hooks
from mailer.config.inbox import Inbox
from mailer.config.mailboxes import MailboxSettings
from mailer.config.quiet import QuietHours
from mailer.config.relay import Relay, lines_to_relays, refuse_relays
from mailer.config.running import Alarms, Console, Ledger, Privacy, Retention
from mailer.config.section import Count, Limit, Seconds, Section, Share, setting
from mailer.config.site import SignUp, Site
from mailer.config.warmup import WarmUp
from mailer.config.webhooks import Webhook
from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.pace.canary import CanaryRule

_EXAMPLES = (".example.com", ".example")
_STILL_THE_EXAMPLES = (
    "site.public_url is still the example's: unsubscribe links would lead nowhere"
)


class Rehearsal(Section):
    """Where letters go while the mode is rehearsal."""

    to: str = setting(
        "",
        "The one address that gets them all, by the relay; files in a folder when empty.",
    )
    folder: str = setting("outbox", "The folder for them, relative to this one.")

    @field_validator("to")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            return parse_address(value).wire if value else ""
        except AddressError as problem:
            raise ValueError(f"must be an email address: {problem}") from None


class Sending(Section):
    """How deliveries are claimed, tried again and given up."""

    senders: Annotated[int, Field(ge=1, le=64)] = setting(
        1,
        "Senders that `mailer serve` runs, in processes of their own from 2 on; they share"
        " the relay's connections. Worth it on PostgreSQL, with a processor for each.",
    )
    batch: Annotated[int, Field(ge=1, le=10_000)] = setting(
        400, "Deliveries that a sender claims at a time, at most."
    )
    lease_s: Annotated[float, Field(ge=1, allow_inf_nan=False)] = setting(
        300.0, "A hung sender loses its claims after this; a working one renews.", "seconds"
    )
    poll_s: Seconds = setting(0.5, "How soon to look again when nothing is due.", "seconds")
    keep_every_s: Seconds = setting(
        5.0, "How often leases are renewed and dead senders looked for.", "seconds"
    )
    retry_plan_s: Annotated[tuple[Seconds, ...], Field(strict=False, min_length=1)] = (
        setting(
            (300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0),
            "How long to wait after the first, second … 4xx; the last one repeats.",
            "seconds",
        )
    )
    jitter: Share = setting(0.2, "Each wait is longer or shorter by up to this share.")
    give_up_after_h: Seconds = setting(
        24.0, "How long marketing is tried; other kinds have their own times.", "hours"
    )
    drain_s: Seconds = setting(
        30.0,
        "How long letters on the line may take to end when the program is stopped.",
        "seconds",
    )


class Campaigns(Section):
    """Guards around campaigns."""

    again_within_days: Limit = setting(
        7,
        "Sending the same template to the same list within this asks for --again.",
        "days",
    )
    withheld_share: Share = setting(
        0.01, "A campaign pauses when more than this share of it cannot be composed."
    )
    engaged_first: bool = setting(
        True,
        "Of letters that become due together they leave first whose people did something"
        " last: joined, clicked, ordered, wrote. So providers hear of a campaign from those"
        " who want it. A campaign that is spread over a time keeps its order by lot.",
    )
    canary_letters: Limit = setting(
        200,
        "So many letters of a campaign leave first, over all providers, and the rest after"
        " a look at what came back; 0 for none. Campaigns of less than five times as many"
        " have none.",
    )
    canary_share: Share = setting(0.01, "… or this share of it, where that is more.")
    canary_wait_s: Seconds = setting(
        600.0, "How long refusals and complaints about them are waited for.", "seconds"
    )

    def canary(self) -> CanaryRule:
        """Return which letters leave before the rest."""
        wait = timedelta(seconds=self.canary_wait_s)
        return CanaryRule(self.canary_letters, self.canary_share, wait)


class Schedules(Section):
    """When schedules are looked at."""

    grace_s: Seconds = setting(
        3600.0,
        "A firing missed by more than this is recorded and alarmed, not sent late.",
        "seconds",
    )
    tick_s: Seconds = setting(5.0, "How often the schedules are looked at.", "seconds")


class Cap(Section):
    """How many letters a person may get across campaigns, if she chose nothing herself."""

    letters: Limit = setting(0, "Marketing letters for one person at most; 0 for no limit.")
    days: Count = setting(7, "… within this many days.", "days")


class Templates(Section):
    """Limits on templates: counted, not timed, so that no letter depends on the load."""

    max_steps: Count = setting(10_000, "Turns of all loops of one letter together.")
    max_output_bytes: Count = setting(
        1_000_000, "The size of one part of a letter.", "bytes"
    )


class Attribute(Section):
    """Something that is known about a contact: `[attributes.city]` declares `city`."""

    type: Literal["text", "number", "boolean", "date", "texts"] = setting(
        "text", "What its values are; texts is a list of text."
    )
    default: Any = setting(
        None, "What a contact without a value has; nothing when not given."
    )

    def spec(self, name: str) -> AttributeSpec:
        """Return it as segments, imports and templates know it.

        Raises:
            ValueError: when the name cannot be one, or the default has another type.
        """
        default = self.default
        if isinstance(default, date):
            default = default.isoformat()
        return AttributeSpec(name, AttributeType(self.type), default)


class Settings(Section):
    """All of `config.toml`."""

    mode: Literal["rehearsal", "live"] | None = setting(
        None,
        "rehearsal: everything runs, but no letter goes to the person it is for; live: they"
        " do. Set it to live when `mailer check` finds nothing. Without it none leaves.",
    )
    database: str = setting(
        "sqlite:///mailer.db",
        "Where the state is: sqlite:///FILE, relative to this folder,"
        " or postgresql://USER@HOST/NAME (its password from PGPASSWORD or ~/.pgpass).",
    )
    keys_file: str = setting(
        "keys.toml",
        "The file with the keys, relative to this folder. Keep a copy apart from the"
        " database, and keep it out of git.",
    )
    logbook: str = setting(
        "logbook",
        "The folder with what must outlast the database (every no, as a keyed hash, and"
        " what campaigns were started with), relative to this folder. Put it on another"
        " disk than the database if you have one.",
    )
    time_zone: str = setting(
        "UTC", "The zone of contacts who have none of their own, such as Europe/Oslo."
    )
    site: Site = Site()
    relay: Relay = Relay()
    relays: dict[str, Relay] = Field(
        default_factory=dict[str, Relay],
        description="Several relays instead of one, each in a table of its own.",
    )
    dkim: dict[str, Dkim] = Field(
        default_factory=dict[str, Dkim],
        description="The keys that letters are signed with, a table for each domain.",
    )
    warm_up: dict[str, WarmUp] = Field(
        default_factory=dict[str, WarmUp],
        description="How new sending domains are warmed up, a table for each.",
    )
    dns: DnsSettings = DnsSettings()
    rehearsal: Rehearsal = Rehearsal()
    sending: Sending = Sending()
    campaigns: Campaigns = Campaigns()
    schedules: Schedules = Schedules()
    cap: Cap = Cap()
    quiet_hours: QuietHours = QuietHours()
    alarms: Alarms = Alarms()
    ledger: Ledger = Ledger()
    retention: Retention = Retention()
    console: Console = Console()
    privacy: Privacy = Privacy()
    sign_up: SignUp = SignUp()
    inbox: Inbox = Inbox()
    hooks: Hooks = Hooks()
    mailboxes: dict[str, MailboxSettings] = Field(
        default_factory=dict[str, MailboxSettings],
        description="The addresses that people write to, each in a table of its own.",
    )
    templates: Templates = Templates()
    webhooks: dict[str, Webhook] = Field(
        default_factory=dict[str, Webhook],
        description="Who is told what happens to people, each in a table of its own.",
    )
    attributes: dict[str, Attribute] = Field(
        default_factory=dict[str, Attribute],
        description="What is known about contacts, each in a table of its own.",
    )

    def warnings(self) -> tuple[str, ...]:
        """Say what must change before letters go to real people."""
        found = urlsplit(self.site.public_url)
        host = found.hostname or ""
        if host.endswith(_EXAMPLES):
            return (_STILL_THE_EXAMPLES,)
        if found.scheme != "https" and host not in {"localhost", "127.0.0.1", "::1"}:
            words = "must be https: one-click unsubscribing needs it, RFC 8058 §3.1"
            return (f"site.public_url {words}",)
        return ()

    def broken(self) -> tuple[str, ...]:
        """Say what is so plainly wrong that no letter may go to people with it."""
        found: list[str] = []
        if (urlsplit(self.site.public_url).hostname or "").endswith(_EXAMPLES):
            found.append(_STILL_THE_EXAMPLES)
        for where, relay in self.all_relays().items():
            if not relay.host.strip():
                found.append(f"{where}.host is empty: there is nobody to hand letters to")
        return tuple(found)

    def all_relays(self) -> dict[str, Relay]:
        """Return the relays by where they stand in the file, such as `relays.backup`."""
        return lines_to_relays(self.relay, self.relays)

    @field_validator("relays")
    @classmethod
    def _are_relays(cls, value: dict[str, Relay], info: ValidationInfo) -> dict[str, Relay]:
        if value:
            refuse_relays(value, other=info.data.get("relay", Relay()) != Relay())
        return value

    @field_validator("dkim")
    @classmethod
    def _are_domains(cls, value: dict[str, Dkim]) -> dict[str, Dkim]:
        refuse_domains("dkim", value)
        return value

    @field_validator("warm_up")
    @classmethod
    def _are_sending(cls, value: dict[str, WarmUp]) -> dict[str, WarmUp]:
        refuse_domains("warm_up", value)
        return value

    @field_validator("database")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        if not re.fullmatch(r"sqlite:///[^?]+|postgresql://\S+", value):
            raise ValueError("must be sqlite:///FILE or postgresql://USER@HOST/NAME")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be a time zone such as Europe/Oslo")
        return value

    @field_validator("attributes")
    @classmethod
    def _are_attributes(cls, value: dict[str, Attribute]) -> dict[str, Attribute]:
        for name, attribute in value.items():
            attribute.spec(name)
        return value

    def specs(self) -> dict[str, AttributeSpec]:
        """Return the declared attributes by name."""
        return {name: attribute.spec(name) for name, attribute in self.attributes.items()}
