"""Reading the header of an import: which column is what.

Capitals, spaces and hyphens do not count. What nobody declared is refused with the nearest
right name, so that a slip of the pen loses no column.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from mailer.audience.rowevidence import EVIDENCE_NAMES
from mailer.errors import ImportFileError, did_you_mean
from mailer.model.attributes import RESERVED_NAMES, AttributeSpec

ADDRESS_NAMES = (
    "email", "e_mail", "email_address", "e_mail_address", "mail", "epost", "e_post",
    "address",
)  # fmt: skip
"""What the column of addresses may be called; the first that there is counts."""

_EMAIL = "email"
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "þ": "th"})
_LANGUAGE_NAMES = ("language", "lang", "locale")
_ZONE_NAMES = ("time_zone", "timezone", "zone")
HOW_OFTEN = "how_often"
"""An export's column of how often a person wants letters: only she can say that."""

_OUR_OWN = frozenset({"rejected_line", "rejected_reason", HOW_OFTEN})


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row is what.

    Args:
        attributes: Place and declaration of each.
        ignored: The names of columns that nobody asked for.
        taken: The other columns' names as they are in the header, and what each was taken
            for, in their order.
        evidence: Name and place of the columns that say something of the consent.
    """

    width: int
    address: int
    language: int | None
    time_zone: int | None
    attributes: tuple[tuple[int, AttributeSpec], ...]
    ignored: tuple[str, ...]
    taken: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, int], ...] = ()


def read_header(
    header: Sequence[str],
    specs: Mapping[str, AttributeSpec],
    *,
    ignore_unknown: bool,
    called: Mapping[str, str] = MappingProxyType({}),
    shown: Sequence[str] = (),
) -> Columns:
    """Find out which column is what; capitals, spaces and hyphens do not count.

    Args:
        called: What columns are to be taken for, by their names in the header.
        shown: What the columns are called in the file, if the header is not the file's.

    Raises:
        ImportFileError: names columns that are missing, unknown or there twice, with the
            nearest right name.
    """
    meant = _meant(header, specs, called)
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = _meaning(cell, meant, specs)
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
    evidence = tuple(
        (name, places.pop(name))
        for name in EVIDENCE_NAMES
        if name in places and name not in specs
    )
    unknown = [name for name in places if name not in _OUR_OWN]
    if unknown and not ignore_unknown:
        raise ImportFileError(_about_unknown(unknown, specs))
    names |= {place: spec.name for place, spec in attributes}
    names |= {place: name for name, place in evidence}
    taken = tuple(
        (cell.strip(), names[place])
        for place, cell in enumerate([*shown, *header[len(shown) :]])
        if place in names
    )
    return Columns(
        len(header), address, language, zone, attributes, tuple(unknown), taken, evidence
    )


def _meaning(
    cell: str, meant: Mapping[str, str], specs: Mapping[str, AttributeSpec]
) -> str:
    name = column_name(cell)
    if name in meant or name in specs:
        return meant.get(name, name)
    plain = attribute_name(cell)
    return plain if plain in specs else name


def _meant(
    header: Sequence[str], specs: Mapping[str, AttributeSpec], called: Mapping[str, str]
) -> dict[str, str]:
    """Return what columns were said to be, by their names as they are compared."""
    there = {column_name(cell): cell for cell in header}
    known = [_EMAIL, "language", "time_zone", *specs, *EVIDENCE_NAMES]
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


def column_name(cell: str) -> str:
    """Return a column's name as it is compared: no capitals, `_` for spaces and hyphens."""
    return re.sub(r"[\s\-]+", "_", cell.strip().lower())


def attribute_name(cell: str) -> str:
    """Return what the attribute of a column is called: skostorrelse for `Skostørrelse`."""
    text = unicodedata.normalize("NFKD", cell.lower().translate(_LETTERS))
    plain = text.encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "column"
    if name[0].isdigit():
        name = f"n_{name}"
    return f"{name}_field" if name in RESERVED_NAMES else name


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
        " them, let --declare do it, or import without them: --ignore-unknown"
    )


def _perhaps(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
