"""Moving in from another service: its files together, those who said no first.

Nobody is granted anything before all refusals are written down. Where two files disagree
about a person the more cautious answer counts, and is shown.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from mailer.audience.exports import Export, adapter_of, json_column, refusals_in
from mailer.audience.moments import MomentReader
from mailer.audience.refusals import Refusal, RefusalReader, Told, find_columns
from mailer.audience.rows import Rejected
from mailer.audience.services import REASONS, Adapter, Standing, json_values
from mailer.audience.shapes import Service
from mailer.errors import AddressError, ImportFileError, RefusedError
from mailer.jobs.import_contacts import (
    ImportOrder,
    columns_of,
    done_already,
    import_contacts,
)
from mailer.jobs.import_refusals import Read, RefusalResult, Writer, rows_of
from mailer.jobs.import_run import ImportResult, Progress
from mailer.jobs.import_told import FilesTold
from mailer.jobs.logbook import Logbook
from mailer.model.address import parse_address
from mailer.model.attributes import AttributeSpec
from mailer.model.suppression import Suppression
from mailer.store.database import Database
from mailer.store.suppressions import nobody_yet
from mailer.workspace.csvfiles import CsvFile, held, records, survey

_KEYS_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """What is to be imported together.

    Args:
        files: Members, or whatever the service exports.
        refusals: Files that somebody says are of people who must not get mail.
        service: Where they come from; None for plain files.
        scope: Which letters the refusals stop.
        people: What is declared about the members; its path is of no account.
    """

    files: tuple[str, ...]
    refusals: tuple[tuple[str, Standing], ...]
    service: Service | None
    scope: str
    people: ImportOrder


@dataclass(frozen=True, slots=True)
class Source:
    """One of the files.

    Args:
        told: Where its people stand, if somebody says so.
        adapter: None for a plain file.
    """

    file: CsvFile
    told: Standing | None
    adapter: Adapter | None

    @property
    def has_members(self) -> bool:
        """Say whether anybody in it may be a member."""
        return self.told is None and (self.adapter is None or self.adapter.has_members)

    @property
    def has_refusals(self) -> bool:
        """Say whether it can tell who said no."""
        return self.told in REASONS or (
            self.adapter is not None and self.adapter.has_refusals
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of it, file by file.

    Args:
        imports: None for a file of which nothing was left to import.
        left_out: Files of people who never agreed there, with their rows.
    """

    refusals: tuple[tuple[str, RefusalResult], ...]
    imports: tuple[tuple[str, ImportResult | None], ...]
    left_out: tuple[tuple[str, int], ...] = ()


def look(order: MoveOrder, specs: Mapping[str, AttributeSpec]) -> tuple[Source, ...]:
    """Read all files through and say what each is; nothing is changed.

    Raises:
        ImportFileError: when one of them as a whole cannot be imported.
    """
    zones = frozenset(available_timezones())
    told: list[tuple[str, Standing | None]] = [(path, None) for path in order.files]
    told += order.refusals
    people = order.people
    found: list[Source] = []
    for path, standing in told:
        file = survey(path, people.encoding, people.delimiter)
        adapter = None
        wrong = refusals_in(file.header, file.name)
        if order.service is None and standing is None and wrong:
            raise ImportFileError(f"{file.name} {wrong}")
        if order.service is not None:
            keys = _keys(file, json_column(order.service, file.header))
            export = Export(order.service, file.header, file.name, standing, keys)
            try:
                adapter = adapter_of(export, specs, zones)
            except ImportFileError:
                if standing is None:
                    raise
        found.append(Source(file, standing, adapter))
    return tuple(found)


def never_before(database: Database) -> bool:
    """Say whether nobody was ever imported here, and nobody's refusal is on record."""
    with database.read() as connection:
        return nobody_yet(connection)


def move_in(
    database: Database,
    logbook: Logbook,
    specs: Mapping[str, AttributeSpec],
    order: MoveOrder,
    clock: Callable[[], datetime],
    on_progress: Progress = lambda _done, _all: None,
) -> Moved:
    """Import files together: refusals first, then the members.

    Raises:
        ImportFileError: when one of them as a whole cannot be imported; found out before
            anything is changed.
        RefusedError: when it was imported already, or what is declared cannot be.
        WorkspaceError: when the logbook cannot be written.
    """
    sources = look(order, specs)
    members = [one for one in sources if one.has_members]
    for one in members:
        columns_of(one.file, specs, replace(order.people, adapter=one.adapter))
    said_no: dict[bytes, str] = {}
    refusals = tuple(
        (one.file.name, _refuse(database, logbook, order, one, clock, said_no))
        for one in sources
        if one.has_refusals
    )
    seen: set[bytes] = set()
    told = FilesTold(several=len(members) > 1)
    imports: list[tuple[str, ImportResult | None]] = []
    for one in members:
        people = replace(
            order.people,
            path=one.file.path,
            adapter=one.adapter,
            said_no=said_no,
            seen=seen,
            told=told,
        )
        if len(sources) > 1 and not people.dry_run:
            with database.read() as connection:
                done = done_already(connection, people, one.file)
            if done:
                imports.append((one.file.name, None))
                continue
        result = import_contacts(database, logbook.ring, specs, people, clock, on_progress)
        imports.append((one.file.name, result))
    if not refusals and not imports:
        raise RefusedError("none of these files has anybody to import")
    left_out = tuple(
        (one.file.name, one.file.rows)
        for one in sources
        if not one.has_members and not one.has_refusals
    )
    return Moved(refusals, tuple(imports), left_out)


def _refuse(
    database: Database,
    logbook: Logbook,
    order: MoveOrder,
    source: Source,
    clock: Callable[[], datetime],
    said_no: dict[bytes, str],
) -> RefusalResult:
    writer = Writer(database, logbook, clock, dry_run=order.people.dry_run)
    read = _plain(source, logbook, order, clock())
    if source.adapter is not None:
        read = _adapted(source, source.adapter, logbook, order, clock())
    with held(source.file):
        return writer.write(
            source.file,
            _noted(read, source, said_no),
            lambda _: None,
            keep_rejected=not source.has_members,
        )


def _noted(
    read: Iterable[Read], source: Source, said_no: dict[bytes, str]
) -> Generator[Read, None, None]:
    for row, said in read:
        if isinstance(said, Refusal):
            words = f"{said.suppression.reason} in {source.file.name}, line {said.line}"
            said_no.setdefault(said.hash, words)
        yield row, said


def _plain(
    source: Source, logbook: Logbook, order: MoveOrder, now: datetime
) -> Generator[Read, None, None]:
    columns = find_columns(source.file.header)
    if columns.own:
        raise RefusedError(
            f"{source.file.name} is an export of suppressions: bring it in with mailer"
            " suppression import"
        )
    assert source.told is not None
    told = Told(REASONS[source.told], order.scope, now, source.file.name)
    moments = MomentReader(ZoneInfo(order.people.zone), now)
    reader = RefusalReader(columns, told, moments, logbook.ring)
    for row in rows_of(source.file, columns):
        yield row, reader.read(row[0], row[1])


def _adapted(
    source: Source,
    adapter: Adapter,
    logbook: Logbook,
    order: MoveOrder,
    now: datetime,
) -> Generator[Read, None, None]:
    zone = ZoneInfo(order.people.zone)
    moments = MomentReader(zone, now, day_first=adapter.day_first)
    source_words = f"{adapter.service} {source.file.name}"
    for row in records(source.file):
        line, cells, problem = row
        if problem or len(cells) < adapter.width:
            if not adapter.has_members:
                yield row, Rejected(line, problem or "has too few cells")
            continue
        reason = REASONS.get(adapter.standing(cells))
        if reason is None:
            continue
        try:
            address = parse_address(cells[adapter.address])
        except AddressError as wrong:
            yield row, Rejected(line, str(wrong))
            continue
        since_at = _since(moments, adapter, cells) or now
        one = Suppression(order.scope, reason, since_at, None, source_words)
        hashed = logbook.ring.suppression_hash(address.match)
        yield row, Refusal(line, address.given, address.match, hashed, one)


def _since(
    moments: MomentReader, adapter: Adapter, cells: Sequence[str]
) -> datetime | None:
    """Return since when; a no is not lost because its date cannot be read."""
    try:
        return None if adapter.since is None else moments.read(cells[adapter.since])
    except ValueError:
        return None


def _keys(file: CsvFile, place: int | None) -> tuple[str, ...]:
    """Return the names in a column of JSON, in the order in which they are met."""
    if place is None:
        return ()
    found: dict[str, None] = {}
    for _, cells, problem in records(file):
        if not problem and len(cells) > place:
            found |= dict.fromkeys(json_values(cells[place]))
        if len(found) > _KEYS_AT_MOST:
            raise ImportFileError(
                f"{file.name}: the column of attributes has more than {_KEYS_AT_MOST}"
                " names: are they values?"
            )
    return tuple(found)
