"""The settings of asking DNS."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mailer.config.section import Seconds, Section, setting


class DnsSettings(Section):
    """Who is asked by `mailer check --dns` and `mailer dkim check`."""

    servers: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (), "Name servers such as 192.0.2.53 or 127.0.0.1:5353; the system's when empty."
    )
    timeout_s: Seconds = setting(5.0, "One question may take so long.", "seconds")

    @field_validator("servers")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                place = urlsplit(f"//{one}" if one.count(":") < 2 or "[" in one else "")  # noqa: PLR2004 - a host and its port
                ip_address(place.hostname or one)
                _ = place.port
            except ValueError:
                raise ValueError(
                    "must be addresses such as 192.0.2.53, 127.0.0.1:5353 or [::1]:5353"
                ) from None
        return value
