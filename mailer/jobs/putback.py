"""Noticing that the clock was put back, and letting nothing wait longer for that."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer.model.clocks import CLOCKS_APART
from mailer.store.columns import from_instant, to_instant
from mailer.store.database import Database
from mailer.store.noes import mark, pass_mark, set_mark
from mailer.store.putback import (
    Jump,
    bring_campaigns_forward,
    bring_claims_forward,
    bring_hooks_forward,
    bring_letters_forward,
)

_log = logging.getLogger(__name__)

_LEAST = timedelta(minutes=1)
"""Less is let be: clocks are put right a little all the time."""

_A_MOMENT_S = 1.0
_NOTED_EVERY_S = 60.0
_SLICE = 500
_MARK = "clock put back"
_SEEN = "clock seen"


class ClockWatch:
    """Compares the clock with one that is never put back."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it.

        Args:
            clock_s: Seconds since any moment.
        """
        self._database = database
        self._clock = clock
        self._clock_s = clock_s
        self._seen = self._read()
        self._noted_s: float | None = None

    def _read(self) -> tuple[datetime, float]:
        """Read both clocks in one moment: the process may be stopped in between."""
        while True:
            before_s = self._clock_s()
            now = self._clock()
            if self._clock_s() - before_s < _A_MOMENT_S:
                return now, before_s

    def look(self) -> None:
        """Look whether it was put back since the last time; call it every few seconds."""
        (before, before_s), self._seen = self._seen, self._read()
        now, now_s = self._seen
        jump = Jump(before + timedelta(seconds=now_s - before_s), now)
        put_back = jump.by >= _LEAST
        if put_back:
            bring_forward(self._database, jump)
        if put_back or self._noted_s is None or now_s - self._noted_s >= _NOTED_EVERY_S:
            with self._database.write() as connection:
                set_mark(connection, _SEEN, to_instant(now))
            self._noted_s = now_s


def look_at_start(database: Database, now: datetime) -> None:
    """Look whether the clock was put back since a `ClockWatch` looked last.

    Call it before anything is planned or sent. What was due is known to a minute.
    """
    with database.read() as connection:
        seen = mark(connection, _SEEN)
    if seen is None or from_instant(seen) <= now + CLOCKS_APART:
        return
    bring_forward(database, Jump(from_instant(seen), now), CLOCKS_APART)
    with database.write() as connection:
        set_mark(connection, _SEEN, to_instant(now))


def bring_forward(
    database: Database, jump: Jump, made_later: timedelta | None = None
) -> None:
    """Let what was due be due, and what is to be tried again be tried when it was meant.

    Done once, whoever else sees the same jump.

    Args:
        made_later: Only campaigns that were started so long after now, by the clock as it
            was, are brought forward: another may have been planned since it was put back.
    """
    now = to_instant(jump.now)
    near = to_instant(jump.now + _LEAST) - now
    with database.write() as connection:
        if not pass_mark(connection, _MARK, now, now - near, now + near):
            return
        bring_campaigns_forward(connection, jump, made_later)
        bring_claims_forward(connection, jump)
        bring_hooks_forward(connection, jump)
    brought, last = 0, 0
    while True:
        with database.write() as connection:
            ids = bring_letters_forward(connection, jump, last, _SLICE)
        if not ids:
            break
        brought, last = brought + len(ids), ids[-1]
    _log.warning(
        "the clock was put back by %s; %d letter(s) that would have waited as much longer"
        " are due when they were meant to be",
        jump.by,
        brought,
    )
