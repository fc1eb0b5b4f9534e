"""Which encoding a file of people is in: told, marked, or found out by reading it through.

UTF-8 is recognised by being it: text of another encoding with letters beyond ASCII hardly
ever is. What is not UTF-8 and has no mark is Windows-1252, as tills and spreadsheets write
it, unless parts of it are UTF-8: then two files were put together, and a person decides.
"""

import codecs
import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailer.errors import ImportFileError

_BLOCK_BYTES = 1 << 20
_LOOKED_AT = 4096
_MOSTLY = 0.4
_ZIP = b"PK\x03\x04"
_WORKBOOK = re.compile(rb"\[Content_Types\]|xl/|mimetype")
_IN_UTF8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


class Encoding(StrEnum):
    """An encoding, as people call it."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "windows-1252"


@dataclass(frozen=True, slots=True)
class Found:
    """How a file is to be read, and what its bytes say.

    Args:
        codec: Python's name of the encoding; a mark at the beginning is no text.
        hash: The SHA-256 of its bytes, hexadecimal.
    """

    encoding: Encoding
    codec: str
    hash: str


_MARKS = {
    codecs.BOM_UTF8: (Encoding.UTF_8, "utf-8-sig"),
    codecs.BOM_UTF16_LE: (Encoding.UTF_16, "utf-16"),
    codecs.BOM_UTF16_BE: (Encoding.UTF_16, "utf-16"),
}
_CODECS = {
    Encoding.UTF_8: "utf-8-sig",
    Encoding.UTF_16: "utf-16-le",
    Encoding.WINDOWS_1252: "cp1252",
}


def find_encoding(
    raw: io.BufferedReader,
    name: str,
    told: Encoding | None,
    look: Callable[[str], object],
) -> Found:
    """Read a file through and say in which encoding it is.

    Args:
        name: The file's name, for what is said about it.
        told: What somebody says that it is; None finds out.
        look: Called with the whole text, block by block, from the beginning on whenever
            another encoding is tried.

    Raises:
        ImportFileError: when it is empty, no text, in no encoding, or in two.
    """
    begin = raw.peek(_LOOKED_AT)[:_LOOKED_AT]
    _require_text(begin, name)
    encoding, codec = _by_its_beginning(begin, told)
    try:
        return Found(encoding, codec, _read(raw, codec, look))
    except _WrongError as wrong:
        if told is not None or encoding is not Encoding.UTF_8:
            raise wrong.as_error(name, encoding) from None
        if wrong.cut_off:
            raise ImportFileError(
                f"{name} ends in the middle of a character (line {wrong.line}): was it cut"
                " off? Get the whole file"
            ) from None
        not_utf8 = wrong
    raw.seek(0)
    _require_not_mixed(raw, name, not_utf8)
    raw.seek(0)
    try:
        digest = _read(raw, "cp1252", look)
    except _WrongError as wrong:
        raise ImportFileError(
            f"{name}, line {wrong.line}: byte {wrong.byte:#04x} is neither UTF-8 nor"
            " Windows-1252: save the file as 'CSV UTF-8'"
        ) from None
    return Found(Encoding.WINDOWS_1252, "cp1252", digest)


class _WrongError(Exception):
    """Some bytes are not what they should be."""

    def __init__(self, line: int, byte: int, *, cut_off: bool) -> None:
        super().__init__(line, byte)
        self.line = line
        self.byte = byte
        self.cut_off = cut_off

    def as_error(self, name: str, encoding: Encoding) -> ImportFileError:
        return ImportFileError(
            f"{name}, line {self.line}: byte {self.byte:#04x} is not {encoding.value}: look"
            " for another --encoding, or save the file as 'CSV UTF-8'"
        )


def _require_text(begin: bytes, name: str) -> None:
    if not begin:
        raise ImportFileError(f"{name} is empty")
    if begin.startswith(_ZIP) and _WORKBOOK.search(begin):
        raise ImportFileError(
            f"{name} is a workbook, not CSV: save it as 'CSV UTF-8' and import that"
        )
    if begin.startswith(_ZIP):
        raise ImportFileError(
            f"{name} is a ZIP: unpack it, and import the CSV files in it together"
        )


def _by_its_beginning(begin: bytes, told: Encoding | None) -> tuple[Encoding, str]:
    for mark, found in _MARKS.items():
        if begin.startswith(mark) and told in {None, found[0]}:
            return found
    if told in {None, Encoding.UTF_16}:
        # Letters of Western alphabets have a NUL beside them in UTF-16.
        half = max(1, len(begin) // 2)
        if begin[1::2].count(0) / half > _MOSTLY:
            return Encoding.UTF_16, "utf-16-le"
        if begin[::2].count(0) / half > _MOSTLY:
            return Encoding.UTF_16, "utf-16-be"
    encoding = told or Encoding.UTF_8
    return encoding, _CODECS[encoding]


def _read(raw: io.BufferedReader, codec: str, look: Callable[[str], object]) -> str:
    """Decode a file block by block; return the hash of its bytes."""
    hashed, decoder, line = hashlib.sha256(), codecs.getincrementaldecoder(codec)(), 1
    while True:
        block = raw.read(_BLOCK_BYTES)
        hashed.update(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as problem:
            line += problem.object[: problem.start].count(b"\n")
            cut_off = not block or "unexpected end" in problem.reason
            raise _WrongError(
                line, problem.object[problem.start], cut_off=cut_off
            ) from None
        look(text)
        if not block:
            return hashed.hexdigest()
        line += text.count("\n")


def _require_not_mixed(raw: io.BufferedReader, name: str, wrong: _WrongError) -> None:
    for number, line in enumerate(raw, 1):
        if not line.isascii() and _IN_UTF8.search(line):
            raise ImportFileError(
                f"{name} is in two encodings: line {number} is UTF-8, line {wrong.line} is"
                " not. Were two files put together? Import them one by one, or say which it"
                " is: --encoding windows-1252 reads all of it"
            )
