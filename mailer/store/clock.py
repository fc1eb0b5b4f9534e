"""What time it is for the database, and the latest that anything on record says."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from mailer.store.database import now_sql
from mailer.store.tables import CampaignRow, LedgerRow, table

_ledger = table(LedgerRow)
_campaign = table(CampaignRow)


def database_clock(connection: Connection) -> datetime:
    """Return the time by the database's own clock; SQLite's is this machine's."""
    now: datetime = connection.execute(select(now_sql(connection.dialect))).scalar_one()
    return now


def latest_on_record(connection: Connection) -> datetime | None:
    """Return when the last consent was written down, or campaign made; None for never."""
    last = select(_ledger.c.at).order_by(_ledger.c.number.desc()).limit(1)
    made = select(func.max(_campaign.c.created_at))
    found = [connection.execute(one).scalar() for one in (last, made)]
    return max((one for one in found if one is not None), default=None)
