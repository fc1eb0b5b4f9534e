"""What a sign-up on a page leads to, and what a person's own confirmation puts an end to.

Anyone may type anyone's address into a form. So nothing that is asked here changes what
stands: only the letter that goes to the address can do that, by what its reader does. And
nobody can learn from the answer who is on record, or have letters sent to somebody who
does not want them (list-bombing).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailer.model.consent import Act, Basis, How, SubscriptionStatus
from mailer.model.key import KeyRing
from mailer.model.kind import KINDS, Kind, Scope
from mailer.model.mailinglist import OptIn
from mailer.model.signup import SignUpRules
from mailer.model.subscription import Entry, Subscription
from mailer.model.suppression import Suppression, list_scope, scopes_against

_NETWORK_BITS = {4: 24, 6: 56}
"""What one customer of a provider has, or few."""


class Answer(StrEnum):
    """What a sign-up leads to."""

    LETTER = "letter"
    """A confirmation letter goes to the address."""
    JOINED = "joined"
    """The person is on the list at once (single opt-in)."""
    NOTHING = "nothing"
    """The page answers as always, and nothing is sent."""
    LATER = "later"
    """Too many sign-ups at once: the page asks to try again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How much was asked lately.

    Args:
        same_list: Letters to this address for this list in the last 24 hours.
        same_address: Letters to this address for any list in the last 24 hours.
        network: Sign-ups from this network in the last hour.
        everyone: Sign-ups in the last hour.
    """

    same_list: int = 0
    same_address: int = 0
    network: int = 0
    everyone: int = 0


@dataclass(frozen=True, slots=True)
class Joiner:
    """What is on record about an address that is signed up.

    Args:
        is_person: The address is a person's, as far as its name tells (RFC 2142).
        suppressions: Of the address, whatever their scopes, those in force.
    """

    opt_in: OptIn
    is_person: bool
    subscription: Subscription | None
    suppressions: Sequence[Suppression]


def answer(joiner: Joiner, asked: Asked, rules: SignUpRules, list_id: str) -> Answer:
    """Say what a sign-up leads to.

    The limits that say `LATER` do not depend on the address.
    """
    if asked.network >= rules.from_network_an_hour or asked.everyone >= rules.an_hour:
        return Answer.LATER
    stopped = {scope.value for scope in KINDS[Kind.CONFIRMATION].stopped_by}
    if any(one.scope in stopped for one in joiner.suppressions):
        return Answer.NOTHING
    if joiner.opt_in is OptIn.SINGLE and _comes_freely(joiner, list_id):
        return Answer.JOINED
    if asked.same_list or asked.same_address >= rules.letters_a_day:
        return Answer.NOTHING
    return Answer.LETTER


def _comes_freely(joiner: Joiner, list_id: str) -> bool:
    """Say whether nothing needs a confirmation, on a list that asks for none by itself."""
    scopes = scopes_against(Kind.MARKETING, list_id)
    standing = joiner.subscription
    return (
        joiner.is_person
        and not any(one.scope in scopes for one in joiner.suppressions)
        and (standing is None or standing.status is not SubscriptionStatus.UNSUBSCRIBED)
    )


def has_said_yes(steps: Iterable[Entry], list_id: str) -> bool:
    """Say whether a person has ever said yes to a list herself, whatever came after.

    She did so by confirming, or on the page of a list that asks for no confirmation. What
    was typed into a page and never confirmed may be anybody's.
    """
    return any(
        one.list_id == list_id
        and (
            one.act is Act.CONFIRMED
            or (
                one.act is Act.GRANTED
                and one.how is How.FORM
                and one.basis is Basis.EXPRESS
            )
        )
        for one in steps
    )


@dataclass(frozen=True, slots=True)
class Return:
    """What a confirmation puts an end to, and what stays.

    Args:
        ended: What no longer holds.
        kept: What goes on holding for the other lists where all marketing had ended.
    """

    ended: tuple[Suppression, ...] = ()
    kept: tuple[Suppression, ...] = ()


def coming_back(
    suppressions: Iterable[Suppression], list_id: str, lists: Iterable[str]
) -> Return:
    """Say what ends when a person confirms that she wants one list's letters.

    Her own word ends whatever kept this list's letters from her, and nothing else: where
    all marketing had ended, the other lists stay as they were.

    Args:
        lists: The ids of all lists on record.
    """
    here = (list_scope(list_id), Scope.MARKETING.value)
    held = [one for one in suppressions if one.scope in here]
    kept: list[Suppression] = []
    for one in held:
        if one.scope == Scope.MARKETING:
            others = sorted(other for other in lists if other != list_id)
            kept += [replace(one, scope=list_scope(other)) for other in others]
    return Return(tuple(held), tuple(kept))


def may_confirm(confirm_by: datetime, confirmed_at: datetime | None, now: datetime) -> bool:
    """Say whether a confirmation's link still does anything: once, and in time."""
    return confirmed_at is None and now < confirm_by


def network_of(address: str) -> str | None:
    """Return the network that an IP address is counted under; None for what is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    bits = _NETWORK_BITS[found.version]
    return str(ipaddress.ip_network((found.packed, bits), strict=False))


def network_hash(ring: KeyRing, address: str | None) -> bytes | None:
    """Return the keyed hash that a network is counted under; None where it is unknown."""
    network = network_of(address or "")
    return None if network is None else ring.suppression_hash(f"network {network}")
