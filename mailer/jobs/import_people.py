"""Reading the people of a file piece by piece, each in the order of match forms."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from zoneinfo import available_timezones

from mailer.audience.rows import Columns, PersonRow, Rejected, RowReader, in_order
from mailer.jobs.import_slice import SliceResult
from mailer.model.consent import Basis
from mailer.workspace.csvfiles import CsvFile, Record, records

PIECE_ROWS = 100_000

BadRow = tuple[int, str, list[str]]
"""The line, what is wrong with it, and its cells."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file, read.

    Args:
        first: How many rows lie before it.
        rows: How many rows it is.
        people: Who is in it, in the order of match forms.
        bad: Its rows that cannot be imported.
    """

    first: int
    rows: int
    people: list[PersonRow]
    bad: list[BadRow]


class People:
    """Reads the people of a file, piece by piece."""

    def __init__(self, file: CsvFile, columns: Columns, basis: Basis) -> None:
        self.file = file
        self.columns = columns
        self._reader = RowReader(columns, basis, frozenset(available_timezones()))

    def pieces(self, first: int = 0, rows: int = 0) -> Generator[Piece, None, None]:
        """Go through the pieces.

        Args:
            first: Where one began.
            rows: How long that one was; 0 for one that was not begun.
        """
        read = records(self.file, first)
        while (piece := self._piece(first, islice(read, rows or PIECE_ROWS))).rows:
            yield piece
            first, rows = first + piece.rows, 0

    def _piece(self, first: int, some: Iterable[Record]) -> Piece:
        people: list[PersonRow] = []
        bad: list[BadRow] = []
        rows = 0
        for line, cells, problem in some:
            rows += 1
            row = Rejected(line, problem) if problem else self._reader.read(line, cells)
            if isinstance(row, Rejected):
                bad.append((line, row.reason, cells))
            else:
                people.append(row)
        return Piece(first, rows, in_order(people), bad)

    def away(self, result: SliceResult) -> list[BadRow]:
        """Return who stayed away in a slice as rows with nothing but the address."""
        rows: list[BadRow] = []
        for line, reason, address in result.away:
            cells = [""] * self.columns.width
            cells[self.columns.address] = address
            rows.append((line, reason, cells))
        return rows
