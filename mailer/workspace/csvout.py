"""CSV files written so that nothing in them runs: exports, and the rows not imported.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, which
`mailer.workspace.csvfiles` takes away again when it reads one.
"""

import csv
import errno
import io
import os
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mailer.errors import ImportFileError
from mailer.workspace.csvfiles import FORMULA, CsvFile

_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


class RejectedFile:
    """The rows that were not imported, beside the file that they were in.

    It is written as the import goes on. How long it was is remembered with each slice, so
    that whoever goes on after a crash knows which of its rows count.
    """

    def __init__(self, file: CsvFile, size_bytes: int) -> None:
        """Take up the file.

        Args:
            size_bytes: How much of it counts; 0 begins anew.
        """
        source = Path(file.path)
        self.path = str(source.with_name(f"{source.stem}.rejected.csv"))
        self.size_bytes = size_bytes
        self._header = file.header
        self._delimiter = file.delimiter
        self._file: int | None = None
        with self._explained():
            if size_bytes:
                os.truncate(self._opened(), size_bytes)
            else:
                Path(self.path).unlink(missing_ok=True)

    def write(self, rows: Iterable[tuple[int, str, Sequence[str]]]) -> None:
        """Add rows, each with its line, why it was not imported, and its cells."""
        width = len(self._header)
        lines = [
            [*_fill(cells[:width], width), str(line), reason, *cells[width:]]
            for line, reason, cells in rows
        ]
        if not lines:
            return
        if not self.size_bytes:
            lines.insert(0, [*self._header, *REJECTED_COLUMNS])
        text = "".join(csv_lines(lines, self._delimiter))
        # A byte order mark: without it spreadsheets take the file for another encoding.
        content = text.encode("utf-8" if self.size_bytes else "utf-8-sig")
        with self._explained():
            written = os.pwrite(self._opened(), content, self.size_bytes)
            if written != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size_bytes += len(content)

    def close(self) -> None:
        """Close it, and return when its rows would outlast a power cut."""
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    @contextmanager
    def _explained(self) -> Generator[None, None, None]:
        try:
            yield
        except OSError as problem:
            raise ImportFileError(
                f"{self.path} cannot be written: {problem.strerror}: the rows that are not"
                " imported belong there; run the same command again to go on"
            ) from problem

    def _opened(self) -> int:
        if self._file is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self.path, flags, 0o600)
        return self._file


REJECTED_COLUMNS = ("rejected_line", "rejected_reason")
"""What a `.rejected.csv` has beside the columns of its source."""


def csv_lines(rows: Iterable[Sequence[str]], delimiter: str = ",") -> Iterator[str]:
    """Write rows as lines of CSV (RFC 4180) in which no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    for row in rows:
        writer.writerow([_escaped(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _fill(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _escaped(cell: str) -> str:
    return cell if _NUMBER.fullmatch(cell) else FORMULA.sub("'", cell)
