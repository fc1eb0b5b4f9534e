"""Reading the rows of an import: what each says about a person.

A cell that says nothing never erases a value, and a bad row is a value of its own: it is
reported with its line and what is wrong with it, and the others go on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailer.audience.header import Columns
from mailer.audience.rowevidence import EvidenceReader, RowEvidence, merged
from mailer.audience.services import ELSEWHERE, Adapter, Standing
from mailer.errors import AddressError, did_you_mean
from mailer.model.address import Address, Role, parse_address, role_of
from mailer.model.attributes import AttributeSpec, coerce
from mailer.model.consent import Basis

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")
_CELLS_REMEMBERED = 20_000
_WRONG_NAMES = 100


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
        evidence: What it says of the consent; None when nothing.
    """

    line: int
    address: Address
    role: Role
    attributes: dict[str, object]
    language: str | None
    time_zone: str | None
    rows: int = 1
    evidence: RowEvidence | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not imported, and why."""

    line: int
    reason: str


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

    def __init__(
        self,
        columns: Columns,
        basis: Basis,
        zones: frozenset[str],
        evidence: EvidenceReader | None = None,
        adapter: Adapter | None = None,
    ) -> None:
        """Take what is the same for all rows.

        Args:
            zones: The names of all time zones (IANA).
            evidence: Reads the columns of evidence; None without any.
            adapter: For a file of another service.
        """
        self._adapter = adapter
        self._evidence = evidence
        self._columns = columns
        self._doubly_confirmed = basis is Basis.DOUBLE_OPT_IN
        self._zones = zones
        self._attributes = [(place, _Cells(spec)) for place, spec in columns.attributes]
        self._languages: dict[str, str | None] = {}
        self._no_zones: dict[str, str] = {}

    def read(self, line: int, cells: Sequence[str]) -> PersonRow | Rejected:
        """Say what a row says, or what is wrong with it."""
        columns, adapter = self._columns, self._adapter
        width = columns.width if adapter is None else adapter.width
        try:
            if len(cells) != width:
                cells = _trimmed(cells, width)
            if adapter is not None:
                standing = adapter.standing(cells)
                if standing is not Standing.MEMBER:
                    return Rejected(line, ELSEWHERE[standing])
                cells = adapter.cells(cells)
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
                evidence=None if self._evidence is None else self._evidence.read(cells),
            )
        except (AddressError, ValueError) as problem:
            return Rejected(line, str(problem))

    def _language(self, cells: Sequence[str]) -> str | None:
        assert self._columns.language is not None
        cell = cells[self._columns.language]
        if cell not in self._languages:
            if len(self._languages) >= _CELLS_REMEMBERED:
                self._languages.clear()
            self._languages[cell] = language_tag(cell)
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
        evidence=merged(first.evidence, later.evidence),
    )


def _trimmed(cells: Sequence[str], width: int) -> Sequence[str]:
    """Return a row without the empty cells that spreadsheets like to add."""
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        raise ValueError(
            f"has {len(cells)} cells where the header has {width}: a cell that holds the"
            " separator needs quotation marks"
        )
    return cells[:width]


def language_tag(cell: str) -> str | None:
    """Return a language tag as it is kept (RFC 5646 §2.1.1); None for an empty cell.

    Raises:
        ValueError: in words for the person whose cell it is.
    """
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
