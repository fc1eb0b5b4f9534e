"""What monitoring asks: figures, kept for a while so that asking often costs nothing."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from mailer.store import metrics
from mailer.store.database import Connection, Database
from mailer.store.metrics import Present, Totals

KEPT = timedelta(seconds=15)
"""How long a figure is given out again before it is counted anew."""

_SHARE = 20
"""… or so many times as long as counting it took: never more than 5 % of one core."""

_Counted = TypeVar("_Counted")


@dataclass(frozen=True, slots=True)
class Figures:
    """All that /metrics says.

    Args:
        now: When it was asked.
        totals_at: When the totals were counted: on a large database a while ago.
    """

    now: datetime
    present: Present
    totals: Totals
    totals_at: datetime


class Meter:
    """Counts for one database; safe to use from threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counting = threading.Lock()
        self._present = _Kept(database, clock, metrics.present)
        self._totals = _Kept(database, clock, metrics.totals)

    def read(self) -> Figures:
        """Return the figures, counted now or a while ago.

        Raises:
            DatabaseError: when the database does not answer.
        """
        with self._counting:
            present, _ = self._present.value()
            totals, totals_at = self._totals.value()
        return Figures(self._clock(), present, totals, totals_at)


class _Kept(Generic[_Counted]):
    """One count, and until when it is kept."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        count: Callable[[Connection, datetime], _Counted],
    ) -> None:
        self._database = database
        self._clock = clock
        self._count = count
        self._known: tuple[_Counted, datetime, timedelta] | None = None

    def value(self) -> tuple[_Counted, datetime]:
        """Return the count, and when it was made."""
        begun = self._clock()
        if self._known is not None:
            counted, at, keep = self._known
            # A clock that was put back makes it old, not young for ever.
            if timedelta() <= begun - at < keep:
                return counted, at
        with self._database.read() as connection:
            counted = self._count(connection, begun)
        keep = max(KEPT, _SHARE * (self._clock() - begun))
        self._known = (counted, begun, keep)
        return counted, begun


def database_answers(database: Database) -> bool:
    """Say that the database can be read.

    Raises:
        DatabaseError: when it cannot.
    """
    with database.read() as connection:
        return metrics.answers(connection)
