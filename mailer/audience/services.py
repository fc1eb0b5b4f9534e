"""Export files of other services: what their columns are, and who says no in them.

A service's file is read through an adapter, which gives its columns our names, leaves out
what says nothing about a person, and tells from the file's shape, its name or a column in
it whether somebody is a member there. When in doubt somebody is none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from mailer.audience.header import column_name
from mailer.audience.shapes import SHAPES, Service, Shape
from mailer.errors import ImportFileError
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


_BY_NAME = (
    (Standing.NEVER, re.compile(r"non-?_?subscribed|never|transactional|archived")),
    (Standing.UNSUBSCRIBED, re.compile(r"unsub|suppress|block-?_?list|blacklist|opt.?out")),
    (Standing.BOUNCED, re.compile(r"cleaned_members|hard.?bounce|bounced")),
    (Standing.COMPLAINED, re.compile(r"complain|marked.?as.?spam")),
)
_SAYS_YES = frozenset({"subscribed", "enabled", "confirmed"})
_SAYS_NO = frozenset({"unsubscribed", "blocklisted", "blacklisted", "suppressed"})
_BLOCKS = re.compile("black|block")
_SAID_OF_BLOCKS: dict[str, str] = {
    "true": "blocklisted", "yes": "blocklisted", "1": "blocklisted",
    "false": "subscribed", "no": "subscribed", "0": "subscribed",
}  # fmt: skip
_TELLING = frozenset(
    (
        "unsub_time", "clean_time", "unsub_reason", "email_marketing_consent",
        "email_suppressions", "email_blacklisted", "emailblacklisted", "blocklisted",
    )
)  # fmt: skip
"""Columns by which a file says that somebody said no."""

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


@dataclass(frozen=True, slots=True)
class Export:
    """A file of a service, as far as its header and its name tell.

    Args:
        told: Where its people stand, if somebody says so.
        keys: The names in its column of JSON.
    """

    service: Service
    header: Sequence[str]
    file_name: str
    told: Standing | None = None
    keys: Sequence[str] = ()


def adapter_of(
    export: Export, declared: Mapping[str, object], zones: frozenset[str]
) -> Adapter:
    """Find out what a file of a service is.

    Args:
        declared: The names of the attributes that there are.
        zones: The names of all time zones (IANA).

    Raises:
        ImportFileError: when it is none of the service's, or cannot tell members from
            others.
    """
    service, header, file_name = export.service, export.header, export.file_name
    told, keys = export.told, export.keys
    shape = SHAPES[service]
    names = [column_name(cell) for cell in header]
    ours = [_ours(name, shape, names, declared) for name in names]
    if "email" not in ours:
        raise ImportFileError(
            f"{file_name} is no export of {service}: it has no column of email addresses"
        )
    status = next((names.index(name) for name in shape.status if name in names), None)
    json_at = json_column(service, header)
    if json_at is not None:
        ours[json_at] = ""
    whole = told or _whole(names, file_name, status)
    why = next((names.index(name) for name in shape.why if name in names), None)
    if whole is Standing.MEMBER and shape.needs_status and told is None:
        raise ImportFileError(
            f"{file_name} does not say who is subscribed: export it with the column"
            " 'Email Marketing Consent', or say what it is: --unsubscribed FILE"
        )

    def place(name: str) -> int | None:
        return ours.index(name) if name in ours else None

    return Adapter(
        service,
        (*ours, *keys),
        len(header),
        whole,
        ours.index("email"),
        None if whole is not None else status,
        next((names.index(name) for name in shape.since if name in names), None),
        why,
        shape.day_first,
        zones,
        tags=place("tags"),
        time_zone=place("time_zone"),
        birthday=place("birthday"),
        json=json_at,
        keys=tuple(keys),
        blocks=status is not None and _BLOCKS.search(names[status]) is not None,
    )


def refusals_in(header: Sequence[str], file_name: str) -> str:
    """Say why a file that is to be imported as people looks like one of refusals.

    Returns:
        "" for one that does not.
    """
    names = {column_name(cell) for cell in header}
    if {"hash", "scope", "reason"} <= names:
        return "is an export of suppressions: bring it in with mailer suppression import"
    if found := sorted(names & _TELLING):
        return (
            f"has a column {found[0]!r}, so not everybody in it may be written to: say"
            " which service it is from (--from mailchimp, klaviyo, brevo or listmonk), or"
            " what it is: --unsubscribed, --bounced or --complained FILE"
        )
    standing = next(
        (one for one, found in _BY_NAME if found.search(file_name.lower())), None
    )
    if standing in REASONS:
        return (
            f"is called as if they had {standing}: say --{standing} FILE, or give it"
            " another name if they want your letters"
        )
    return ""


def json_column(service: Service, header: Sequence[str]) -> int | None:
    """Return the place of the column that holds all else as JSON; None without one."""
    names = [column_name(cell) for cell in header]
    if service is Service.LISTMONK and "attributes" in names:
        return names.index("attributes")
    return None


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


def _ours(
    name: str, shape: Shape, names: Sequence[str], declared: Mapping[str, object]
) -> str:
    if name in shape.left_out:
        return ""
    candidates = shape.known.get(name, (name,))
    if len(candidates) == 1:
        return candidates[0]
    return next(
        (
            one
            for one in candidates
            if one in declared and (one == name or one not in names)
        ),
        name,
    )


def _whole(names: Sequence[str], file_name: str, status: int | None) -> Standing | None:
    """Say where all people of a file stand, by its shape or its name."""
    if "unsub_time" in names:
        return Standing.UNSUBSCRIBED
    if "clean_time" in names:
        return Standing.BOUNCED
    for standing, pattern in _BY_NAME:
        if pattern.search(file_name.lower()):
            return standing
    return None if status is not None else Standing.MEMBER


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
