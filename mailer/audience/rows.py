"""Reading the rows of an import: which column is what, and what a row says about a person.

A cell that says nothing never erases a value, and a bad row is a value of its own: it is
reported with its line and what is wrong with it, and the others go on.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from mailer.errors import AddressError, ImportFileError, did_you_mean
from mailer.model.address import Address, Role, parse_address, role_of
from mailer.model.attributes import AttributeSpec, coerce
from mailer.model.consent import Basis

ADDRESS_NAMES = (
    "email", "e_mail", "email_address", "e_mail_address", "mail", "epost", "e_post",
    "address",
)  # fmt: skip
"""What the column of addresses may be called; the first that there is counts."""

_EMAIL = "email"
_LANGUAGE_NAMES = ("language", "lang", "locale")
_ZONE_NAMES = ("time_zone", "timezone", "zone")
_OUR_OWN = frozenset({"rejected_line", "rejected_reason"})
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")
_CELLS_REMEMBERED = 20_000
_WRONG_NAMES = 100


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row is what.

    Args:
        attributes: Place and declaration of each.
        ignored: The names of columns that nobody asked for.
        taken: The other columns' names as they are in the header, and what each was taken
            for, in their order.
    """

    width: int
    address: int
    language: int | None
    time_zone: int | None
    attributes: tuple[tuple[int, AttributeSpec], ...]
    ignored: tuple[str, ...]
    taken: tuple[tuple[str, str], ...]


# Not frozen: a million are made, and setting seven fields the frozen way takes 2 µs more.
@dataclass(slots=True)
class PersonRow:
    """What a row says about a person.

    Args:
        line: The line that it begins in.
        role: What sort of address it is.
        attributes: Only those that the row has a value for.
        language: None when the row does not say.
        time_zone: None when the row does not say.
        rows: How many rows of the file it stands for.
    """

    line: int
    address: Address
    role: Role
    attributes: dict[str, object]
    language: str | None
    time_zone: str | None
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not imported, and why."""

    line: int
    reason: str


def read_header(
    header: Sequence[str],
    specs: Mapping[str, AttributeSpec],
    *,
    ignore_unknown: bool,
    called: Mapping[str, str] = MappingProxyType({}),
) -> Columns:
    """Find out which column is what; capitals, spaces and hyphens do not count.

    Args:
        called: What columns are to be taken for, by their names in the header.

    Raises:
        ImportFileError: names columns that are missing, unknown or there twice, with the
            nearest right name.
    """
    meant = _meant(header, specs, called)
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = meant.get(column_name(cell), column_name(cell))
        if "\0" in cell:
            raise ImportFileError(
                "the header holds a NUL: this looks like UTF-16 or no text at all; save"
                " the file as 'CSV UTF-8'"
            )
        if name and name in places:
            raise ImportFileError(f"the header has two columns {cell.strip()!r}: keep one")
        if name:
            places[name] = place
    address = _take(places, ADDRESS_NAMES)
    if address is None:
        raise ImportFileError(
            f"the header has no column for the address: which of {_listed(header)} is it?"
            " Call it email, or say --column NAME=email; a first line with the names of the"
            " columns is needed"
        )
    language, zone = _take(places, _LANGUAGE_NAMES), _take(places, _ZONE_NAMES)
    names = {address: _EMAIL, language: "language", zone: "time_zone"}
    attributes = tuple(
        (places.pop(name), spec) for name, spec in specs.items() if name in places
    )
    unknown = [name for name in places if name not in _OUR_OWN]
    if unknown and not ignore_unknown:
        raise ImportFileError(_about_unknown(unknown, specs))
    names |= {place: spec.name for place, spec in attributes}
    taken = tuple(
        (cell.strip(), names[place]) for place, cell in enumerate(header) if place in names
    )
    return Columns(len(header), address, language, zone, attributes, tuple(unknown), taken)


def _meant(
    header: Sequence[str], specs: Mapping[str, AttributeSpec], called: Mapping[str, str]
) -> dict[str, str]:
    """Return what columns were said to be, by their names as they are compared."""
    there = {column_name(cell): cell for cell in header}
    known = [_EMAIL, "language", "time_zone", *specs]
    meant: dict[str, str] = {}
    for cell, what in called.items():
        if column_name(cell) not in there:
            near = did_you_mean(cell, list(there.values()), "")
            raise ImportFileError(f"--column: the header has no {cell!r}{near}")
        if what not in known:
            near = did_you_mean(what, known, f"a contact has: {', '.join(known)}")
            raise ImportFileError(f"--column {cell}={what}: there is no {what!r}{near}")
        meant[column_name(cell)] = what
    return meant


class _Cells(dict[str, object]):
    """What the cells of one column mean: None for one that says nothing."""

    def __init__(self, spec: AttributeSpec) -> None:
        super().__init__()
        self.name = spec.name
        self._spec = spec

    def __missing__(self, cell: str) -> object:
        value: object = None
        if cell and not cell.isspace():
            try:
                value = coerce(self._spec, cell)
            except ValueError as problem:
                raise ValueError(f"{self.name}: {problem}") from None
        if len(self) < _CELLS_REMEMBERED:
            self[cell] = value
        return value


class RowReader:
    """Reads rows of one import; the same cells are understood once."""

    def __init__(self, columns: Columns, basis: Basis, zones: frozenset[str]) -> None:
        """Take what is the same for all rows.

        Args:
            zones: The names of all time zones (IANA).
        """
        self._columns = columns
        self._doubly_confirmed = basis is Basis.DOUBLE_OPT_IN
        self._zones = zones
        self._attributes = [(place, _Cells(spec)) for place, spec in columns.attributes]
        self._languages: dict[str, str | None] = {}
        self._no_zones: dict[str, str] = {}

    def read(self, line: int, cells: Sequence[str]) -> PersonRow | Rejected:
        """Say what a row says, or what is wrong with it."""
        columns = self._columns
        try:
            if len(cells) != columns.width:
                cells = _trimmed(cells, columns.width)
            address = parse_address(cells[columns.address])
            role = role_of(address)
            if role is Role.REFUSED and not self._doubly_confirmed:
                raise _not_a_person(address)
            attributes: dict[str, object] = {}
            for place, known in self._attributes:
                value = known[cells[place]]
                if value is not None:
                    attributes[known.name] = value
            return PersonRow(
                line,
                address,
                role,
                attributes,
                None if columns.language is None else self._language(cells),
                None if columns.time_zone is None else self._zone(cells[columns.time_zone]),
            )
        except (AddressError, ValueError) as problem:
            return Rejected(line, str(problem))

    def _language(self, cells: Sequence[str]) -> str | None:
        assert self._columns.language is not None
        cell = cells[self._columns.language]
        if cell not in self._languages:
            if len(self._languages) >= _CELLS_REMEMBERED:
                self._languages.clear()
            self._languages[cell] = _language(cell)
        return self._languages[cell]

    def _zone(self, cell: str) -> str | None:
        name = cell.strip()
        if not name or name in self._zones:
            return name or None
        # Looking for the nearest name takes 10 ms, and a wrong one rarely comes alone.
        if name not in self._no_zones and len(self._no_zones) < _WRONG_NAMES:
            near = did_you_mean(name, self._zones, "write it like Europe/Oslo")
            self._no_zones[name] = near
        near = self._no_zones.get(name, "")
        raise ValueError(f"time_zone: {name[:40]!r} is no time zone{near}")


def in_order(rows: Iterable[PersonRow]) -> list[PersonRow]:
    """Put rows in the order of their match forms, with those of one person made one."""
    merged: list[PersonRow] = []
    # Rows of one person keep their order.
    for row in sorted(rows, key=_match):
        if merged and merged[-1].address.match == row.address.match:
            merged[-1] = _together(merged[-1], row)
        else:
            merged.append(row)
    return merged


def _match(row: PersonRow) -> str:
    return row.address.match


def _together(first: PersonRow, later: PersonRow) -> PersonRow:
    """Let the later row speak where it says something."""
    return replace(
        first,
        attributes=first.attributes | later.attributes,
        language=later.language or first.language,
        time_zone=later.time_zone or first.time_zone,
        rows=first.rows + later.rows,
    )


def _trimmed(cells: Sequence[str], width: int) -> Sequence[str]:
    """Return a row without the empty cells that spreadsheets like to add."""
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        raise ValueError(
            f"has {len(cells)} cells where the header has {width}: a cell that holds the"
            " separator needs quotation marks"
        )
    return cells[:width]


def _language(cell: str) -> str | None:
    text = cell.strip()
    if not text:
        return None
    found = _LANGUAGE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"language: {text[:40]!r} is no language tag: write it like nb or en-GB"
        )
    # RFC 5646 §2.1.1: tags are compared without capitals; the language itself has none.
    return found[1].lower() + text[len(found[1]) :].replace("_", "-")


def _not_a_person(address: Address) -> AddressError:
    return AddressError(
        f"{address.given} is an office's address, not a person's (RFC 2142): it needs a"
        " double opt-in"
    )


def column_name(cell: str) -> str:
    """Return a column's name as it is compared: no capitals, `_` for spaces and hyphens."""
    return re.sub(r"[\s\-]+", "_", cell.strip().lower())


def _take(places: dict[str, int], names: Iterable[str]) -> int | None:
    return next((places.pop(name) for name in names if name in places), None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names)


def _about_unknown(unknown: Sequence[str], specs: Mapping[str, AttributeSpec]) -> str:
    known = [*specs, "email", "language", "time_zone"]
    words = ", ".join(f"{name[:40]!r}{_perhaps(name, known)}" for name in unknown)
    return (
        f"the header has columns that are not declared: {words}. A contact has:"
        f" {', '.join(known)}. Declare them in config.toml ([attributes.<name>]), rename"
        " them, or import without them: --ignore-unknown"
    )


def _perhaps(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
