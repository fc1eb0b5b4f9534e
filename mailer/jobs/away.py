"""Who is out of the office until a day gets no letters of a list that waits for it.

Only where the list's file says so, only until a day that the answer names, and never for
long: a machine wrote it, and what it says of a date is believed no further than that.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from mailer.jobs.logbook import Logbook, say_no
from mailer.model.consent import How, SuppressionReason
from mailer.model.no import No, NoAct
from mailer.model.suppression import Suppression, list_scope
from mailer.store.database import Connection, Database
from mailer.store.incoming import Concern
from mailer.store.suppressions import suppress

LONGEST = timedelta(days=60)


def away_until(back_on: date | None, now: datetime) -> datetime | None:
    """Return until when letters wait for somebody; None where no day to come is named."""
    if back_on is None or not now.date() < back_on <= (now + LONGEST).date():
        return None
    return datetime.combine(back_on, time(), UTC)


def wait_for(
    database: Database,
    logbook: Logbook,
    concern: Concern,
    until: datetime,
    mark: Callable[[Connection], bool],
    now: datetime,
) -> bool:
    """Let the list of a letter wait for its person, in one commit with a mark.

    Args:
        mark: Notes that it was done; False when somebody else did it.

    Raises:
        WorkspaceError: when the logbook cannot be written; it waits all the same.
    """
    scope = list_scope(concern.list_id)
    waits = Suppression(
        scope, SuppressionReason.PAUSED, now, until, "out of office, says their answer"
    )
    no = No(NoAct.SUPPRESSED, concern.hash, scope, waits.reason, now, How.REPORT, until)
    with say_no(database, logbook, [no]) as connection:
        if not mark(connection):
            return False
        suppress(connection, concern.hash, waits)
    return True
