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


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the person that a link was made for stands.

    Args:
        address: "" when nobody is on record any more.
        title: The title of the link's list; "" when it is for none.
        on_list: Letters of that list (or of any, without one) are still to be expected.
    """

    address: str
    title: str
    on_list: bool


def recognise(database: Database, reader: Reader, now: datetime) -> Standing:
    """Look up where the person that a link was made for stands; nothing is changed."""
    with database.read() as connection:
        seen = list_by_number(connection, reader.list_number)
        title, list_id = ("", None) if seen is None else (seen.title, seen.id)
        contact = get_contact(connection, reader.contact_id)
        if contact is None:
            return Standing("", title, on_list=False)
        on_list = _on_list(connection, contact.id, list_id) and not in_force(
            connection, [contact.hash], scopes_against(Kind.MARKETING, list_id), now
        )
        return Standing(contact.address, title, on_list)


def _on_list(connection: Connection, contact_id: int, list_id: str | None) -> bool:
    """Say whether somebody is on the list, or on any: unconfirmed people may leave too."""
    return any(
        one.status is not SubscriptionStatus.UNSUBSCRIBED
        for (_, on_list), one in of_contacts(connection, [contact_id]).items()
        if list_id is None or on_list == list_id
    )
