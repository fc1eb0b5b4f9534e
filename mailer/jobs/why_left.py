"""Writing down why somebody left, where she cares to say."""

from datetime import datetime, timedelta

from mailer.model.consent import Act
from mailer.model.reason import LONGEST_WORDS, SaidWhy, WhyLeft
from mailer.store.database import Database
from mailer.store.evidence import entry_of
from mailer.store.reasons import say_why

WITHIN = timedelta(days=1)
"""So long the page may be left open before the button is pressed."""


def why_left(
    database: Database,
    contact_id: int,
    campaign_id: int,
    said: SaidWhy,
    now: datetime,
) -> bool:
    """Write down why a person left; say whether it could be.

    Args:
        contact_id: Whose link it was; another's entry is not touched.
        campaign_id: By which campaign's letter; 0 for none.
    """
    with database.write() as connection:
        found = entry_of(connection, said.entry)
        if found is None or found[0] != contact_id:
            return False
        left = found[1]
        if left.act is not Act.WITHDRAWN or not timedelta() <= now - left.at <= WITHIN:
            return False
        say_why(connection, said, contact_id, left.list_id, campaign_id or None, now)
    return True


def said_why(entry: int, reason: str, words: str) -> SaidWhy | None:
    """Read what a form says; None when it says nothing that can be kept."""
    printable = "".join(
        one if one.isprintable() or one == "\n" else " "
        for one in words.replace("\r\n", "\n")
    ).strip()[:LONGEST_WORDS]
    if reason in set(WhyLeft):
        return SaidWhy(entry, WhyLeft(reason), printable)
    return SaidWhy(entry, WhyLeft.OTHER, printable) if printable else None
