"""Importing a file of refusals, slice by slice.

Each slice is on disk before the next begins. An import that was cut off is run again: what
is on record already is passed over, so it comes to the same.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain, islice

from mailer.audience.moments import MomentReader
from mailer.audience.refusals import (
    Refusal,
    RefusalColumns,
    RefusalReader,
    Told,
    find_columns,
)
from mailer.audience.rows import Rejected
from mailer.errors import RefusedError
from mailer.jobs.logbook import Logbook
from mailer.jobs.refusing import Recorder, noes_of, refuse, tried
from mailer.jobs.slices import Slicer
from mailer.model.consent import How, SuppressionReason
from mailer.store.database import Database
from mailer.store.suppressions import Held
from mailer.workspace.csvfiles import CsvFile, Record, held, records, survey
from mailer.workspace.csvout import RejectedFile
from mailer.workspace.encodings import Encoding

SHOWN_REJECTIONS = 20
_TRIAL_SLICE = 1_000
_AT_MOST = 5_000

Read = tuple[Record, Refusal | Rejected]
"""A row of a file of refusals, and what it says."""


@dataclass(frozen=True, slots=True)
class RefusalOrder:
    """A file of refusals, and what is said about it.

    Args:
        reason: Why these must not get mail; None when our own export says it itself.
        scope: Which letters stop.
        source: Where the file comes from; "" for its name.
        encoding: What the file is in; None finds out.
        delimiter: What stands between its cells; None finds out.
        dry_run: Change nothing, and say what would be done.
    """

    path: str
    reason: SuppressionReason | None
    scope: str
    source: str = ""
    encoding: Encoding | None = None
    delimiter: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RefusalResult:
    """What came of it.

    Args:
        counts: Rows by `added`, `changed`, `already`, `ended` and `rejected`; they add up
            to `rows`. Beside them `left`, in people.
        rejected_path: The file of rows that say nothing; None without any.
        first_rejected: The first of them: line and reason.
    """

    rows: int
    counts: dict[str, int]
    rejected_path: str | None
    first_rejected: tuple[tuple[int, str], ...]
    encoding: str
    delimiter: str


def import_refusals(
    database: Database,
    logbook: Logbook,
    order: RefusalOrder,
    zone: tzinfo,
    clock: Callable[[], datetime],
    on_progress: Callable[[int, int], object] = lambda _done, _all: None,
) -> RefusalResult:
    """Import a file of addresses that must not get mail.

    Args:
        zone: Where times without an offset were written.

    Raises:
        ImportFileError: when the file as a whole cannot be read.
        RefusedError: when no reason is given, or one too many.
        WorkspaceError: when the logbook cannot be written: import the file again then.
    """
    file = survey(order.path, order.encoding, order.delimiter)
    columns = find_columns(file.header)
    if columns.own and order.reason is not None:
        raise RefusedError(
            f"{file.name} is an export of suppressions and says its own reasons: leave"
            " --reason and --list out"
        )
    if not columns.own and order.reason is None:
        raise RefusedError("say why: --reason unsubscribed, bounced or complained")
    now = clock()
    told = Told(order.reason, order.scope, now, order.source or file.name)
    reader = RefusalReader(columns, told, MomentReader(zone, now), logbook.ring)
    read = ((row, reader.read(row[0], row[1])) for row in rows_of(file, columns))
    total = file.rows + (not columns.headed)
    writer = Writer(database, logbook, clock, dry_run=order.dry_run)
    with held(file):
        return writer.write(file, read, lambda done: on_progress(done, total))


def rows_of(file: CsvFile, columns: RefusalColumns) -> Iterator[Record]:
    """Read the rows of a file of refusals, the first one too where there is no header."""
    if columns.headed:
        return records(file)
    first: Record = (1, list(file.header), "")
    return chain([first], records(file))


class Writer:
    """Writes what files of refusals say."""

    def __init__(
        self,
        database: Database,
        logbook: Logbook,
        clock: Callable[[], datetime],
        *,
        dry_run: bool,
    ) -> None:
        self._database = database
        self._logbook = logbook
        self._clock = clock
        self._dry_run = dry_run
        self._slicer = Slicer(database)

    def write(
        self,
        file: CsvFile,
        rows: Iterable[Read],
        on_progress: Callable[[int], object],
        *,
        keep_rejected: bool = True,
    ) -> RefusalResult:
        """Write down what all rows of a file say.

        Args:
            keep_rejected: Keep what cannot be read beside the file; not where an import of
                the same file does that.
        """
        counts: Counter[str] = Counter()
        shown: list[tuple[int, str]] = []
        rejected = None
        if keep_rejected and not self._dry_run:
            rejected = RejectedFile(file, 0)
        done = 0
        try:
            for some in self._slices(rows):
                bad = [
                    (row[0], said.reason, row[1])
                    for row, said in some
                    if isinstance(said, Rejected)
                ]
                good = [said for _, said in some if isinstance(said, Refusal)]
                if rejected is not None:
                    rejected.write(bad)
                shown += [row[:2] for row in bad][: max(0, SHOWN_REJECTIONS - len(shown))]
                counts += self._slice(good) + Counter(rejected=len(bad))
                done += len(some)
                on_progress(done)
        finally:
            if rejected is not None:
                rejected.close()
        path = rejected.path if rejected is not None and rejected.size_bytes else None
        return RefusalResult(
            done, dict(counts), path, tuple(shown), file.encoding.value, file.delimiter
        )

    def _slices(self, rows: Iterable[Read]) -> Generator[list[Read], None, None]:
        read = iter(rows)
        while some := list(islice(read, self._size())):
            yield some

    def _size(self) -> int:
        return _TRIAL_SLICE if self._dry_run else min(_AT_MOST, self._slicer.size)

    def _slice(self, refusals: list[Refusal]) -> Counter[str]:
        now = self._clock()
        standing = [one for one in refusals if one.suppression.in_force(now)]
        counts = Counter(ended=len(refusals) - len(standing))
        recorder = Recorder(How.IMPORT)
        if self._dry_run:
            with self._database.read() as connection:
                came, left = tried(connection, standing, recorder, now)
        else:
            self._note(standing, recorder, now)
            with self._slicer.turn() as connection:
                came, left = refuse(connection, self._logbook.ring, standing, recorder, now)
        counts.update(one.value for one in came)
        counts["left"] = left
        return counts

    def _note(self, refusals: list[Refusal], recorder: Recorder, now: datetime) -> None:
        """Write down in the logbook what is new: a file may be imported many times."""
        with self._database.read() as connection:
            came, _ = tried(connection, refusals, recorder, now)
        new = [
            one
            for one, held in zip(refusals, came, strict=True)
            if held is not Held.ALREADY
        ]
        self._logbook.note(noes_of(new, recorder))
