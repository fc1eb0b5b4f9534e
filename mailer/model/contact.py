"""A contact: a person we know, as she is on record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailer.model.person import Person


@dataclass(frozen=True, slots=True)
class Details:
    """What is known about a contact beside the address.

    Args:
        attributes: Declared names to JSON values.
        language: A language tag (RFC 5646), or None.
        time_zone: The IANA name of a zone, or None.
    """

    attributes: dict[str, object]
    language: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as on record.

    Args:
        match: The match form of the address: nobody else has it.
        hash: The keyed hash of the match form, which suppressions are kept under.
        address: As given, its domain as A-label.
        attributes: Declared names to JSON values.
        own: When the person herself set what, by name (`language` and `time_zone` too).
    """

    id: int
    match: str
    hash: bytes
    address: str
    attributes: dict[str, object]
    language: str | None
    time_zone: str | None
    created_at: datetime
    updated_at: datetime
    own: Mapping[str, datetime] = field(default_factory=dict[str, datetime])

    @property
    def details(self) -> Details:
        """What is known beside the address."""
        return Details(self.attributes, self.language, self.time_zone)

    @property
    def person(self) -> Person:
        """The contact as letters and segments see her."""
        return Person(self.id, self.address, self.attributes, self.language, self.time_zone)
