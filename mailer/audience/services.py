"""Export files of other services: what their columns are, and who says no in them.

A service's file is read through an adapter, which gives its columns our names, leaves out
what says nothing about a person, and tells whether somebody is a member there.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from mailer.audience.shapes import Service
from mailer.model.consent import SuppressionReason


class Standing(StrEnum):
    """Where somebody stood with the other service."""

    MEMBER = "member"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NEVER = "never"


REASONS = {
    Standing.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
    Standing.BOUNCED: SuppressionReason.BOUNCED,
    Standing.COMPLAINED: SuppressionReason.COMPLAINED,
}
"""Who stood so must not get mail from us either."""

ELSEWHERE = {
    Standing.UNSUBSCRIBED: "unsubscribed there, and kept away here",
    Standing.BOUNCED: "bounced there, and kept away here",
    Standing.COMPLAINED: "complained there, and kept away here",
    Standing.NEVER: "never agreed there, and left out here",
}
"""What is said about rows of no members."""


_SAYS_YES = frozenset({"subscribed", "enabled", "confirmed"})
_SAYS_NO = frozenset({"unsubscribed", "blocklisted", "blacklisted", "suppressed"})
_SAID_OF_BLOCKS: dict[str, str] = {
    "true": "blocklisted", "yes": "blocklisted", "1": "blocklisted",
    "false": "subscribed", "no": "subscribed", "0": "subscribed",
}  # fmt: skip
_COMPLAINT = re.compile(r"abuse|spam|complain", re.IGNORECASE)
_BOUNCE = re.compile(r"bounce|invalid|cleaned", re.IGNORECASE)
_EMPTY = frozenset({"", "[]", "{}", "null", "none", "n/a"})
_NO_YEAR = re.compile(r"[0-9]{1,2}/[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class Adapter:
    """How the rows of one file of a service are read.

    Args:
        header: The names of its columns as we call them; "" for one that is left out.
        width: How many columns the file has itself.
        whole: Where all of its people stand; None where a column says it.
        address: The place of the address.
        blocks: The column says yes of those who are blocked.
        keys: The names in its column of JSON, each a column of its own behind the others.
    """

    service: Service
    header: tuple[str, ...]
    width: int
    whole: Standing | None
    address: int
    status: int | None
    since: int | None
    why: int | None
    day_first: bool
    zones: frozenset[str]
    blocks: bool = False
    tags: int | None = None
    time_zone: int | None = None
    birthday: int | None = None
    json: int | None = None
    keys: tuple[str, ...] = ()

    @property
    def has_members(self) -> bool:
        """Say whether anybody in it may be a member."""
        return self.whole in (None, Standing.MEMBER)

    @property
    def has_refusals(self) -> bool:
        """Say whether it can tell who said no."""
        return self.status is not None or self.whole in REASONS

    def standing(self, cells: Sequence[str]) -> Standing:
        """Say where somebody stood, by a row."""
        why = "" if self.why is None else cells[self.why].strip()
        said = _by_reason(why) if why.lower() not in _EMPTY else None
        if self.whole is not None:
            return _weightier(self.whole, said)
        if said is not None:
            return said
        assert self.status is not None
        word = cells[self.status].strip().lower().replace(" ", "_")
        if self.blocks:
            word = _SAID_OF_BLOCKS.get(word, word)
        if word in _SAYS_YES:
            return Standing.MEMBER
        return Standing.UNSUBSCRIBED if word in _SAYS_NO else Standing.NEVER

    def cells(self, cells: Sequence[str]) -> list[str]:
        """Return a row's cells as an import wants them."""
        row = list(cells)
        if self.tags is not None:
            row[self.tags] = _tags(row[self.tags])
        if self.time_zone is not None and row[self.time_zone].strip() not in self.zones:
            row[self.time_zone] = ""
        if self.birthday is not None and _NO_YEAR.fullmatch(row[self.birthday].strip()):
            row[self.birthday] = ""
        if self.json is not None:
            values = json_values(row[self.json])
            row += [cell_of(values.get(key)) for key in self.keys]
        return row


def json_values(cell: str) -> dict[str, object]:
    """Read a cell of JSON; what is none says nothing."""
    try:
        found: object = json.loads(cell) if cell.strip() else {}
    except ValueError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def cell_of(value: object) -> str:
    """Write a value of JSON as a cell says it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ";".join(map(str, cast("list[object]", value)))
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _by_reason(why: str) -> Standing:
    if _COMPLAINT.search(why):
        return Standing.COMPLAINED
    return Standing.BOUNCED if _BOUNCE.search(why) else Standing.UNSUBSCRIBED


def _weightier(whole: Standing, said: Standing | None) -> Standing:
    """Return what a row's reason makes of where all of its file stand."""
    if said is None or whole not in REASONS:
        return whole
    return said if said is Standing.COMPLAINED or whole is Standing.UNSUBSCRIBED else whole


def _tags(cell: str) -> str:
    """Write `"one","two"` as `one;two`."""
    parts = (part.strip().strip('"').replace(";", " ") for part in cell.split(","))
    return ";".join(part for part in parts if part)
