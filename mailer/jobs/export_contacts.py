"""Exporting contacts: all of them, or those whom a list may write to now."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from mailer.audience.header import HOW_OFTEN
from mailer.errors import NotFoundError
from mailer.model.attributes import AttributeSpec, read
from mailer.model.contact import Contact
from mailer.model.frequency import Frequency
from mailer.model.kind import Kind
from mailer.model.subscription import Subscription
from mailer.model.suppression import scopes_against
from mailer.store.contacts import read_contacts
from mailer.store.database import Database
from mailer.store.frequencies import frequencies
from mailer.store.lists import find_list
from mailer.store.suppressions import in_force
from mailer.workspace.csvout import csv_lines


@dataclass(frozen=True, slots=True)
class Exported:
    """One contact of an export; the subscription is that to the list, if one was named.

    Args:
        frequency: How often she wants letters; None when she chose nothing.
    """

    contact: Contact
    subscription: Subscription | None
    frequency: Frequency | None = None


def export_contacts(
    database: Database, list_id: str | None, now: datetime
) -> Generator[Exported, None, None]:
    """Go through all contacts, or through those whom a list may write to now.

    Raises:
        NotFoundError: when there is no such list.
    """
    if list_id is not None:
        # Found out at once, and not when a header is printed already.
        with database.read() as connection:
            if find_list(connection, list_id) is None:
                raise NotFoundError(f"nobody was ever on the list {list_id!r}")
    return _exported(database, list_id, now)


def _exported(
    database: Database, list_id: str | None, now: datetime
) -> Generator[Exported, None, None]:
    for page in read_contacts(database, list_id):
        if list_id is None:
            with database.read() as connection:
                chosen = frequencies(connection, [contact.id for contact, _ in page])
            yield from (
                Exported(contact, None, chosen.get(contact.id)) for contact, _ in page
            )
            continue
        stands = [
            (contact, one) for contact, one in page if one is not None and one.stands(now)
        ]
        with database.read() as connection:
            stopped = in_force(
                connection,
                [contact.hash for contact, _ in stands],
                scopes_against(Kind.MARKETING, list_id),
                now,
            )
            chosen = frequencies(connection, [contact.id for contact, _ in stands])
        for contact, one in stands:
            if contact.hash not in stopped:
                yield Exported(contact, one, chosen.get(contact.id))


def as_csv(people: Iterable[Exported], specs: Mapping[str, AttributeSpec]) -> Iterator[str]:
    """Write contacts as lines of CSV that can be imported again; no cell is a formula.

    What a person herself chose is there to be read, and an import leaves it out.
    """
    own = [] if HOW_OFTEN in specs else [HOW_OFTEN]
    header = ["email", "language", "time_zone", *specs, *own]
    rows = (
        [
            *_fixed(one.contact),
            *_cells(one.contact, specs),
            *[one.frequency or "" for _ in own],
        ]
        for one in people
    )
    yield from csv_lines([header])
    yield from csv_lines(rows)


def partners_lines(
    pages: Iterable[Iterable[Contact]], specs: Mapping[str, AttributeSpec]
) -> Iterator[str]:
    """Write whose data a partner gets as lines of CSV: the address, and what it gets."""
    yield from csv_lines([["email", *specs]])
    for page in pages:
        yield from csv_lines([one.address, *_cells(one, specs)] for one in page)


def partners_view(
    contact: Contact, specs: Mapping[str, AttributeSpec]
) -> dict[str, object]:
    """Return what a partner gets of one person, as JSON values."""
    values = {
        name: read(spec.type, contact.attributes.get(name)) for name, spec in specs.items()
    }
    return {"email": contact.address, **values}


def _fixed(contact: Contact) -> list[str]:
    return [contact.address, contact.language or "", contact.time_zone or ""]


def _cells(contact: Contact, specs: Mapping[str, AttributeSpec]) -> list[str]:
    return [
        cell(read(spec.type, contact.attributes.get(name))) for name, spec in specs.items()
    ]


def cell(value: object) -> str:
    """Write a value so that an import, or a form, reads it again."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            # Never 1e-07, which no number of an import is.
            return f"{Decimal(repr(value)):f}"
        case list():
            texts = list(map(str, cast("list[object]", value)))
            # A single one that holds a comma would be read as two.
            joined = ";".join(texts)
            return f"{joined};" if len(texts) == 1 and "," in joined else joined
        case _:
            return str(value)
