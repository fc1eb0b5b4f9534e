"""The register in which every letter is written down before it leaves: group commits.

What comes up in one turn of the loop is handed to the scribe at once; the scribe's next
group is whatever came in while the last one was committing. A letter's leave and the
outcome of the one before ride in the same commit. What can't be written (a full disk) is
kept and tried again; meanwhile nothing leaves.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.jobs.scribe import Answer, Page, Scribe
from mailer.jobs.settle import held_back, released
from mailer.model.delivery import CauseKind, Claim
from mailer.model.shown import kept_text
from mailer.pace.cap import CapRule
from mailer.store.claims import LEASE, Cap
from mailer.store.database import Database
from mailer.store.groups import Name, Sheet
from mailer.store.held import Held, held
from mailer.store.outcomes import Change, record

_log = logging.getLogger(__name__)

_TRY_AGAIN_S = 1.0
_SLEEPS_TOO = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


_Cause = tuple[CauseKind, int]


def _clock_s() -> float:
    """Return seconds since the machine was started, its sleep included."""
    return time.clock_gettime(_SLEEPS_TOO)


@dataclass(slots=True)
class _Leaving:
    claim: Claim
    answer: asyncio.Future[bool]


@dataclass(slots=True)
class _HandedIn:
    """What a page was made of, and when it was handed in, until it is answered."""

    group: list[_Leaving]
    changes: list[Change]
    at_s: float = field(default_factory=_clock_s)


class Register:
    """Writes down what leaves and what came of it, for one sender; lives on its loop."""

    def __init__(
        self,
        database: Database,
        scribe: Scribe,
        cap: CapRule | None,
        clock: Callable[[], datetime],
        mark: str = "",
        lease: timedelta = LEASE,
    ) -> None:
        """Build it.

        Args:
            mark: Of what all letters of this sender are made with.
            lease: How long a letter that left is this sender's, if it does not renew it.
        """
        self._leave_within_s = lease.total_seconds() / 2
        self._mark = mark
        self._database = database
        self._scribe = scribe
        self._cap = cap
        self._clock = clock
        self._leaving: list[_Leaving] = []
        self._changes: list[Change] = []
        self._handed_in: dict[int, _HandedIn] = {}
        self._pages = 0
        self._trial = 0
        self._rung = False
        self._explaining: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self._closing = False
        self._ended = False
        self._loop = asyncio.get_running_loop()
        self.fallen: Callable[[set[_Cause]], None] = lambda _: None
        """Called with causes whose letters may not leave (any more).

        A campaign was paused, say: what else of it is in stock need not be tried, which
        would cost a connection each.
        """
        self.unwell = ""
        """Why nothing can be written at the moment; "" while all is well."""
        self.well = asyncio.Event()
        self.well.set()
        self.open = asyncio.Event()
        """Set once the scribe answers; its process takes a moment to start.

        What is claimed before would wait for it, and nobody else could send it.
        """

    async def leave(self, claim: Claim) -> bool:
        """Return when a delivery is on disk as `sending`; False when it may not leave."""
        if self._ended:
            return False
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._leaving.append(_Leaving(claim, answer))
        self._ring()
        return await answer

    def note(self, change: Change) -> None:
        """Keep a change for the next commit."""
        self._changes.append(change)
        self._ring()

    def _ring(self) -> None:
        """Hand in what there is, once this turn of the loop has brought all that it has."""
        if not self._rung:
            self._rung = True
            if self.unwell:
                self._loop.call_later(_TRY_AGAIN_S, self._hand_in)
            else:
                self._loop.call_soon(self._hand_in)

    def _hand_in(self) -> None:
        self._rung = False
        if self._ended or (self.unwell and self._handed_in):
            # Ended, it is kept for `write_rest`; unwell, a line's next letter may not
            # overtake the outcome of the one before.
            return
        group, changes = self._next_group()
        if group or changes:
            self._pages += 1
            self._handed_in[self._pages] = _HandedIn(group, changes)
            names: list[Name] = [
                (one.claim.id, one.claim.fence, kept_text(one.claim, self._mark))
                for one in group
            ]
            people = [one.claim.contact_id for one in group if one.claim.contact_id]
            page = Page(self._pages, self._trial, Sheet.of(changes, names), people)
            self._scribe.hand_in(page)
        self._end_if_done()

    async def keep(self) -> None:
        """Have everything written until `close` was called and nothing is left.

        Cancelled, it ends with the group under way.

        Raises:
            DatabaseError: the scribe ended: what it had not answered may be written.
        """
        try:
            self._open()
            await self._scribe.run(self._answered)
            if self._bug is not None:
                raise self._bug
        finally:
            # Whatever ended it: nobody may wait for a leave that will never be written.
            self._ended = True
            self.open.set()
            for page in self._handed_in.values():
                self._answer(page.group, ())
            self._answer(self._leaving, ())

    def _open(self) -> None:
        """Hand in an empty page: the scribe gets ready what it works with."""
        self._pages += 1
        self._handed_in[self._pages] = _HandedIn([], [])
        self._scribe.hand_in(Page(self._pages, self._trial, Sheet.of([], []), []))

    def _answered(self, number: int, answer: Answer) -> None:
        page = self._handed_in.pop(number)
        self.open.set()
        if isinstance(answer, DatabaseError):
            self._keep_for_later(answer, page)
            return
        self.unwell = ""
        self.well.set()
        if page.group and _clock_s() - page.at_s > self._leave_within_s:
            # We hung. Others may have taken them back meanwhile, and sent them.
            _log.error("letters may not leave any more: that was written down too late")
            answer = None
        self._answer(page.group, answer or ())
        if answer is None:
            # They may have left on record, but were written to nobody: back to the queue.
            now = self._clock()
            self._changes.extend(released(one.claim, now) for one in page.group)
        elif len(answer) < len(page.group):
            staying = [one.claim for one in page.group if one.claim.id not in answer]
            explaining = asyncio.create_task(self._explain(staying))
            self._explaining.add(explaining)
            explaining.add_done_callback(self._explained)
        if self._changes or self._leaving:
            self._ring()
        self._end_if_done()

    async def _explain(self, staying: list[Claim]) -> None:
        changes, fallen = await asyncio.to_thread(self._held_back, staying)
        self._changes.extend(changes)
        if fallen:
            self.fallen(fallen)

    def _explained(self, explaining: asyncio.Task[None]) -> None:
        self._explaining.discard(explaining)
        if not explaining.cancelled() and (bug := explaining.exception()) is not None:
            self._bug = bug
            self._scribe.close()
        self._ring()

    def write_rest(self) -> None:
        """Write what the scribe that ended may not have written; once `keep` has ended.

        What it did write is left alone. What wanted to leave was written to nobody.

        Raises:
            DatabaseError: nothing was written.
        """
        now = self._clock()
        pages = [*self._handed_in.values(), _HandedIn(self._leaving, self._changes)]
        changes = [change for page in pages for change in page.changes]
        changes += [released(one.claim, now) for page in pages for one in page.group]
        with self._database.write() as connection:
            record(connection, changes)

    def close(self) -> None:
        """Let `keep` end once everything is written."""
        self._closing = True
        self._ring()

    def _end_if_done(self) -> None:
        if self._closing and not (
            self._leaving or self._changes or self._handed_in or self._explaining
        ):
            self._scribe.close()

    def _held_back(self, staying: list[Claim]) -> tuple[list[Change], set[_Cause]]:
        """Say why some may not leave: what to write down, and what fell; off the loop."""
        now = self._clock()
        try:
            held_by = self._held_by(staying)
        except DatabaseError as problem:
            _log.error("why letters are held back could not be read: %s", problem)
            return [released(claim, now) for claim in staying], set()
        changes = [
            change
            for claim in staying
            if (change := held_back(claim, held_by.get(claim.id), now, self._cap))
            is not None
        ]
        fallen = {
            (claim.cause_kind, claim.cause_id)
            for claim in staying
            if claim.id in held_by and not held_by[claim.id].cause_stands
        }
        return changes, fallen

    def _next_group(self) -> tuple[list[_Leaving], list[Change]]:
        group, self._leaving = self._leaving, []
        changes, self._changes = self._changes, []
        # Within one statement neither of two letters to a person would see the other.
        people: set[int] = set()
        first: list[_Leaving] = []
        for leaving in group:
            person = leaving.claim.contact_id
            if person is None:
                first.append(leaving)
            elif person in people:
                self._leaving.append(leaving)
            else:
                people.add(person)
                first.append(leaving)
        if self._leaving:
            self._ring()
        return first, changes

    def _cap_at(self, now: datetime) -> Cap | None:
        if self._cap is None:
            return None
        return Cap(self._cap.letters, self._cap.since(now))

    def _held_by(self, staying: list[Claim]) -> dict[int, Held]:
        now = self._clock()
        names = [(claim.id, claim.fence) for claim in staying]
        with self._database.read() as connection:
            return held(connection, names, now, self._cap_at(now))

    @staticmethod
    def _answer(group: Iterable[_Leaving], left: Container[int]) -> None:
        for leaving in group:
            if not leaving.answer.done():
                leaving.answer.set_result(leaving.claim.id in left)

    def _keep_for_later(self, problem: DatabaseError, page: _HandedIn) -> None:
        """Keep what could not be written; what wanted to leave goes back to the queue."""
        if not self.unwell:
            _log.error("nothing leaves until the database can be written: %s", problem)
        self.unwell = str(problem)
        self.well.clear()
        self._trial += 1
        now = self._clock()
        self._answer(page.group, ())
        kept = page.changes + [released(one.claim, now) for one in page.group]
        self._changes[:0] = kept
        self._ring()
