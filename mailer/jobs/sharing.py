"""Sharing by consent: what those who agreed to it are known by, given to a partner."""

from collections.abc import Generator
from datetime import datetime

from mailer.errors import RefusedError
from mailer.jobs.agreeing import agreeing, see_separate
from mailer.jobs.world import World
from mailer.model.contact import Contact
from mailer.model.partner import Partner
from mailer.store import ledger
from mailer.store.contacts import get_contacts, read_contacts
from mailer.store.sharings import begin_sharing, note_people


def count_agreeing(world: World, partner: Partner) -> int:
    """Count whose data the partner would be given now; nothing is written."""
    now, people = world.clock(), 0
    for page in read_contacts(world.database, partner.id):
        with world.database.read() as connection:
            found = agreeing(connection, partner, [one for one, _ in page], now)
        people += len(found)
    return people


def give(world: World, partner: Partner, by: str) -> Generator[list[Contact], None, None]:
    """Return whose data the partner gets, page by page, each when it is on record.

    Who withdrew before a page is not in it.

    Args:
        by: Who gives it.

    Raises:
        RefusedError: when nobody is named, or words were changed that people agreed to.
    """
    if not by.strip():
        raise RefusedError(
            f"{partner.title} would get people's data: say who gives it, with --by NAME"
        )
    now = world.clock()
    with world.database.write() as connection:
        see_separate(connection, partner, now)
        number = begin_sharing(connection, partner.name, by.strip(), now)
    return _pages(world, partner, number, now)


def _pages(
    world: World, partner: Partner, number: int, now: datetime
) -> Generator[list[Contact], None, None]:
    for page in read_contacts(world.database, partner.id):
        with world.database.write() as connection:
            # Nobody says no between the look and the record.
            ledger.lock(connection)
            known = get_contacts(connection, [one.id for one, _ in page])
            found = agreeing(connection, partner, [*known.values()], now)
            note_people(connection, number, [one.id for one in found])
        yield found
