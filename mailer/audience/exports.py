"""Finding out what an export file is: by its columns, by its name, or because it is said.

When in doubt somebody is no member, and a file of refusals is never taken for one of
people.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailer.audience.header import column_name
from mailer.audience.services import REASONS, Adapter, Standing
from mailer.audience.shapes import SHAPES, Service, Shape
from mailer.errors import ImportFileError

_BY_NAME = (
    (Standing.NEVER, re.compile(r"non-?_?subscribed|never|transactional|archived")),
    (Standing.UNSUBSCRIBED, re.compile(r"unsub|suppress|block-?_?list|blacklist|opt.?out")),
    (Standing.BOUNCED, re.compile(r"cleaned_members|hard.?bounce|bounced")),
    (Standing.COMPLAINED, re.compile(r"complain|marked.?as.?spam")),
)
_BLOCKS = re.compile("black|block")
_TELLING = frozenset(
    (
        "unsub_time", "clean_time", "unsub_reason", "email_marketing_consent",
        "email_suppressions", "email_blacklisted", "emailblacklisted", "blocklisted",
    )
)  # fmt: skip
"""Columns by which a file says that somebody said no."""


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
    told = export.told
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
    keys = _keys(export.keys, ours)
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
        keys=keys,
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


def _keys(keys: Sequence[str], ours: Sequence[str]) -> tuple[str, ...]:
    """Return the names of JSON that are no column yet; of two that look alike the first."""
    taken = set(ours)
    fresh: list[str] = []
    for key in keys:
        if column_name(key) not in taken:
            taken.add(column_name(key))
            fresh.append(key)
    return tuple(fresh)


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
