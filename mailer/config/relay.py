"""The settings of relays: one under [relay], or several as [relays.NAME]."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from mailer.config.section import Count, Limit, Port, Seconds, Section, Share, setting
from mailer.errors import AddressError
from mailer.model.address import parse_address, parse_domain
from mailer.model.kind import Lane
from mailer.pace.routing import Route, not_taken

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

LaneName = Literal["answers", "transactions", "journeys", "campaigns"]


class Relay(Section):
    """The mail server that letters are handed to."""

    name: str = setting("main", "What it is called in reports.")
    preset: str = setting(
        "",
        "A well-known service, such as amazon-ses: its host, port, TLS and limits are then"
        " what is not said here. `mailer relay presets` lists them.",
    )
    weight: Annotated[int, Field(ge=0, le=1000)] = setting(
        1, "Of several relays: its share; 0 for a spare, used when no other can be."
    )
    domains: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "Of several relays: the sender's domains whose letters it takes, and no others;"
        " empty for those that no relay names.",
    )
    lanes: Annotated[tuple[LaneName, ...], Field(strict=False)] = setting(
        (),
        "Of several relays: takes only answers, transactions, journeys or campaigns, and"
        " these before relays that name none; all when empty.",
    )
    host: str = setting("localhost", "Its host name or address.")
    port: Port = setting(587, "587 for STARTTLS, 465 for implicit TLS, 25 without a login.")
    username: str = setting("", "The login; none when empty.")
    password_env: str = setting(
        "", "The environment variable that holds the password. It is never written here."
    )
    password_file: str = setting(
        "", "The file that holds the password, relative to this folder. Keep it out of git."
    )
    tls: Literal["required", "opportunistic", "implicit", "none"] = setting(
        "required",
        "required: STARTTLS with a valid certificate, or no letter leaves; implicit: TLS"
        " from the first byte; opportunistic: STARTTLS if offered, certificate unchecked.",
    )
    report_senders: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "The addresses that its reports come from, such as"
        " MAILER-DAEMON@amazonses.com: where DKIM proves one, a report may name a letter by"
        " the relay's own id. Never an address that others can write from.",
    )
    helo_name: str = setting("", "The name that we greet with; this machine's when empty.")
    leaves_from: str = setting(
        "",
        "The host that its letters leave from, where that is not `host` (it is on this"
        " machine, say): `mailer check --dns` looks at its names.",
    )
    certificate_file: str = setting(
        "",
        "A PEM file with the authority that signed its certificate, relative to this"
        " folder; the system's authorities when empty.",
    )
    connections: Annotated[int, Field(ge=1, le=1000)] = setting(
        4, "Connections that one sender keeps open side by side."
    )
    letters_per_connection: Count = setting(
        100, "After so many letters a connection is opened anew."
    )
    idle_s: Seconds = setting(
        30.0, "A connection without work is closed after this.", "seconds"
    )
    per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = setting(
        0.0, "Letters in a second at most, over all senders; 0 for no limit."
    )
    per_minute: Limit = setting(
        0, "Letters in a minute at most, evenly spread; 0 for no limit."
    )
    per_hour: Limit = setting(0, "Letters in an hour at most; 0 for no limit.")
    per_day: Limit = setting(0, "Letters in 24 hours at most; 0 for no limit.")
    reserved: Share = setting(
        0.1,
        "This share of an hour's and a day's letters no campaign takes: confirmations,"
        " answers and what your shop sends need not wait for the next day.",
    )
    pause_s: Seconds = setting(
        1.0,
        "The relay is left alone for this after trouble (421, no line); doubled each time.",
        "seconds",
    )
    pause_at_most_s: Seconds = setting(60.0, "The longest such pause.", "seconds")
    timeout_connect_s: Seconds = setting(
        60.0, "Opening a connection, greeting, TLS and login.", "seconds"
    )
    timeout_envelope_s: Seconds = setting(
        300.0, "The answer to MAIL and RCPT, RFC 5321 §4.5.3.2.", "seconds"
    )
    timeout_data_s: Seconds = setting(
        120.0, "The answer to DATA, RFC 5321 §4.5.3.2.", "seconds"
    )
    timeout_content_s: Seconds = setting(
        600.0,
        "The answer to the letter itself. Shorter ones leave more letters in doubt,"
        " RFC 5321 §4.5.3.2.",
        "seconds",
    )

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_env and self.password_file:
            raise ValueError("set password_env or password_file, not both")
        return self

    @field_validator("domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(parse_domain(one) for one in value)
        except AddressError as problem:
            raise ValueError(f"must be domains such as example.org: {problem}") from None

    @field_validator("report_senders")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(parse_address(one).wire.lower() for one in value)
        except AddressError as problem:
            raise ValueError(f"must be addresses: {problem}") from None

    @property
    def route(self) -> Route:
        """Which letters it takes."""
        lanes = frozenset(Lane[name.upper()] for name in self.lanes)
        return Route(self.weight, self.domains, lanes)


def lines_to_relays(one: Relay, several: Mapping[str, Relay]) -> dict[str, Relay]:
    """Return all relays by where they stand in the file.

    Args:
        one: What stands under [relay], used when there are no others.
    """
    if not several:
        return {"relay": one}
    return {
        f"relays.{name}": relay.model_copy(update={"name": name})
        for name, relay in several.items()
    }


def refuse_relays(several: Mapping[str, Relay], *, other: bool) -> None:
    """Refuse relays that cannot work together.

    Args:
        other: Something stands under [relay] too.

    Raises:
        ValueError: says what is wrong and what to do.
    """
    if other:
        raise ValueError(
            "and [relay] are two ways to say it: give that one a name too, as in"
            " [relays.main], and take [relay] away"
        )
    for name, relay in several.items():
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"has {name!r}: a name is of small letters, digits, - and _, 40 at most"
            )
        if relay.name not in {"main", name}:
            raise ValueError(f"has {name!r} with another `name`: take that away")
    for domain, lane in not_taken([relay.route for relay in several.values()]):
        whose = f"from {domain}" if domain else "from domains that none names"
        raise ValueError(
            f"take no letters of the lane {lane.name.lower()} {whose}: leave `domains` or"
            " `lanes` of one empty"
        )
