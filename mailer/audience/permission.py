"""May we write to this person now? The same answer as the SQL predicate, with its reason.

`mailer.store.permission` asks inside the commit that lets a letter go; a property test for
each kind holds the two together on both databases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.campaign import CampaignState
from mailer.model.consent import SubscriptionStatus, SuppressionReason
from mailer.model.delivery import Withheld
from mailer.model.kind import KINDS, Kind
from mailer.model.subscription import Subscription
from mailer.model.suppression import Suppression, scopes_against


class Held(StrEnum):
    """Why a letter may not leave now, without being withheld for good."""

    CAMPAIGN = "campaign"
    CAP = "cap"
    QUIET = "quiet"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides whether one letter may leave.

    Args:
        list_id: The delivery's list, or None.
        subscription: Where the person stands on that list.
        words_floor: The lowest version of the list's words that is still in force; None for
            a list that was never seen.
        suppressions: Of the person's address, whatever their scopes.
        topics: Which topics of the list the person chose; none for all there are.
        about: Which topics the letter is about.
        campaign: The state of the campaign that is the cause; None for another cause.
        letters: How many capped letters went to the person in the cap's window.
        cap: How many may; None for no cap.
        chosen_days: Within how many days the person herself wants one letter, 0 for all;
            None when she chose nothing, so that the cap counts.
        letters_since_choice: How many capped letters went to her within those days.
        open_until: When the person's quiet hours begin, as reckoned when the letter was
            claimed; None for never.
        valid_until: When the letter is no longer sent; None for never.
    """

    list_id: str | None = None
    subscription: Subscription | None = None
    words_floor: int | None = None
    suppressions: Sequence[Suppression] = ()
    topics: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()
    campaign: CampaignState | None = None
    letters: int = 0
    cap: int | None = None
    chosen_days: int | None = None
    letters_since_choice: int = 0
    open_until: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Yes:
    """The letter may leave."""


@dataclass(frozen=True, slots=True)
class No:
    """The letter may not leave.

    Args:
        reason: `Withheld` ends the delivery, `Held` does not by itself.
        words: For people, without a full stop.
    """

    reason: Withheld | Held
    words: str


def may_write(kind: Kind, facts: Facts, now: datetime) -> Yes | No:
    """Say whether a letter of a kind may leave now, or why not."""
    return (
        _of_cause(facts)
        or _of_time(facts, now)
        or _of_consent(kind, facts, now)
        or _of_suppression(kind, facts, now)
        or _of_topics(kind, facts)
        or _of_window(kind, facts, now)
        or _of_cap(kind, facts)
        or Yes()
    )


def _of_cause(facts: Facts) -> No | None:
    match facts.campaign:
        case None | CampaignState.RUNNING:
            return None
        case CampaignState.CANCELLED:
            return No(Withheld.CANCELLED, "the campaign was cancelled")
        case CampaignState.PLANNING | CampaignState.PAUSED | CampaignState.FINISHED:
            return No(Held.CAMPAIGN, f"the campaign is {facts.campaign}")


def _of_time(facts: Facts, now: datetime) -> No | None:
    if facts.valid_until is None or facts.valid_until > now:
        return None
    return No(Held.EXPIRED, f"it was no longer sent after {_day(facts.valid_until)}")


def _of_consent(kind: Kind, facts: Facts, now: datetime) -> No | None:
    if not KINDS[kind].needs_subscription:
        return None
    words = _lacking(facts, now)
    return None if words is None else No(Withheld.PERMISSION, words)


def _lacking(facts: Facts, now: datetime) -> str | None:
    if facts.list_id is None:
        return "no list was named"
    where = f"the list {facts.list_id}"
    standing = facts.subscription
    if standing is None:
        return f"never agreed to be on {where}"
    match standing.status:
        case SubscriptionStatus.PENDING:
            return f"has not confirmed the sign-up to {where}"
        case SubscriptionStatus.UNSUBSCRIBED:
            return f"left {where} on {_day(standing.since_at)}"
        case SubscriptionStatus.SUBSCRIBED:
            return _outdated(facts, standing, where, now)


def _outdated(
    facts: Facts, standing: Subscription, where: str, now: datetime
) -> str | None:
    if standing.expires_at is not None and standing.expires_at <= now:
        return f"the permission for {where} ended on {_day(standing.expires_at)}"
    if facts.words_floor is None:
        return f"{where} is not on record"
    if standing.wording < facts.words_floor:
        return (
            f"agreed to version {standing.wording} of the words of {where},"
            f" which need version {facts.words_floor} now"
        )
    return None


def _of_suppression(kind: Kind, facts: Facts, now: datetime) -> No | None:
    scopes = scopes_against(kind, facts.list_id)
    stopping = [
        one for one in facts.suppressions if one.scope in scopes and one.in_force(now)
    ]
    if not stopping:
        return None
    first = min(stopping, key=lambda one: (one.since_at, one.scope))
    erased = any(one.reason is SuppressionReason.ERASED for one in stopping)
    until = "" if first.until_at is None else f" until {_day(first.until_at)}"
    return No(
        Withheld.ERASED if erased else Withheld.SUPPRESSION,
        f"the address is suppressed ({first.reason}, scope {first.scope})"
        f" since {_day(first.since_at)}{until}",
    )


def _of_topics(kind: Kind, facts: Facts) -> No | None:
    if not KINDS[kind].by_topic or not facts.topics or facts.topics & facts.about:
        return None
    about = ", ".join(sorted(facts.about)) or "none that has a name"
    chosen = ", ".join(sorted(facts.topics))
    return No(
        Withheld.TOPIC,
        f"chose topics of the list {facts.list_id} ({chosen}), and the letter's is {about}",
    )


def _of_window(kind: Kind, facts: Facts, now: datetime) -> No | None:
    if not KINDS[kind].capped or facts.open_until is None or facts.open_until > now:
        return None
    return No(Held.QUIET, f"her quiet hours began at {_day(facts.open_until)}")


def _of_cap(kind: Kind, facts: Facts) -> No | None:
    if not KINDS[kind].capped:
        return None
    if facts.chosen_days is not None:
        return _of_choice(facts.chosen_days, facts.letters_since_choice)
    if facts.cap is None or facts.letters < facts.cap:
        return None
    return No(Held.CAP, f"got {facts.letters} letters already, the cap is {facts.cap}")


def _of_choice(days: int, letters: int) -> No | None:
    if not days or not letters:
        return None
    return No(Held.CAP, f"wants one letter in {days} days, and had it")


def _day(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")
