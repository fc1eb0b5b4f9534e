"""Taking an import back: nothing is deleted, the ledger says that it was undone.

Only what still rests on the import is taken back. Who has agreed in another way since, or
has left, stays where she is; what was corrected since stays corrected.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.audience.admission import undo
from mailer.errors import NotFoundError, RefusedError
from mailer.jobs.slices import Slicer
from mailer.model.consent import Act, How, NewEntry
from mailer.model.key import KeyRing
from mailer.store import ledger, salting
from mailer.store.batches import (
    Batch,
    BatchState,
    acts_of,
    advance,
    change_batch,
    changes_after,
    get_batch,
    standing_grants,
)
from mailer.store.contacts import change_contacts, get_contacts
from mailer.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What came of undoing an import.

    Args:
        undone: Grants that were taken back.
        kept: Grants that nothing rested on any more.
        restored: Contacts whose values were put back, in this run.
    """

    batch_id: int
    undone: int
    kept: int
    restored: int


def undo_import(
    database: Database,
    ring: KeyRing,
    batch_id: int,
    clock: Callable[[], datetime],
    on_progress: Callable[[int], object] = lambda _: None,
) -> UndoResult:
    """Take an import back, or go on with that where a crash left it.

    Args:
        on_progress: Called with how many grants and contacts were looked at so far.

    Raises:
        NotFoundError: when there is no such import.
        RefusedError: when it was undone already.
    """
    with database.write() as connection:
        batch = _begin(connection, batch_id, clock())
    work = _Undoing(database, ring, batch, clock, on_progress)
    work.grants()
    restored = work.values()
    with database.write() as connection:
        states = (BatchState.UNDOING, BatchState.UNDONE)
        change_batch(connection, batch.id, states, batch.position, clock())
        acts = acts_of(connection, batch.id)
    undone = acts.get(Act.UNDONE, 0)
    return UndoResult(batch.id, undone, acts.get(Act.GRANTED, 0) - undone, restored)


def _begin(connection: Connection, batch_id: int, now: datetime) -> Batch:
    batch = get_batch(connection, batch_id)
    if batch is None:
        raise NotFoundError(f"there is no import {batch_id}")
    if batch.state is BatchState.UNDONE:
        raise RefusedError(
            f"import {batch_id} of {batch.declared.file_name} was undone already, on"
            f" {batch.ended_at:%Y-%m-%d}"
        )
    # Whoever is still importing it finds it moved, and stops.
    states = (batch.state, BatchState.UNDOING)
    change_batch(connection, batch_id, states, batch.position, now)
    return replace(batch, state=BatchState.UNDOING)


class _Undoing:
    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        batch: Batch,
        clock: Callable[[], datetime],
        on_progress: Callable[[int], object],
    ) -> None:
        self._database = database
        self._ring = ring
        self._batch = batch
        self._clock = clock
        self._on_progress = on_progress
        self._slicer = Slicer(database)
        self._looked_at = 0

    def grants(self) -> None:
        """Take back the grants that subscriptions still rest on."""
        after = 0
        while True:
            # Found without the write lock: after a crash there may be many to pass over.
            with self._database.read() as connection:
                found = standing_grants(
                    connection, self._batch.id, after, self._slicer.size
                )
            if not found:
                return
            with self._slicer.turn() as connection:
                self._undo(connection, found[0][0] - 1, found[-1][0])
            after = found[-1][0]
            self._tell(len(found))

    def _undo(self, connection: Connection, after: int, last: int) -> None:
        head = ledger.lock(connection)
        found = standing_grants(connection, self._batch.id, after, last - after)
        grants = [(contact, who) for number, contact, who in found if number <= last]
        entry = NewEntry(
            contact_id=0,
            who="",
            list_id=self._batch.declared.list_id,
            wording=0,
            act=Act.UNDONE,
            at=self._clock(),
            how=How.COMMAND,
            batch_id=self._batch.id,
        )
        salted = salting.personal([who for _, who in grants])
        people = [(contact, one) for (contact, _), one in zip(grants, salted, strict=True)]
        ledger.append_alike(
            connection, self._ring, head, ledger.alike(connection, entry), people
        )

    def values(self) -> int:
        """Put back the values that the import changed and nothing has changed since."""
        restored = 0
        while True:
            with self._slicer.turn() as connection:
                looked_at, put_back = self._restore(connection)
            if not looked_at:
                return restored
            restored += put_back
            self._tell(looked_at)

    def _restore(self, connection: Connection) -> tuple[int, int]:
        batch = self._batch
        last = batch.position.contact_id
        changes = changes_after(connection, batch.id, last, self._slicer.size)
        if not changes:
            return 0, 0
        contacts = get_contacts(connection, [one.contact_id for one in changes])
        restored = [
            (one.contact_id, details)
            for one in changes
            if (contact := contacts.get(one.contact_id)) is not None
            and (details := undo(contact.details, one.before, one.after, contact.own))
            is not None
        ]
        change_contacts(connection, restored, self._clock())
        position = replace(batch.position, contact_id=changes[-1].contact_id)
        if not advance(connection, batch, batch.rows_done, position, batch.counts):
            raise RefusedError(f"import {batch.id} is being undone by another program")
        self._batch = replace(batch, position=position)
        return len(changes), len(restored)

    def _tell(self, more: int) -> None:
        self._looked_at += more
        self._on_progress(self._looked_at)
