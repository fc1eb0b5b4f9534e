"""Test letters: a template as it would arrive, sent to one address that asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.compose.template import TemplateSource
from mailer.errors import NotFoundError
from mailer.jobs.frozen import Frozen, keep_enclosures, put_down
from mailer.jobs.world import World
from mailer.model.address import parse_address
from mailer.model.consent import SubscriptionStatus
from mailer.model.contact import Contact
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList
from mailer.store.contacts import find_contact
from mailer.store.contents import Recipient, queue_test_letter
from mailer.store.database import Database
from mailer.store.deliveries import DeliveryView
from mailer.store.history import delivery_by_id
from mailer.store.lists import see_list
from mailer.store.subscriptions import of_contacts


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test letter is made of.

    Args:
        mailing_list: The list whose sender and words it shows.
        contact: Whose values it shows; None for the template's sample.
    """

    source: TemplateSource
    mailing_list: MailingList
    contact: Contact | None


def list_to_show(
    database: Database, contact: Contact | None, lists: Sequence[MailingList]
) -> MailingList:
    """Return the first list that a contact is on, or the first of all.

    Raises:
        NotFoundError: when there is none.
    """
    if not lists:
        raise NotFoundError("there is no list yet: make lists/NAME.toml first")
    if contact is None:
        return lists[0]
    with database.read() as connection:
        standing = of_contacts(connection, [contact.id])
    on = {
        list_id
        for (_, list_id), one in standing.items()
        if one.status is SubscriptionStatus.SUBSCRIBED
    }
    return next((one for one in lists if one.id in on), lists[0])


def known_contact(database: Database, address: str) -> Contact:
    """Return the contact of an address.

    Raises:
        AddressError: when it is none.
        NotFoundError: when nobody of that address is on record.
    """
    with database.read() as connection:
        contact = find_contact(connection, parse_address(address).match)
    if contact is None:
        raise NotFoundError(f"{address} is no contact: see `mailer contact add --help`")
    return contact


def queue_trial(world: World, ring: KeyRing, trial: Trial, address: str) -> int:
    """Write down a test letter that is due at once; return its delivery's number.

    Raises:
        AddressError: when it is no address.
    """
    to = parse_address(address)
    now = world.clock()
    content = Frozen(
        source=trial.source,
        mailing_list=trial.mailing_list,
        segment="",
        rule="",
        specs=world.specs,
        needs=(),
    )
    keep_enclosures(world.database, trial.source, now)
    recipient = Recipient(
        contact_id=trial.contact.id if trial.contact else None,
        address=to.wire,
        hash=ring.suppression_hash(to.match),
        rehearsal=world.rehearsing,
    )
    with world.database.write() as connection:
        see_list(connection, trial.mailing_list, now)
        content_hash = put_down(connection, content, now)
        return queue_test_letter(
            connection, trial.source.name, content_hash, recipient, now
        )


def trial_state(database: Database, delivery_id: int) -> DeliveryView:
    """Return where a test letter's delivery stands."""
    with database.read() as connection:
        return delivery_by_id(connection, delivery_id)
