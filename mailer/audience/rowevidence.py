"""What a row of an import says about its person's consent: evidence of its own.

A date that lies in the future, cannot be read or is older than can be is no evidence, and
the row that has it is refused: who imports it must look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from ipaddress import ip_address
from types import MappingProxyType
from typing import NamedTuple

from mailer.audience.moments import MomentReader
from mailer.model.consent import Basis

CONSENT, CONFIRMED, NETWORK, WORDING, PURCHASE = EVIDENCE_NAMES = (
    "consent_at", "confirmed_at", "consent_ip", "wording", "purchase_at",
)  # fmt: skip
"""What columns of evidence are called."""

INQUIRY_FOR = timedelta(days=183)
"""How long an implied permission lasts after an inquiry: six months under Canada's CASL."""

PURCHASE_FOR = timedelta(days=730)
"""… and after a purchase: two years."""


class RowEvidence(NamedTuple):
    """What a row says of its person's consent.

    Args:
        wording: The version of the list's words that she saw.
        network_address: Where she agreed from.
        expires_at: When the permission ends, as it follows from this; None where it does
            not follow.
    """

    consent_at: datetime | None = None
    confirmed_at: datetime | None = None
    purchase_at: datetime | None = None
    wording: int | None = None
    network_address: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What is declared about a file, as far as its rows may say more.

    Args:
        words: The versions of the list's words, and each in words.
        words_floor: The lowest version that people may be written to under.
        expires: The end of the permission was declared, so that it follows from nothing.
        zone: Where times without an offset were written.
        day_first: The program that wrote the file writes 31-12-2024.
    """

    basis: Basis
    words: Mapping[int, str]
    words_floor: int
    expires: bool
    zone: tzinfo
    now: datetime
    day_first: bool = False


class EvidenceReader:
    """Reads the evidence of the rows of one file."""

    def __init__(self, places: Mapping[str, int], ground: Ground) -> None:
        """Take what is the same for all rows.

        Args:
            places: Where the columns of evidence are, by `EVIDENCE_NAMES`.
        """
        self._places = MappingProxyType(dict(places))
        self._ground = ground
        self._moments = MomentReader(ground.zone, ground.now, day_first=ground.day_first)
        self._versions = {words: number for number, words in ground.words.items()}

    def read(self, cells: Sequence[str]) -> RowEvidence | None:
        """Return what a row says; None when it says nothing.

        Raises:
            ValueError: in words for the person whose file it is.
        """
        consent_at = self._moment(cells, CONSENT)
        confirmed_at = self._moment(cells, CONFIRMED)
        purchase_at = self._moment(cells, PURCHASE)
        network = self._cell(cells, NETWORK)
        words = self._cell(cells, WORDING)
        if not (consent_at or confirmed_at or purchase_at or network or words):
            return None
        if consent_at and confirmed_at and confirmed_at < consent_at:
            raise ValueError(
                f"{CONFIRMED}: {confirmed_at:%Y-%m-%d %H:%M} is before {CONSENT},"
                f" {consent_at:%Y-%m-%d %H:%M}"
            )
        return RowEvidence(
            consent_at,
            confirmed_at,
            purchase_at,
            self._wording(words) if words else None,
            _network(network) if network else None,
            self._expiry(consent_at, purchase_at),
        )

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else cells[place].strip()

    def _moment(self, cells: Sequence[str], name: str) -> datetime | None:
        try:
            return self._moments.read(self._cell(cells, name))
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from None

    def _wording(self, cell: str) -> int:
        ground = self._ground
        version = int(cell) if cell.isdecimal() else self._versions.get(cell)
        if version is None or version not in ground.words:
            known = ", ".join(map(str, sorted(ground.words)))
            raise ValueError(
                f"{WORDING}: {cell[:40]!r} is neither a version of the list's words"
                f" ({known}) nor the very words of one"
            )
        if version < ground.words_floor:
            raise ValueError(
                f"{WORDING}: who agreed to version {version} of the words may not be"
                f" written to now; version {ground.words_floor} is needed"
            )
        return version

    def _expiry(
        self, consent_at: datetime | None, purchase_at: datetime | None
    ) -> datetime | None:
        """Return when an implied permission ends, by what it is implied by."""
        ground = self._ground
        if ground.expires or ground.basis is not Basis.IMPLIED:
            return None
        if purchase_at is not None:
            ends, what = purchase_at + PURCHASE_FOR, PURCHASE
        elif consent_at is not None:
            ends, what = consent_at + INQUIRY_FOR, CONSENT
        else:
            return None
        if ends <= ground.now:
            raise ValueError(
                f"{what}: the permission that it implies ended on {ends:%Y-%m-%d}"
            )
        return ends


def merged(first: RowEvidence | None, later: RowEvidence | None) -> RowEvidence | None:
    """Let the later of two rows about a person speak where it says something."""
    if first is None or later is None:
        return later or first
    pairs = zip(first, later, strict=True)
    return RowEvidence._make(old if new is None else new for old, new in pairs)


@lru_cache(10_000)
def _network(cell: str) -> str:
    try:
        return str(ip_address(cell))
    except ValueError:
        raise ValueError(f"{NETWORK}: {cell[:40]!r} is no IP address") from None
