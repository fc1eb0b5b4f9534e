"""What went wrong while nobody looked: listing alarms, and noting that somebody has."""

from datetime import datetime

from mailer.errors import NotFoundError
from mailer.store import alarms as store
from mailer.store.alarms import Alarm
from mailer.store.database import Database


def open_alarms(database: Database, subject: str | None = None) -> list[Alarm]:
    """Return the alarms that nobody has acknowledged, oldest first.

    Args:
        subject: Only those about this.
    """
    with database.read() as connection:
        found = store.open_alarms(connection)
    return [one for one in found if subject in (None, one.subject)]


def acknowledge(database: Database, alarm_id: int, now: datetime) -> None:
    """Note that somebody has seen an alarm; it is not shown any more.

    Raises:
        NotFoundError: when there is no open one of that number.
    """
    with database.write() as connection:
        if not store.acknowledge(connection, alarm_id, now):
            raise NotFoundError(
                f"there is no open alarm {alarm_id}; `mailer alarm list` shows them"
            )
