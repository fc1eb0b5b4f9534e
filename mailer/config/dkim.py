"""The settings of signing: a table [dkim."DOMAIN"] for each sending domain."""

import re
from collections.abc import Iterable
from typing import Self

from pydantic import field_validator, model_validator

from mailer.config.section import Section, setting
from mailer.errors import AddressError
from mailer.model.address import parse_domain

SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""One label of a domain (RFC 6376 §3.1)."""


class Dkim(Section):
    """How letters from one domain, and from those below it, are signed."""

    selector: str = setting(
        "", "The key in use: that of dkim/DOMAIN/SELECTOR.pem beside `keys_file`."
    )

    @field_validator("selector")
    @classmethod
    def _is_a_label(cls, value: str) -> str:
        if value and not SELECTOR.fullmatch(value):
            raise ValueError("must be small letters, digits and -, 63 at most")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.selector:
            raise ValueError("needs a selector: `mailer dkim new DOMAIN` makes a key")
        return self


def sending_domain(text: str) -> str:
    """Return a domain as an A-label in lower case.

    Raises:
        ValueError: when it is none.
    """
    try:
        return parse_domain(text)
    except AddressError as problem:
        raise ValueError(f"{text[:60]!r} is no domain: {problem}") from None


def refuse_domains(section: str, tables: Iterable[str]) -> None:
    """Refuse names of a section's tables that are no domains as letters have them.

    Raises:
        ValueError: says how it is written.
    """
    for name in tables:
        domain = sending_domain(name)
        if domain != name:
            raise ValueError(f'has {name!r}: write it as [{section}."{domain}"]')
