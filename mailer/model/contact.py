"""A contact: a person we know, as she is on record."""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.person import Person


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as on record.

    Args:
        match: The match form of the address: nobody else has it.
        hash: The keyed hash of the match form, which suppressions are kept under.
        address: As given, its domain as A-label.
        attributes: Declared names to JSON values.
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

    @property
    def person(self) -> Person:
        """The contact as letters and segments see her."""
        return Person(self.id, self.address, self.attributes, self.language, self.time_zone)
