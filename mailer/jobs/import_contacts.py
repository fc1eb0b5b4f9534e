"""Importing people with their consent: what is declared about a file, and may it be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.audience.admission import expiry
from mailer.audience.header import Columns, read_header
from mailer.audience.rowevidence import Ground
from mailer.audience.services import Adapter
from mailer.errors import RefusedError
from mailer.jobs.import_people import People
from mailer.jobs.import_run import Import, ImportResult, Progress, Trial
from mailer.jobs.import_told import FilesTold
from mailer.model.attributes import AttributeSpec
from mailer.model.consent import Basis
from mailer.model.key import KeyRing
from mailer.model.mailinglist import MailingList
from mailer.store.batches import (
    Batch,
    BatchState,
    Declared,
    begin_batch,
    find_batch,
)
from mailer.store.database import Connection, Database
from mailer.store.lists import see_list
from mailer.workspace.csvfiles import CsvFile, held, survey
from mailer.workspace.encodings import Encoding


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What the marketer wants imported, and what she declares about it.

    Args:
        source: Where these people agreed, in words that hold no personal data.
        wording: The version of the list's words that they saw; None for those in force.
        expires_at: When the permission ends; None for never, or for implied permission
            `IMPLIED_FOR` from now.
        encoding: What the file is in; None finds out.
        delimiter: What stands between its cells; None finds out.
        called: What columns are to be taken for, by their names in the file.
        zone: Where times without an offset were written.
        ignore_unknown: Leave out columns that are not declared.
        dry_run: Change nothing, and say what would be done.
        adapter: For a file of another service.
        seen: Whom a dry run has met in another file of the same import, by keyed hash.
        said_no: Who must not get mail by another file of the same import, by keyed hash.
        told: What the files before this one said about people.
    """

    path: str
    mailing_list: MailingList
    basis: Basis
    source: str
    wording: int | None = None
    expires_at: datetime | None = None
    encoding: Encoding | None = None
    delimiter: str | None = None
    called: Mapping[str, str] = field(default_factory=dict[str, str])
    zone: str = "UTC"
    ignore_unknown: bool = False
    dry_run: bool = False
    adapter: Adapter | None = None
    said_no: Mapping[bytes, str] = field(default_factory=dict[bytes, str])
    seen: set[bytes] = field(default_factory=set[bytes])
    told: FilesTold = field(default_factory=FilesTold)


def import_contacts(
    database: Database,
    ring: KeyRing,
    specs: Mapping[str, AttributeSpec],
    order: ImportOrder,
    clock: Callable[[], datetime],
    on_progress: Progress = lambda _done, _all: None,
) -> ImportResult:
    """Import a file of people, or go on with it.

    Raises:
        ImportFileError: when the file as a whole cannot be imported; nothing of it was.
        RefusedError: when it was imported already, or what is declared cannot be.
    """
    file = survey(order.path, order.encoding, order.delimiter)
    columns = columns_of(file, specs, order)
    declared = _declare(order, file, clock())
    people = People(file, columns, _ground(order, clock()), ring, order.adapter)
    order.told.begin(file.name)
    with held(file):
        if order.dry_run:
            return Trial(database, people, declared, clock, order).run(on_progress)
        with database.write() as connection:
            batch = _begin(connection, order, declared, clock())
        return Import(database, people, batch, clock, order).run(on_progress)


def columns_of(
    file: CsvFile, specs: Mapping[str, AttributeSpec], order: ImportOrder
) -> Columns:
    """Find out which column of a file is what.

    Raises:
        ImportFileError: names columns that are missing, unknown or there twice.
    """
    header = file.header if order.adapter is None else order.adapter.header
    return read_header(
        header,
        specs,
        ignore_unknown=order.ignore_unknown,
        called=order.called,
        shown=file.header,
    )


def done_already(connection: Connection, order: ImportOrder, file: CsvFile) -> bool:
    """Say whether nothing of a file is left to import, as it is declared."""
    found = find_batch(connection, file.hash, order.mailing_list.id)
    if found is None or found.state is not BatchState.DONE:
        return False
    was = found.declared
    return (was.basis, was.source) == (order.basis, order.source.strip())


def _ground(order: ImportOrder, now: datetime) -> Ground:
    mailing_list = order.mailing_list
    return Ground(
        order.basis,
        {one.version: one.text for one in mailing_list.wordings},
        mailing_list.words_floor,
        expires=order.expires_at is not None,
        zone=ZoneInfo(order.zone),
        now=now,
        day_first=order.adapter is not None and order.adapter.day_first,
    )


def _declare(order: ImportOrder, file: CsvFile, now: datetime) -> Declared:
    mailing_list = order.mailing_list
    wording = mailing_list.wording.version if order.wording is None else order.wording
    versions = sorted(one.version for one in mailing_list.wordings)
    where = f"lists/{mailing_list.name}.toml"
    if wording not in versions:
        raise RefusedError(
            f"{where} has no version {wording} of its words; it has {versions}"
        )
    if wording < mailing_list.words_floor:
        raise RefusedError(
            f"{where}: who agreed to version {wording} of the words may not be written"
            f" to now; version {mailing_list.words_floor} is needed"
        )
    if not order.source.strip():
        raise RefusedError("say where these people agreed: --source 'stall at the fair'")
    expires_at = expiry(order.basis, order.expires_at, now)
    if expires_at is not None and expires_at <= now:
        raise RefusedError(
            f"the permission would have ended already, on {expires_at:%Y-%m-%d}"
        )
    return Declared(
        file.name,
        file.hash,
        file.rows,
        mailing_list.id,
        order.basis,
        order.source.strip(),
        wording,
        expires_at,
    )


def _begin(
    connection: Connection, order: ImportOrder, declared: Declared, now: datetime
) -> Batch:
    see_list(connection, order.mailing_list, now)
    found = find_batch(connection, declared.file_hash, declared.list_id)
    if found is None or found.state is BatchState.UNDONE:
        return begin_batch(connection, declared, now)
    was = found.declared
    same = (was.basis, was.source) == (declared.basis, declared.source)
    if found.state is BatchState.RUNNING and same:
        return found
    if found.state is BatchState.DONE and not same:
        return begin_batch(connection, declared, now)
    raise RefusedError(_why_not(found, declared))


def _why_not(found: Batch, declared: Declared) -> str:
    undo = f"mailer contact import-undo {found.id}"
    name = declared.file_name
    match found.state:
        case BatchState.UNDOING:
            return (
                f"{name} was imported as batch {found.id}, which is half undone: finish"
                f" that first with {undo}"
            )
        case BatchState.RUNNING:
            was = found.declared
            return (
                f"{name} is half imported as batch {found.id} with --basis {was.basis}"
                f" --source {was.source!r}: go on with the same, or undo it with {undo}"
            )
        case BatchState.DONE | BatchState.UNDONE:
            return (
                f"{name} was already imported as batch {found.id} on"
                f" {found.started_at:%Y-%m-%d}: nothing is left to do (to take it back:"
                f" {undo})"
            )
