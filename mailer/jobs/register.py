"""The register in which every letter is written down before it leaves: group commits.

One writer; the next group is whatever came in while the last one was committing, and it
commits off the event loop. A letter's leave and the outcome of the one before ride in the
same commit. What can't be written (a full disk) is kept and tried again; meanwhile nothing
leaves.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.errors import DatabaseError
from mailer.jobs.settle import held_back, released
from mailer.model.delivery import CauseKind, Claim
from mailer.store.claims import Cap
from mailer.store.database import Database
from mailer.store.groups import groups
from mailer.store.held import Held, held
from mailer.store.outcomes import Change

_log = logging.getLogger(__name__)

_TRY_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class CapRule:
    """At most so many letters to one person within some days, over all campaigns."""

    letters: int
    days: float


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
        self._leaving: list[_Leaving] = []
        self._changes: list[Change] = []
        self._wake = asyncio.Event()
        self._closing = False
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
        self._wake.set()
        return await answer

    def note(self, change: Change) -> None:
        """Keep a change for the next commit."""
        self._changes.append(change)
        self._wake.set()

    async def keep(self) -> None:
        """Commit groups until `close` was called and everything is written."""
        try:
            await self._commit_groups()
        finally:
            # Whatever ended it: nobody may wait for a leave that will never be written.
            self._ended = True
            self._answer(self._leaving, set())
            self._thread.shutdown()
            self._groups.close()

    async def _commit_groups(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._leaving or self._changes:
                group, changes = self._next_group()
                try:
                    left = await loop.run_in_executor(
                        self._thread, self._commit, group, changes
                    )
                except DatabaseError as problem:
                    await self._recover(problem, group, changes)
                    continue
                except Exception:
                    self._answer(group, set())
                    raise
                self.unwell = ""
                self.well.set()
                self._answer(group, left or set())
                if left is None:
                    self._release(group)
                elif len(left) < len(group):
                    await self._note_held_back(
                        [one.claim for one in group if one.claim.id not in left]
                    )
            if self._closing:
                return

    def _release(self, group: list[_Leaving]) -> None:
        """Put back what may have left on record, but was written to nobody."""
        for one in group:
            self.note(released(one.claim, self._clock()))

    async def _note_held_back(self, staying: list[Claim]) -> None:
        """Write down with the next group why some may not leave."""
        loop = asyncio.get_running_loop()
        try:
            held_by = await loop.run_in_executor(self._thread, self._held_by, staying)
        except DatabaseError as problem:
            _log.error("why letters are held back could not be read: %s", problem)
            for claim in staying:
                self.note(released(claim, self._clock()))
            return
        for claim in staying:
            change = held_back(claim, held_by.get(claim.id), self._clock())
            if change is not None:
                self.note(change)
        fallen = {
            (claim.cause_kind, claim.cause_id)
            for claim in staying
            if claim.id in held_by and not held_by[claim.id].cause_stands
        }
        if fallen:
            self.fallen(fallen)

    def close(self) -> None:
        """Let `keep` end once everything is written."""
        self._closing = True
        self._wake.set()

    def _next_group(self) -> tuple[list[_Leaving], list[Change]]:
        group, self._leaving = self._leaving, []
        changes, self._changes = self._changes, []
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
        return Cap(self._cap.letters, now - timedelta(days=self._cap.days))

    def _held_by(self, staying: list[Claim]) -> dict[int, Held]:
        now = self._clock()
        names = [(claim.id, claim.fence) for claim in staying]
        with self._database.read() as connection:
            return held(connection, names, now, self._cap_at(now))

    @staticmethod
    def _answer(group: list[_Leaving], left: set[int]) -> None:
        for leaving in group:
            if not leaving.answer.done():
                leaving.answer.set_result(leaving.claim.id in left)

    async def _recover(
        self, problem: DatabaseError, group: list[_Leaving], changes: list[Change]
    ) -> None:
        """Keep what could not be written; what wanted to leave goes back to the queue."""
        if not self.unwell:
            _log.error("nothing leaves until the database can be written: %s", problem)
        self.unwell = str(problem)
        self.well.clear()
        now = self._clock()
        self._changes = (
            changes + [released(one.claim, now) for one in group] + self._changes
        )
        for leaving in group:
            if not leaving.answer.done():
                leaving.answer.set_result(False)
        await asyncio.sleep(_TRY_AGAIN_S)
