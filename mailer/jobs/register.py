"""The register in which every letter is written down before it leaves: group commits.

One writer; the next group is whatever came in while the last one was committing, and it
commits off the event loop. A letter's leave and the outcome of the one before ride in the
same commit. What can't be written (a full disk) is kept and tried again; meanwhile nothing
leaves.
"""

import asyncio
import collections
import logging
import threading
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import DatabaseError
from mailer.jobs.settle import held_back, released
from mailer.model.delivery import CauseKind, Claim
from mailer.pace.cap import CapRule
from mailer.store.claims import Cap
from mailer.store.database import Database
from mailer.store.groups import groups
from mailer.store.held import Held, held
from mailer.store.outcomes import Change

_log = logging.getLogger(__name__)

_TRY_AGAIN_S = 1.0


_Cause = tuple[CauseKind, int]


@dataclass(slots=True)
class _Leaving:
    claim: Claim
    answer: asyncio.Future[bool]


class Register:
    """Writes down what leaves and what came of it, for one sender."""

    def __init__(
        self,
        database: Database,
        cap: CapRule | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._groups = groups(database)
        self._cap = cap
        self._clock = clock
        # The loop puts in, the writing thread takes out.
        self._leaving: collections.deque[_Leaving] = collections.deque()
        self._changes: collections.deque[Change] = collections.deque()
        self._wake = threading.Event()
        self._closing = False
        self._abandoned = threading.Event()
        self._ended = False
        self._thread = ThreadPoolExecutor(1, "register")
        self.commits = 0
        self.fallen: Callable[[set[_Cause]], None] = lambda _: None
        """Called on the loop with causes whose letters may not leave (any more).

        A campaign was paused, say: what else of it is in stock need not be tried, which
        would cost a connection each.
        """
        self.unwell = ""
        """Why nothing can be written at the moment; "" while all is well."""
        self.well = asyncio.Event()
        self.well.set()

    async def leave(self, claim: Claim) -> bool:
        """Return when a delivery is on disk as `sending`; False when it may not leave."""
        if self._ended:
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._leaving.append(_Leaving(claim, answer))
        self._ring()
        return await answer

    def note(self, change: Change) -> None:
        """Keep a change for the next commit."""
        self._changes.append(change)
        self._ring()

    def _ring(self) -> None:
        # It is only put out before the thread looks: what was put in until then is seen.
        if not self._wake.is_set():
            self._wake.set()

    async def keep(self) -> None:
        """Commit groups until `close` was called and everything is written.

        Cancelled, it ends with the group under way.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._commit_groups, loop)
        finally:
            # Whatever ended it: nobody may wait for a leave that will never be written.
            self._ended = True
            self._abandoned.set()
            self._wake.set()
            self._thread.shutdown()
            self._answer([*self._leaving], ())
            self._groups.close()

    def _commit_groups(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit one group after the other, in the writing thread.

        It does not ask the loop in between, which is busy with the letters that just left.
        """
        while not self._abandoned.is_set():
            self._wake.wait()
            self._wake.clear()
            while (self._leaving or self._changes) and not self._abandoned.is_set():
                self._commit_group(loop)
            if self._closing:
                return

    def _commit_group(self, loop: asyncio.AbstractEventLoop) -> None:
        group, changes = self._next_group()
        try:
            left = self._commit(group, changes)
        except DatabaseError as problem:
            self._keep_for_later(problem, group, changes)
            loop.call_soon_threadsafe(self._failed, group)
            self._abandoned.wait(_TRY_AGAIN_S)
            return
        except Exception:
            loop.call_soon_threadsafe(self._answer, group, ())
            raise
        self.unwell = ""
        if left is None:
            # They may have left on record, but were written to nobody: back to the queue.
            now = self._clock()
            self._changes.extend(released(one.claim, now) for one in group)
        loop.call_soon_threadsafe(self._committed, group, left or set[int]())
        if left is not None and len(left) < len(group):
            staying = [one.claim for one in group if one.claim.id not in left]
            if fallen := self._note_held_back(staying):
                loop.call_soon_threadsafe(self.fallen, fallen)

    def _committed(self, group: list[_Leaving], left: set[int]) -> None:
        self.well.set()
        self._answer(group, left)

    def _failed(self, group: list[_Leaving]) -> None:
        self.well.clear()
        self._answer(group, ())

    def _note_held_back(self, staying: list[Claim]) -> set[_Cause]:
        """Write down why some may not leave, with the next group; return what fell."""
        now = self._clock()
        try:
            held_by = self._held_by(staying)
        except DatabaseError as problem:
            _log.error("why letters are held back could not be read: %s", problem)
            self._changes.extend(released(claim, now) for claim in staying)
            return set()
        for claim in staying:
            change = held_back(claim, held_by.get(claim.id), now, self._cap)
            if change is not None:
                self._changes.append(change)
        return {
            (claim.cause_kind, claim.cause_id)
            for claim in staying
            if claim.id in held_by and not held_by[claim.id].cause_stands
        }

    def close(self) -> None:
        """Let `keep` end once everything is written."""
        self._closing = True
        self._wake.set()

    def _next_group(self) -> tuple[list[_Leaving], list[Change]]:
        # In this order: the outcome of a line's letter goes no later than its next one.
        group = [self._leaving.popleft() for _ in range(len(self._leaving))]
        changes = [self._changes.popleft() for _ in range(len(self._changes))]
        if self._cap is not None:
            # Within one statement neither of two letters to a person would see the other.
            people: set[int | None] = {None}
            first: list[_Leaving] = []
            for leaving in group:
                if leaving.claim.contact_id in people - {None}:
                    self._leaving.append(leaving)
                else:
                    people.add(leaving.claim.contact_id)
                    first.append(leaving)
            group = first
        return group, changes

    def _commit(self, group: list[_Leaving], changes: list[Change]) -> set[int] | None:
        """Write one group in one transaction, in the register's own thread."""
        now = self._clock()
        names = [(one.claim.id, one.claim.fence) for one in group]
        left = self._groups.commit(changes, names, now, self._cap_at(now))
        self.commits += 1
        return left

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

    def _keep_for_later(
        self, problem: DatabaseError, group: list[_Leaving], changes: list[Change]
    ) -> None:
        """Keep what could not be written; what wanted to leave goes back to the queue."""
        if not self.unwell:
            _log.error("nothing leaves until the database can be written: %s", problem)
        self.unwell = str(problem)
        now = self._clock()
        kept = changes + [released(one.claim, now) for one in group]
        self._changes.extendleft(reversed(kept))
