"""The settings of the pages that customers meet."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from mailer.compose import links
from mailer.config.section import Count, Network, Port, Seconds, Section, setting
from mailer.errors import ConfigError
from mailer.model.signup import SignUpRules


class Site(Section):
    """The pages that customers meet: unsubscribing, preferences."""

    public_url: str = setting(
        "https://mail.example.com",
        "Where customers reach these pages; every unsubscribe link begins with it."
        " One-click needs https.",
    )
    sender: str = setting(
        "",
        "Who letters that belong to no list are from: Fjell & Fjord <hello@example.com>.",
    )
    listen_host: str = setting("127.0.0.1", "The address that the web server listens on.")
    listen_port: Port = setting(8025, "The port that the web server listens on.")
    trusted_proxies: Annotated[tuple[Network, ...], Field(strict=False)] = setting(
        ("127.0.0.1/32", "::1/128"),
        "Whose X-Forwarded-For is believed: the proxies before this server. Sign-ups are"
        " counted by network, and kept with the address they came from.",
    )
    metrics: bool = setting(True, "Answer /metrics for Prometheus.")

    @field_validator("public_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        try:
            return links.Site(value).public_url
        except ConfigError:
            raise ValueError(
                "must be a web address such as https://mail.example.com, a domain with"
                " other letters as xn--…"
            ) from None


class SignUp(Section):
    """Joining a list on its page; a list has one when its file has [sign_up]."""

    confirm_within_h: Seconds = setting(
        72.0, "How long the link in the confirmation letter works.", "hours"
    )
    kept_for_days: Count = setting(
        30, "A sign-up that nobody confirmed is erased after this.", "days"
    )
    letters_a_day: Count = setting(
        3, "Confirmation letters to one address in 24 hours at most; one for each list."
    )
    from_network_an_hour: Count = setting(
        20, "Sign-ups from one network (an IPv4 /24, an IPv6 /56) in an hour at most."
    )
    an_hour: Count = setting(1000, "Sign-ups in an hour at most, from everywhere.")

    def rules(self) -> SignUpRules:
        """Return them as the jobs know them."""
        return SignUpRules(
            confirm_within=timedelta(hours=self.confirm_within_h),
            kept_for=timedelta(days=self.kept_for_days),
            letters_a_day=self.letters_a_day,
            from_network_an_hour=self.from_network_an_hour,
            an_hour=self.an_hour,
        )
