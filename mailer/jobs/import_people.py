"""Reading the people of a file piece by piece, each in the order of match forms."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from zoneinfo import available_timezones

from mailer.audience.header import Columns
from mailer.audience.rowevidence import EvidenceReader, Ground, RowEvidence
from mailer.audience.rows import PersonRow, Rejected, RowReader, in_order
from mailer.audience.services import Adapter
from mailer.model.address import Role
from mailer.model.key import Key, KeyRing, Purpose, relayer
from mailer.store import salting
from mailer.store.contacts import write_json
from mailer.store.salting import Personal
from mailer.workspace.csvfiles import CsvFile, Record, records

PIECE_ROWS = 100_000
_FIRST_PIECE_ROWS = 10_000
"""Fewer, so that there is something to write soon."""

_PART_PEOPLE = 4_000

BadRow = tuple[int, str, list[str]]
"""The line, what is wrong with it, and its cells."""


class Ready(NamedTuple):
    """A person of a file, with all that can be computed before the write lock is held.

    Args:
        line: Where the first row about the person begins.
        rows: How many rows of the file it stands for.
        shared: It is an office's address.
        given: The address as it was typed.
        hash: The match form's keyed hash.
        address: The domain as A-label.
        attributes: As JSON; only those that the rows have a value for.
        personal: The match form as the ledger seals it, with where she agreed from.
        evidence: What the rows say of the consent; None when nothing.
    """

    line: int
    rows: int
    shared: bool
    given: str
    match: str
    hash: bytes
    address: str
    attributes: str
    language: str | None
    time_zone: str | None
    personal: Personal
    evidence: RowEvidence | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some people of a piece of a file.

    Args:
        first: How many rows lie before the piece.
        rows: How many rows the piece is.
        people: In the order of match forms, behind those of the part before.
        bad: The piece's rows that cannot be imported; they come with its first part.
        begins: It is the piece's first part.
        ends: It is the piece's last part.
    """

    first: int
    rows: int
    people: Sequence[Ready]
    bad: Sequence[BadRow]
    begins: bool
    ends: bool


class People:
    """Reads the people of a file, piece by piece."""

    def __init__(
        self,
        file: CsvFile,
        columns: Columns,
        ground: Ground,
        ring: KeyRing,
        adapter: Adapter | None = None,
    ) -> None:
        self.file = file
        self.columns = columns
        self.ground = ground
        self.ring = ring
        self.adapter = adapter

    def parts(self, first: int = 0, rows: int = 0) -> Generator[Part, None, None]:
        """Go through the pieces, part by part.

        Args:
            first: Where a piece began.
            rows: How long that one was; 0 for one that was not begun.
        """
        read = records(self.file, first)
        reader = self._reader()
        keys = self.ring.of(Purpose.SUPPRESSION)
        while True:
            at_most = PIECE_ROWS if first else min(PIECE_ROWS, _FIRST_PIECE_ROWS)
            people, bad, length = _piece(reader, islice(read, rows or at_most))
            if not length:
                return
            for start in range(0, len(people) or 1, _PART_PEOPLE):
                some = people[start : start + _PART_PEOPLE]
                yield Part(
                    first,
                    length,
                    _ready(some, keys, own=bool(self.columns.evidence)),
                    () if start else bad,
                    begins=not start,
                    ends=start + _PART_PEOPLE >= len(people),
                )
            first, rows = first + length, 0

    def _reader(self) -> RowReader:
        columns, ground = self.columns, self.ground
        evidence = None
        if columns.evidence:
            evidence = EvidenceReader(dict(columns.evidence), ground)
        zones = frozenset(available_timezones())
        return RowReader(columns, ground.basis, zones, evidence, self.adapter)

    def away(self, stayed: Iterable[tuple[int, str, str]]) -> list[BadRow]:
        """Return who stayed away in a slice as rows with nothing but the address."""
        adapter, columns = self.adapter, self.columns
        width = columns.width if adapter is None else adapter.width
        place = columns.address if adapter is None else adapter.address
        rows: list[BadRow] = []
        for line, reason, address in stayed:
            cells = [""] * width
            cells[place] = address
            rows.append((line, reason, cells))
        return rows


def _piece(
    reader: RowReader, some: Iterable[Record]
) -> tuple[list[PersonRow], list[BadRow], int]:
    people: list[PersonRow] = []
    bad: list[BadRow] = []
    for line, cells, problem in some:
        row = Rejected(line, problem) if problem else reader.read(line, cells)
        if isinstance(row, Rejected):
            bad.append((line, row.reason, cells))
        else:
            people.append(row)
    return in_order(people), bad, len(people) + len(bad)


def _ready(some: Sequence[PersonRow], keys: tuple[Key, ...], *, own: bool) -> list[Ready]:
    matches = [row.address.match for row in some]
    if own:
        from_where = [row.evidence and row.evidence.network_address for row in some]
        salted = salting.personal_with(list(zip(matches, from_where, strict=True)))
    else:
        salted = salting.personal(matches)
    return [
        Ready(
            row.line,
            row.rows,
            row.role is Role.SHARED,
            row.address.given,
            match,
            relayer(match.encode(), keys),
            row.address.wire,
            write_json(row.attributes),
            row.language,
            row.time_zone,
            personal,
            row.evidence,
        )
        for row, match, personal in zip(some, matches, salted, strict=True)
    ]
