"""Which letter of ours a report speaks of: by a token of ours, or by the relay's own id.

The id that a relay gave a letter stands in every copy's Received field, so it proves
nothing by itself. It counts only where who tells us was proven (a provider whose hook we
checked), and only for a letter to the very address that is spoken of.
"""

from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.hook import provider_of
from mailer.model.notice import Notice
from mailer.model.token import Reader, TokenBox
from mailer.store import incoming as store
from mailer.store.database import Connection, Database
from mailer.store.hooks import by_relay_id
from mailer.store.incoming import Concern, Unsorted
from mailer.store.lists import find_list
from mailer.triage.attribution import Untied, tie

_CAMPAIGN = "campaign"


def concern_of(
    database: Database, tokens: TokenBox, one: Unsorted, notice: Notice
) -> Concern | Untied:
    """Return the letter that a report is about."""
    tied = tie(notice.clues, tokens)
    with database.read() as connection:
        if isinstance(tied, Untied):
            return _by_relay(connection, one, notice) or tied
        found = store.concern(connection, tied.delivery_id)
    return Untied("its letter is not on record any more") if found is None else found


def _by_relay(connection: Connection, one: Unsorted, notice: Notice) -> Concern | None:
    if provider_of(one.channel) is None:
        return None
    matches: list[str] = []
    for person in notice.recipients:
        try:
            matches.append(parse_address(person.address).match)
        except AddressError:
            continue
    found = by_relay_id(connection, matches, notice.clues.relay_ids, ())
    return found[0] if len(found) == 1 else None


def reader_of(connection: Connection, concern: Concern) -> Reader | None:
    """Return for whom a letter's links were made; None when it is nobody's any more."""
    if concern.contact_id is None:
        return None
    seen = find_list(connection, concern.list_id) if concern.list_id else None
    campaign = concern.cause_id if concern.cause_kind == _CAMPAIGN else 0
    return Reader(concern.contact_id, 0 if seen is None else seen.number, campaign)
