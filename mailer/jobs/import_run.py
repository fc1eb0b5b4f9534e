"""Importing a file of people in slices, and on from where a crash left it.

A file is taken a piece at a time and each piece in the order of match forms: then a slice
touches few pages of the index on them, and it is quick however many people there are.
"""

import gc
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from mailer.audience.services import ELSEWHERE
from mailer.jobs.import_people import BadRow, Part, People, Ready
from mailer.jobs.import_reader import read_parts
from mailer.jobs.import_slice import Terms, apply_slice, grant, moved, try_slice
from mailer.jobs.import_told import FilesTold
from mailer.jobs.undisturbed import undisturbed
from mailer.pace.slicing import next_size
from mailer.store import ledger
from mailer.store.batches import (
    Batch,
    BatchState,
    Declared,
    Position,
    advance,
    change_batch,
)
from mailer.store.database import Connection, Database
from mailer.store.ledger import Alike
from mailer.store.statistics import PEOPLE, count_tables
from mailer.workspace.csvfiles import require_unchanged
from mailer.workspace.csvout import RejectedFile

SHOWN_REJECTIONS = 20
_FIRST_SLICE = 200
_TRIAL_SLICE = 1_000
_WORK_S = 0.015
"""How long a slice should work while nobody else may write."""

_ELSEWHERE = frozenset(ELSEWHERE.values())

Progress = Callable[[int, int], object]
"""Called with the rows that are through, and how many there are."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of an import.

    Args:
        batch_id: The number to undo it by; None for a dry run.
        counts: Rows by `Admission`, `rejected` and `elsewhere` (no members of another
            service); they add up to `rows`. Beside them
            `changed`, `shared` (offices' addresses) and `differing` (of whom another
            file of the same import said something else) in people.
        rejected_path: The file of rows that were not imported; None without any.
        first_rejected: The first of them: line and reason.
        first_differing: The first of whom another file says otherwise: line and what.
        encoding: What the file was read in.
        delimiter: What stands between its cells.
        taken: Columns as they are called in the file, and what each was taken for.
        ignored: Columns that were left out.
        resumed: It went on where an earlier run had ended.
        longest_turn_s: How long the longest slice kept other writers waiting.
    """

    batch_id: int | None
    rows: int
    counts: dict[str, int]
    rejected_path: str | None
    first_rejected: tuple[tuple[int, str], ...]
    encoding: str
    delimiter: str
    taken: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    expires_at: datetime | None
    resumed: bool
    longest_turn_s: float
    first_differing: tuple[tuple[int, str], ...] = ()


class Others(Protocol):
    """What other files of the same import say.

    Args:
        said_no: Who must not get mail, by keyed hash.
        seen: Whom a dry run has met, by keyed hash.
        told: What the files before this one said about people.
    """

    @property
    def said_no(self) -> Mapping[bytes, str]: ...
    @property
    def seen(self) -> set[bytes]: ...
    @property
    def told(self) -> FilesTold: ...


class Import:
    """One import of a file: begun, or gone on with."""

    def __init__(
        self,
        database: Database,
        people: People,
        batch: Batch,
        clock: Callable[[], datetime],
        others: Others,
    ) -> None:
        self._people = people
        self._batch = batch
        self._clock = clock
        self._size = _FIRST_SLICE
        self._longest_s = 0.0
        self._resumed = batch.rows_done > 0
        self._counts = Counter(batch.counts)
        self._rejected = RejectedFile(people.file, batch.position.rejected_bytes)
        self._shown: list[tuple[int, str]] = []
        self._database = database
        self._entry: Alike | None = None
        self._said_no = others.said_no
        self._told = others.told
        self._differing: list[tuple[int, str]] = []

    def run(self, on_progress: Progress) -> ImportResult:
        """Go through the file to its end."""
        total = self._people.file.rows
        try:
            with undisturbed():
                position = self._batch.position
                for part in read_parts(self._people, position.piece, position.piece_rows):
                    self._import(part, lambda done: on_progress(done, total))
        finally:
            self._rejected.close()
        self._end()
        path = self._rejected.path if self._rejected.size_bytes else None
        return ImportResult(
            self._batch.id,
            total,
            dict(self._counts),
            path,
            tuple(self._shown),
            *_read_as(self._people),
            self._batch.declared.expires_at,
            self._resumed,
            self._longest_s,
            tuple(self._differing),
        )

    def _import(self, part: Part, on_progress: Callable[[int], object]) -> None:
        if part.begins:
            self._begin_piece()
        after = self._batch.position.after
        todo = [one for one in part.people if one.match > after]
        start, last = 0, False
        while start < len(todo) or (part.ends and not last):
            some = todo[start : start + self._size]
            start += len(some)
            last = part.ends and start == len(todo)
            self._slice(part, some, last=last)
            on_progress(self._batch.rows_done)

    def _begin_piece(self) -> None:
        gc.collect()
        require_unchanged(self._people.file)
        with self._database.read() as connection:
            self._entry = ledger.alike(connection, grant(self._batch, self._clock()))

    def _slice(self, part: Part, some: Sequence[Ready], *, last: bool) -> None:
        batch, now = self._batch, self._clock()
        assert self._entry is not None
        bad = () if batch.position.piece_rows else part.bad
        counts = Counter(self._counts)
        with self._turn() as connection:
            own = bool(self._people.columns.evidence)
            terms = Terms(batch, self._entry, own, self._said_no)
            result = apply_slice(connection, self._people.ring, terms, some, now)
            away = self._people.away(result.away)
            self._rejected.write([*bad, *away])
            counts += result.counts + _bad(bad)
            differing = self._told.compare(some, {row[0] for row in away}).differing
            counts += Counter(differing=len(differing))
            if last:
                done = part.first + part.rows
                position = Position(done, rejected_bytes=self._rejected.size_bytes)
            else:
                done = batch.rows_done + len(bad) + sum(one.rows for one in some)
                after = some[-1].match
                position = Position(part.first, part.rows, after, self._rejected.size_bytes)
            if not advance(connection, batch, done, position, counts):
                raise moved(connection, batch)
        self._batch = replace(batch, rows_done=done, position=position)
        self._counts = counts
        self._shown += [row[:2] for row in [*bad, *away]][: _room(self._shown)]
        self._differing += differing[: _room(self._differing)]

    @contextmanager
    def _turn(self) -> Generator[Connection, None, None]:
        """Give a connection for one slice, and learn from how long its work took.

        What the disk takes to commit is the same for a short slice and does not count. A
        power cut, or a PostgreSQL server that crashes, may take back the last slices; with
        them goes how far the file is through.
        """
        with self._database.write(flushed=False) as connection:
            began = time.perf_counter()
            yield connection
            worked_s = time.perf_counter() - began
        self._longest_s = max(self._longest_s, time.perf_counter() - began)
        self._size = next_size(self._size, worked_s, _WORK_S)

    def _end(self) -> None:
        states, batch = (BatchState.RUNNING, BatchState.DONE), self._batch
        with self._database.write() as connection:
            # A server that crashed meanwhile may have lost the last slices, not we.
            if not advance(
                connection, batch, batch.rows_done, batch.position, self._counts
            ):
                raise moved(connection, batch)
            change_batch(connection, batch.id, states, batch.position, self._clock())
        count_tables(self._database, PEOPLE, self._people.file.rows)


class Trial:
    """What an import would do; nothing is changed."""

    def __init__(
        self,
        database: Database,
        people: People,
        declared: Declared,
        clock: Callable[[], datetime],
        others: Others,
    ) -> None:
        self._database = database
        self._said_no = others.said_no
        self._people = people
        now = clock()
        self._now = now
        self._batch = Batch(0, declared, BatchState.RUNNING, 0, Position(), {}, now, None)
        self._seen = others.seen
        self._told = others.told
        self._differing: list[tuple[int, str]] = []
        self._rows = 0
        self._counts: Counter[str] = Counter()
        self._shown: list[tuple[int, str]] = []

    def run(self, on_progress: Progress) -> ImportResult:
        """Go through the file to its end."""
        total = self._people.file.rows
        with undisturbed():
            for part in read_parts(self._people):
                self._try(part, lambda done: on_progress(done, total))
        on_progress(total, total)
        return ImportResult(
            None,
            total,
            dict(self._counts),
            None,
            tuple(self._shown),
            *_read_as(self._people),
            self._batch.declared.expires_at,
            False,
            0.0,
            tuple(self._differing),
        )

    def _try(self, part: Part, on_progress: Callable[[int], object]) -> None:
        if part.begins:
            gc.collect()
        self._counts.update(_bad(part.bad))
        self._rows += len(part.bad)
        self._shown += [row[:2] for row in part.bad][: _room(self._shown)]
        for start in range(0, len(part.people), _TRIAL_SLICE):
            some = part.people[start : start + _TRIAL_SLICE]
            self._slice(some)
            self._rows += sum(one.rows for one in some)
            on_progress(self._rows)

    def _slice(self, some: Sequence[Ready]) -> None:
        fresh = [one for one in some if one.hash not in self._seen]
        self._counts["again"] += sum(one.rows for one in some if one.hash in self._seen)
        self._seen.update(one.hash for one in fresh)
        with self._database.read() as connection:
            terms = Terms(self._batch, None, own=False, said_no=self._said_no)
            result = try_slice(connection, terms, fresh, self._now)
        self._counts.update(result.counts)
        self._shown += [row[:2] for row in result.away][: _room(self._shown)]
        # Whom another file has is changed by it before this one: not so in a dry run.
        compared = self._told.compare(some, {row[0] for row in result.away})
        self._counts += Counter(changed=compared.news, differing=len(compared.differing))
        self._differing += compared.differing[: _room(self._differing)]


def _read_as(
    people: People,
) -> tuple[str, str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    file, columns = people.file, people.columns
    return file.encoding.value, file.delimiter, columns.taken, columns.ignored


def _bad(rows: Sequence[BadRow]) -> Counter[str]:
    """Count the rows that are no people of ours, apart from those that are wrong."""
    return Counter("elsewhere" if row[1] in _ELSEWHERE else "rejected" for row in rows)


def _room(shown: Sequence[object]) -> int:
    return max(0, SHOWN_REJECTIONS - len(shown))
