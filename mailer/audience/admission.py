"""What an import does to each person in it: consent rules, and what it changes.

An import can only add. Whoever is suppressed or has left stays away, whatever the file
says; who stands on the list already keeps what stands; and what was known before is
remembered, so that the import can be undone.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.audience.rows import PersonRow
from mailer.audience.standing import after
from mailer.model.consent import Basis, SubscriptionStatus
from mailer.model.contact import Details
from mailer.model.subscription import Entry, Subscription
from mailer.model.suppression import SAID_BY_THE_PERSON, Suppression

IMPLIED_FOR = timedelta(days=183)
"""How long an implied permission lasts when nothing is said: an inquiry's six months under
Canada's CASL; a purchase's two years must be said."""


class Admission(StrEnum):
    """What becomes of a person in an import."""

    ADDED = "added"
    JOINED = "joined"
    RENEWED = "renewed"
    ALREADY_ON = "already_on"
    AGAIN = "again"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    CONFLICTING = "conflicting"


GRANTS = frozenset({Admission.ADDED, Admission.JOINED, Admission.RENEWED})
"""These get an entry in the ledger."""

STAY_AWAY = frozenset({Admission.SUPPRESSED, Admission.LEFT, Admission.CONFLICTING})
"""Nothing about these is changed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record about somebody in an import.

    Args:
        is_contact: There is a contact.
        subscription: Where the contact stands on the list.
        batch_id: The import that the subscription rests on, if it was one.
        suppression: One that keeps the list's letters from the address.
    """

    is_contact: bool = False
    subscription: Subscription | None = None
    batch_id: int | None = None
    suppression: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an import changes about a contact.

    Args:
        details: What is known from now on.
        before: The values of the changed names as they were; missing where there was none.
        after: The values of the changed names as they are from now on.
    """

    details: Details
    before: dict[str, object]
    after: dict[str, object]


def admit(known: Known, grant: Entry) -> Admission:
    """Say what becomes of a person whom an import would grant permission for."""
    if known.suppression is not None:
        return Admission.SUPPRESSED
    if known.subscription is None:
        return Admission.JOINED if known.is_contact else Admission.ADDED
    standing = known.subscription
    if standing.status is SubscriptionStatus.UNSUBSCRIBED:
        return Admission.LEFT
    if after(standing, grant) != standing:
        return Admission.RENEWED
    if known.batch_id is not None and known.batch_id == grant.batch_id:
        return Admission.AGAIN
    return Admission.ALREADY_ON


def why_away(known: Known) -> str:
    """Say to the marketer why somebody was not imported."""
    if known.suppression is not None:
        one = known.suppression
        way_back = (
            "only the person can end that, by signing up"
            if one.reason in SAID_BY_THE_PERSON
            else "if that was a mistake, `mailer suppression lift` ends it"
        )
        return (
            f"the address is suppressed ({one.reason}, scope {one.scope}) since"
            f" {one.since_at:%Y-%m-%d}: {way_back}"
        )
    assert known.subscription is not None
    return (
        f"left this list on {known.subscription.since_at:%Y-%m-%d}: only the person can"
        " come back, by signing up"
    )


def expiry(basis: Basis, asked: datetime | None, now: datetime) -> datetime | None:
    """Return when a permission ends by itself; None for never."""
    if asked is None and basis is Basis.IMPLIED:
        return now + IMPLIED_FOR
    return asked


def details_of(row: PersonRow) -> Details:
    """Return what a row says about somebody new."""
    return Details(row.attributes, row.language, row.time_zone)


def change(known: Details, said: Details, own: Container[str] = ()) -> Change | None:
    """Return what a row says that changes something about a contact; None for nothing.

    Args:
        own: The names of what the person herself set: nobody else's word changes that.
    """
    before: dict[str, object] = {}
    now: dict[str, object] = {}
    old = _flat(known)
    for name, value in _flat(said).items():
        if name in own:
            continue
        if name not in old or not _same(old[name], value):
            now[name] = value
            if name in old:
                before[name] = old[name]
    return Change(_details(old | now), before, now) if now else None


def undo(
    known: Details,
    before: dict[str, object],
    after: dict[str, object],
    own: Container[str] = (),
) -> Details | None:
    """Put back what an import changed and nothing changed since; None for nothing.

    Args:
        own: The names of what the person herself set: that stays.
    """
    values = _flat(known)
    ours = [
        name
        for name in after
        if name not in own and name in values and _same(values[name], after[name])
    ]
    for name in ours:
        if name in before:
            values[name] = before[name]
        else:
            del values[name]
    return _details(values) if ours else None


_LANGUAGE, _ZONE = "language", "time_zone"  # no attribute may be called so


def _flat(details: Details) -> dict[str, object]:
    values = dict(details.attributes)
    if details.language is not None:
        values[_LANGUAGE] = details.language
    if details.time_zone is not None:
        values[_ZONE] = details.time_zone
    return values


def _details(values: dict[str, object]) -> Details:
    language, zone = values.pop(_LANGUAGE, None), values.pop(_ZONE, None)
    assert language is None or isinstance(language, str)
    assert zone is None or isinstance(zone, str)
    return Details(values, language, zone)


def _same(one: object, other: object) -> bool:
    """Compare as JSON does: 1 is not true."""
    return type(one) is type(other) and one == other
