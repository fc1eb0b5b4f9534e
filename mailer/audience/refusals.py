"""Reading files of refusals: addresses that must not get mail, and why.

Such a file needs nothing but addresses, with a header or without. Our own export says more
in each row: the scope, the reason, since when, and for addresses that nobody knows any more
the keyed hash.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.header import ADDRESS_NAMES, column_name
from mailer.audience.moments import MomentReader
from mailer.audience.rows import Rejected
from mailer.errors import AddressError, ImportFileError
from mailer.model.address import parse_address
from mailer.model.consent import SuppressionReason
from mailer.model.key import KeyRing
from mailer.model.kind import Scope
from mailer.model.suppression import Suppression

OWN_COLUMNS = ("address", "hash", "scope", "reason", "since", "until", "source")
"""What our export of suppressions has."""

_SCOPE = re.compile(rf"{Scope.MARKETING}|{Scope.EVERYTHING}|{Scope.LIST}:[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An address that must not get mail.

    Args:
        line: Where it stands in its file.
        given: The address as it was typed, or the hash.
        match: The match form; None for one of which there is only the hash.
        hash: The keyed hash.
    """

    line: int
    given: str
    match: str | None
    hash: bytes
    suppression: Suppression


@dataclass(frozen=True, slots=True)
class Told:
    """What is said about all rows of a file.

    Args:
        reason: None when each row says its own.
        scope: Which letters stop, where a row does not say.
        since_at: Since when, where a row does not say.
        source: Where from, in words that hold no personal data.
    """

    reason: SuppressionReason | None
    scope: str
    since_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class RefusalColumns:
    """Where in a row is what.

    Args:
        headed: The first row is a header, and no address.
        places: By `OWN_COLUMNS`; only those that there are.
    """

    width: int
    headed: bool
    places: dict[str, int]

    @property
    def own(self) -> bool:
        """Say whether it is an export of ours."""
        return "hash" in self.places

    @property
    def address(self) -> int:
        """The place of the address."""
        return self.places["address"]


def find_columns(header: Sequence[str]) -> RefusalColumns:
    """Find out which column is the address, by its name or by what stands in the first row.

    Raises:
        ImportFileError: when none is.
    """
    names = [column_name(cell) for cell in header]
    if {"hash", "scope", "reason"} <= set(names):
        places = {name: names.index(name) for name in OWN_COLUMNS if name in names}
        if "address" in places:
            return RefusalColumns(len(header), headed=True, places=places)
    for name in ADDRESS_NAMES:
        if name in names:
            return RefusalColumns(len(header), True, {"address": names.index(name)})
    for place, cell in enumerate(header):
        if _is_address(cell):
            return RefusalColumns(len(header), False, {"address": place})
    cells = ", ".join(repr(cell[:40]) for cell in header)
    raise ImportFileError(
        f"no column is the address: which of {cells} is it? Call it email, or give a file"
        " with nothing but addresses"
    )


class RefusalReader:
    """Reads rows of one file of refusals."""

    def __init__(
        self,
        columns: RefusalColumns,
        told: Told,
        moments: MomentReader,
        ring: KeyRing,
    ) -> None:
        """Take what is the same for all rows."""
        self._columns = columns
        self._told = told
        self._moments = moments
        self._ring = ring

    def read(self, line: int, cells: Sequence[str]) -> Refusal | Rejected:
        """Say who must not get mail, or what is wrong with the row."""
        if len(cells) <= max(self._columns.places.values()):
            return Rejected(line, f"has only {len(cells)} cells")
        try:
            given = cells[self._columns.address].strip()
            if given or not self._columns.own:
                match: str | None = parse_address(given).match
                hashed = self._ring.suppression_hash(match or "")
            else:
                given, match = self._cell(cells, "hash"), None
                hashed = self._ring.written_hash(given)
            suppression = self._own(cells) if self._columns.own else self._plain()
            return Refusal(line, given, match, hashed, suppression)
        except (AddressError, ValueError) as problem:
            return Rejected(line, str(problem))

    def _plain(self) -> Suppression:
        told = self._told
        assert told.reason is not None
        return Suppression(told.scope, told.reason, told.since_at, None, told.source)

    def _own(self, cells: Sequence[str]) -> Suppression:
        scope, word = self._cell(cells, "scope"), self._cell(cells, "reason")
        if not _SCOPE.fullmatch(scope):
            raise ValueError(f"scope: {scope[:40]!r} is neither marketing nor list:<id>")
        if word not in {reason.value for reason in SuppressionReason}:
            raise ValueError(f"reason: {word[:40]!r} is none")
        return Suppression(
            scope,
            SuppressionReason(word),
            self._since(cells),
            _until(self._cell(cells, "until")),
            self._cell(cells, "source") or self._told.source,
        )

    def _since(self, cells: Sequence[str]) -> datetime:
        """Return since when; a no is not lost because its date cannot be read."""
        try:
            since = self._moments.read(self._cell(cells, "since"))
        except ValueError:
            since = None
        return since or self._told.since_at

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self._columns.places.get(name)
        return "" if place is None else cells[place].strip()


def _until(cell: str) -> datetime | None:
    if not cell:
        return None
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"until: {cell[:40]!r} is no time of an export")
    return moment


def _is_address(cell: str) -> bool:
    try:
        parse_address(cell)
    except AddressError:
        return False
    return True
