"""A person we know, as letters and segments see them."""

from typing import NamedTuple


class Person(NamedTuple):
    """What is known about one person at this moment.

    Args:
        contact_id: None for somebody who is no contact, such as a test letter's reader.
        address: As given, its domain as A-label.
        attributes: Declared names to JSON values; dates are texts `YYYY-MM-DD`.
        language: A language tag (RFC 5646), or None.
        time_zone: The IANA name of a zone; None or an unknown name count as the fallback.
        plain: Letters to them are text alone, as they chose.
    """

    contact_id: int | None
    address: str
    attributes: dict[str, object]
    language: str | None = None
    time_zone: str | None = None
    plain: bool = False
