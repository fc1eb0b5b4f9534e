"""Which letter of ours a report speaks of: by a token of ours, or by the relay's own id.

The id that a relay gave a letter stands in every copy's Received field, so it proves
nothing by itself. It counts only where who tells us was proven (a provider whose hook we
checked; for reports by mail see `vouching`), and only for a letter to the very address that
is spoken of.
"""

from mailer.jobs.vouching import called_so
from mailer.model.hook import provider_of
from mailer.model.notice import Notice
from mailer.model.token import Reader, TokenBox
from mailer.store import incoming as store
from mailer.store.database import Connection, Database
from mailer.store.incoming import Concern, Unsorted
from mailer.store.lists import find_list
from mailer.triage.attribution import Untied, tie

_CAMPAIGN = "campaign"


def concern_of(
    database: Database, tokens: TokenBox, one: Unsorted, notice: Notice
) -> Concern | Untied:
    """Return the letter that a report is about."""
    tied = tie(notice.clues, tokens)
    if isinstance(tied, Untied):
        from_hook = provider_of(one.channel) is not None
        return (called_so(database, notice) if from_hook else None) or tied
    with database.read() as connection:
        found = store.concern(connection, tied.delivery_id)
    return Untied("its letter is not on record any more") if found is None else found


def letter_of(
    database: Database, tokens: TokenBox, one: Unsorted, notice: Notice
) -> Concern | None:
    """Return the letter that something is about; None for none that is on record."""
    found = concern_of(database, tokens, one, notice)
    return None if isinstance(found, Untied) else found


def reader_of(connection: Connection, concern: Concern) -> Reader | None:
    """Return for whom a letter's links were made; None when it is nobody's any more."""
    if concern.contact_id is None:
        return None
    seen = find_list(connection, concern.list_id) if concern.list_id else None
    campaign = concern.cause_id if concern.cause_kind == _CAMPAIGN else 0
    return Reader(concern.contact_id, 0 if seen is None else seen.number, campaign)
