"""CSV files of people: read row by row in flat memory, and written so that nothing runs.

A file is read twice: first as a whole (in which encoding is it, does every quotation mark
close, how many rows, which hash), so that a file that cannot be read is refused before
anything of it is imported; then row by row. A single bad row is reported, not raised.

Cells that a spreadsheet would take for a formula are written with an apostrophe before
them, and read without it; so are parts of cells that would be cells of their own where
something else stands between them.
"""

import csv
import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from mailer.errors import ImportFileError, RefusedError
from mailer.workspace.encodings import Encoding, find_encoding

MAX_LINE = 1 << 20
"""Characters; a longer line is rejected without being kept in memory."""

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
"""What may stand between cells, by name."""

_SIGN = r"[=+\-@\t\uff1d\uff0b\uff0d\uff20]"
"""What a spreadsheet may take for the beginning of a formula, the full-width ones too."""

_CELL = (r"(?:^|(?<=[;,|\t]))", rf"(?=['\"]*(?:{_SIGN}|[\r\n]))")
"""Where a cell begins, or another one would where a spreadsheet splits at another sign.

It takes away a quotation mark that stands before the sign.
"""

_ROW = (r"(?<=[\r\n])", rf"(?=['\"]*{_SIGN})")
"""Where a row would begin: splitting so, a spreadsheet sees no cell that is quoted."""

FORMULA = re.compile("|".join(f"{where}{what}" for where, what in (_CELL, _ROW)))
"""Where an apostrophe is written: also where one stands that must come back as it was."""

_APOSTROPHE = re.compile("|".join(f"{where}'{what}" for where, what in (_CELL, _ROW)))
_STANDS_FOR_LONG = "\0\n"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that was read through once.

    Args:
        name: The file's name without its folder.
        hash: The SHA-256 of its bytes, hexadecimal.
        codec: Python's name of the encoding that it is read in.
        rows: How many there are below the header, blank lines not counted.
        escaped: Some cells were perhaps written with an apostrophe before a formula.
        stamp: Its size in bytes and when it was last changed, in nanoseconds.
    """

    path: str
    name: str
    hash: str
    encoding: Encoding
    codec: str
    delimiter: str
    header: tuple[str, ...]
    rows: int
    escaped: bool
    stamp: tuple[int, int]


Record = tuple[int, list[str], str]
"""The line that a row begins in, its cells, and why it cannot be read ("" when it can)."""


def survey(
    path: str, encoding: Encoding | None = None, delimiter: str | None = None
) -> CsvFile:
    """Read a file through and say what is in it.

    Args:
        encoding: What somebody says that it is in; None finds out.
        delimiter: What somebody says that stands between cells; None finds out.

    Raises:
        ImportFileError: when the file as a whole cannot be imported: missing, empty, in no
            encoding or in two, a quotation mark that never closes.
    """
    # A name in no encoding of ours (Windows-1252, say) is kept and shown all the same.
    name = os.fsencode(Path(path).name).decode("utf-8", "replace")
    look = _Look()
    try:
        with Path(path).open("rb") as raw:
            stamp = _stamp(os.fstat(raw.fileno()))
            found = find_encoding(raw, name, encoding, look)
    except OSError as problem:
        raise ImportFileError(f"{path} cannot be read: {problem.strerror}") from problem
    with _open(path, found.codec) as file:
        first = file.readline(MAX_LINE)
        delimiter = delimiter or _delimiter(first)
        file.seek(0)
        read = _records(file, delimiter, name)
        nothing: Record = (1, [], "there is no header")
        _, header, wrong = next(read, nothing)
        if wrong:
            raise ImportFileError(f"{name}, line 1: {wrong}")
        # Without a quotation mark a line is a row, and nothing can be wrong with it.
        rows = sum(1 for _ in read) if look.quoted else _count(file)
    return CsvFile(
        path=path,
        name=name,
        hash=found.hash,
        encoding=found.encoding,
        codec=found.codec,
        delimiter=delimiter,
        header=tuple(header),
        rows=rows,
        escaped=look.escaped,
        stamp=stamp,
    )


class _Look:
    """Looks at a text as it goes by: are there quotation marks, apostrophes?"""

    def __init__(self) -> None:
        self.quoted = False
        self.escaped = False

    def __call__(self, text: str) -> None:
        self.quoted = self.quoted or '"' in text
        self.escaped = self.escaped or "'" in text


@contextmanager
def held(file: CsvFile) -> Generator[None, None, None]:
    """Keep other programs from importing the same file meanwhile.

    Raises:
        RefusedError: when another one does.
    """
    with Path(file.path).open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"{file.name} is being imported by another program: wait until it has ended"
            ) from None
        yield


def records(file: CsvFile, skip: int = 0) -> Generator[Record, None, None]:
    """Read a file's rows, without the first `skip` of them."""
    with _open(file.path, file.codec) as opened:
        read = islice(_records(opened, file.delimiter, file.name), 1 + skip, None)
        if not file.escaped:
            yield from read
            return
        for line, cells, problem in read:
            yield line, _unescaped(cells), problem


def require_unchanged(file: CsvFile) -> None:
    """Make sure that a file is still the one that was surveyed.

    Raises:
        ImportFileError: when it was changed since.
    """
    if _stamp(Path(file.path).stat()) != file.stamp:
        raise ImportFileError(
            f"{file.name} was changed while it was read: what was imported so far is as it"
            " was then; import the changed file once it is complete"
        )


def _unescaped(cells: list[str]) -> list[str]:
    return [_APOSTROPHE.sub("", cell) if "'" in cell else cell for cell in cells]


def _open(path: str, codec: str) -> TextIO:
    return Path(path).open(encoding=codec, newline="")


def _stamp(found: os.stat_result) -> tuple[int, int]:
    return (found.st_size, found.st_mtime_ns)


def _delimiter(first_line: str) -> str:
    """Return what stands between the names of a header; a comma if there is only one."""
    outside = re.sub(r'"[^"]*"', "", first_line)
    return max(DELIMITERS.values(), key=outside.count)


def _lines(file: TextIO, too_long: set[int]) -> Generator[str, None, None]:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
            yield line
            continue
        while line and not line.endswith(("\n", "\r")):
            line = file.readline(MAX_LINE)
        too_long.add(number)
        yield _STANDS_FOR_LONG


def _count(file: TextIO) -> int:
    return sum(1 for line in _lines(file, set()) if line.strip("\r\n"))


def _records(file: TextIO, delimiter: str, name: str) -> Generator[Record, None, None]:
    too_long: set[int] = set()
    reader = csv.reader(_lines(file, too_long), delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if reader.line_num > first:
                raise ImportFileError(
                    f"{name}, line {first}: a quotation mark opens in this row and does not"
                    f" close as it should (line {reader.line_num}: {problem}): put the cell"
                    " right; nothing of the file was imported"
                ) from None
            yield first, [], f"is not CSV: {problem}"
            continue
        if too_long and not too_long.isdisjoint(range(first, reader.line_num + 1)):
            yield first, [], f"is longer than {MAX_LINE} characters"
        elif cells:
            yield first, cells, ""
