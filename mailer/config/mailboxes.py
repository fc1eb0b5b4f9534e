"""The settings of mailboxes: addresses that people write to, and what is promised."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import Field, field_validator, model_validator

from mailer.config.mailsource import MailSource
from mailer.config.section import Seconds, setting
from mailer.errors import AddressError, WorkspaceError
from mailer.model.address import parse_address
from mailer.triage.mailboxes import Mailbox, Targets
from mailer.triage.officehours import read_hours
from mailer.workspace.lists import parse_sender

Texts = Annotated[tuple[str, ...], Field(strict=False)]


class MailboxSettings(MailSource):
    """One address that people write to: a table [mailboxes.NAME]."""

    address: str = setting(
        "",
        "The address, perhaps with a name: Fjell & Fjord <support@example.com>. Empty where"
        " only machines write, as to the mailbox of return paths.",
    )
    aliases: Texts = setting((), "Further addresses of the same mailbox.")
    language: str = setting("en", "The language of who wrote nothing about theirs: en, nb.")
    time_zone: str = setting("", "Where its hours hold; the workspace's zone if empty.")
    hours: Texts = setting(
        (), "When somebody is there, such as 'mon-fri 09:00-17:00' and 'sat 10:00-14:00'."
    )
    holidays: Texts = setting((), "Days off: 2026-12-24, or 12-25 for each year.")
    first_answer_h: Seconds = setting(
        8.0, "A person answers within so much working time.", "hours"
    )
    next_answer_h: Seconds = setting(
        8.0, "Who writes again has the next answer within so much working time.", "hours"
    )
    solution_h: Seconds = setting(
        40.0, "It is solved within so much working time.", "hours"
    )
    staff: Texts = setting((), "Who answers, by name.")
    read_by: str = setting("", "Or a sentence that says who reads it.")
    acknowledge: bool = setting(True, "People get an automatic first answer.")
    acknowledgement: str = setting(
        "received", "Its texts: templates/acknowledgements/<this>.txt, .nb.txt, .de.txt."
    )
    bounce_domain: str = setting(
        "", "The domain of the return paths of replies; its own address if empty."
    )
    must_name_us: bool = setting(
        True, "Acknowledge only what names one of our addresses in To or Cc."
    )
    signature: str = setting(
        "",
        "What stands below answers from the console, where who writes has no signature of"
        " their own.",
    )
    form: bool = setting(
        True,
        "People can also write to it on the page /contact/NAME, once it has hours and"
        " somebody who reads it.",
    )

    @field_validator("language")
    @classmethod
    def _is_a_language(cls, value: str) -> str:
        try:
            Locale.parse(value.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            raise ValueError("must be a language such as en, nb or de") from None
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value and value not in available_timezones():
            raise ValueError("must be a time zone such as Europe/Oslo")
        return value

    @field_validator("aliases")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(parse_address(one).wire.lower() for one in value)
        except AddressError as problem:
            raise ValueError(str(problem)) from None

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if not self.address and (self.imap_host or self.maildir):
            return self
        try:
            parse_sender(self.address, "address")
        except WorkspaceError as problem:
            raise ValueError(str(problem)) from None
        read_hours(self.hours, self.holidays, self.time_zone or "UTC")
        return self


def mailboxes_of(settings: Mapping[str, MailboxSettings], zone: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes that people write to, as triage knows them, in file order.

    Args:
        zone: That of mailboxes that name none.
    """
    return tuple(_mailbox(name, one, zone) for name, one in settings.items() if one.address)


def _mailbox(name: str, one: MailboxSettings, zone: str) -> Mailbox:
    sender_name, address = parse_sender(one.address, f"mailboxes.{name}.address")
    own_zone = one.time_zone or zone
    return Mailbox(
        name=name,
        address=address,
        sender_name=sender_name,
        aliases=frozenset(one.aliases),
        language=one.language,
        zone=own_zone,
        hours=read_hours(one.hours, one.holidays, own_zone),
        targets=Targets(
            timedelta(hours=one.first_answer_h),
            timedelta(hours=one.next_answer_h),
            timedelta(hours=one.solution_h),
        ),
        staff=one.staff,
        read_by=one.read_by,
        acknowledges=one.acknowledge,
        words=one.acknowledgement,
        bounce_domain=one.bounce_domain,
        must_name_us=one.must_name_us,
        signature=one.signature.strip(),
        form=one.form,
    )
