"""What the holder of a link from a letter may be shown: which list, and whose address.

Whoever a letter is forwarded to holds its links too, so this is all there is to see.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.consent import SubscriptionStatus
from mailer.model.kind import Kind
from mailer.model.suppression import scopes_against
from mailer.model.token import Reader
from mailer.store.contacts import get_contact
from mailer.store.database import Connection, Database
from mailer.store.lists import list_by_number
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force

_ALL_MARKETING = scopes_against(Kind.MARKETING, None)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the person that a link was made for stands.

    Args:
        address: "" when nobody is on record any more.
        title: The title of the link's list; "" when it is for none.
        on_list: Letters of that list (or of any, without one) are still to be expected.
        stopped: All marketing is stopped: no list and no import can change that.
        language: The person's language, if that is known.
    """

    address: str
    title: str
    on_list: bool
    stopped: bool
    language: str | None = None


def recognise(database: Database, reader: Reader, now: datetime) -> Standing:
    """Look up where the person that a link was made for stands; nothing is changed."""
    with database.read() as connection:
        seen = list_by_number(connection, reader.list_number)
        title, list_id = ("", None) if seen is None else (seen.title, seen.id)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Standing("", title, on_list=False, stopped=True)
        scopes = scopes_against(Kind.MARKETING, list_id)
        held = in_force(connection, [contact.hash], scopes, now).get(contact.hash, [])
        return Standing(
            contact.address,
            title,
            on_list=not held and _on_list(connection, contact.id, list_id),
            stopped=any(one.scope in _ALL_MARKETING for one in held),
            language=contact.details.language,
        )


def _on_list(connection: Connection, contact_id: int, list_id: str | None) -> bool:
    """Say whether somebody is on the list, or on any: unconfirmed people may leave too."""
    return any(
        one.status is not SubscriptionStatus.UNSUBSCRIBED
        for (_, on_list), one in of_contacts(connection, [contact_id]).items()
        if list_id in (None, on_list)
    )
