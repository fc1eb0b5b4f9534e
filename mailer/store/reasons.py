"""Why people left, as they said it themselves; most say nothing."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from mailer.model.reason import SaidWhy, WhyLeft
from mailer.store.choicetables import LeavingReasonRow
from mailer.store.inserting import put
from mailer.store.tables import table

_reason = table(LeavingReasonRow)


def say_why(
    connection: Connection,
    said: SaidWhy,
    contact_id: int,
    list_id: str | None,
    campaign_id: int | None,
    now: datetime,
) -> None:
    """Write down why a person left, instead of what she said of it before."""
    facts = {
        "contact_id": contact_id,
        "list_id": list_id,
        "campaign_id": campaign_id,
        "reason": said.reason.value,
        "words": said.words,
        "said_at": now,
    }
    put(connection, _reason, {"entry": said.entry}, facts)


def forget_reason(connection: Connection, entry: int) -> None:
    """Delete why somebody left, as when she takes it back that she did."""
    connection.execute(delete(_reason).where(_reason.c.entry == entry))


def reasons_of(connection: Connection, contact_id: int) -> list[SaidWhy]:
    """Return all that a person said of it, in the ledger's order."""
    rows = connection.execute(
        select(_reason.c.entry, _reason.c.reason, _reason.c.words)
        .where(_reason.c.contact_id == contact_id)
        .order_by(_reason.c.entry)
    )
    return [SaidWhy(row.entry, WhyLeft(row.reason), row.words) for row in rows]


def reasons_by_campaign(connection: Connection, campaign_id: int) -> dict[WhyLeft, int]:
    """Count why people left by the links of a campaign's letters, most frequent first."""
    return _counted(connection, _reason.c.campaign_id == campaign_id)


def reasons_by_list(connection: Connection, list_id: str) -> dict[WhyLeft, int]:
    """Count why people left a list, or all lists at once, the most frequent first."""
    of_it = (_reason.c.list_id == list_id) | _reason.c.list_id.is_(None)
    return _counted(connection, of_it)


def _counted(connection: Connection, which: ColumnElement[bool]) -> dict[WhyLeft, int]:
    number = func.count()
    rows = connection.execute(
        select(_reason.c.reason, number.label("people"))
        .where(which)
        .group_by(_reason.c.reason)
        .order_by(number.desc(), _reason.c.reason)
    )
    return {WhyLeft(row.reason): int(row.people) for row in rows}


def unname_reasons(connection: Connection, contact_id: int) -> None:
    """Take a person and her own words out of what she said; that somebody did stays."""
    hers = _reason.c.contact_id == contact_id
    connection.execute(update(_reason).where(hers).values(contact_id=None, words=""))


def unname_old_reasons(connection: Connection, before: datetime) -> int:
    """Do so with all that was said before a moment; return of how many."""
    old = (_reason.c.said_at < before) & _reason.c.contact_id.is_not(None)
    return connection.execute(
        update(_reason).where(old).values(contact_id=None, words="")
    ).rowcount
