"""What is written down about a delivery after an outcome, or when it may not leave."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from mailer.model.delivery import Claim, DeliveryState, Withheld
from mailer.model.kind import KINDS
from mailer.model.outcome import (
    Accepted,
    Deferred,
    InDoubt,
    Outcome,
    Refused,
    Released,
    Reply,
    Stage,
)
from mailer.pace.cap import CapRule, cap_for, room_at
from mailer.pace.retry import RetryPlan, next_attempt
from mailer.store.held import Held
from mailer.store.outcomes import Change

_RELEASES_COUNTED = 6
_BEGAN = "the person's quiet hours began"
_OTHER_TOPICS = "the person chose other topics of the list"
_OTHER_WENT = "another letter went first: a more important one, or a newer"


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a letter was handed over.

    Args:
        pause: How long the relay is left alone; a released letter waits as long.
    """

    plan: RetryPlan
    relay: str
    pause: timedelta


def settled(
    claim: Claim, outcome: Outcome, terms: Terms, now: datetime, *, chance: float
) -> Change:
    """Turn what came of a letter into what is written down.

    Args:
        chance: A number from 0 to 1, for the jitter.
    """
    relay = terms.relay
    match outcome:
        case Accepted(reply, relay_id):
            return Change(
                claim.id,
                claim.fence,
                DeliveryState.ACCEPTED,
                now,
                reply=reply,
                relay=relay,
                relay_id=relay_id,
            )
        case Deferred():
            return _deferred(claim, outcome, terms, now, chance=chance)
        case Refused(reply, stage):
            return _ended(claim, DeliveryState.REFUSED, reply, stage, now, relay)
        case InDoubt(reply):
            return _ended(claim, DeliveryState.IN_DOUBT, reply, Stage.CONTENT, now, relay)
        case Released(reply, stage):
            return Change(
                claim.id,
                claim.fence,
                DeliveryState.QUEUED,
                now,
                due_at=now + terms.pause * 2 ** _releases(claim),
                reply=reply,
                stage=stage,
                logged="released",
                relay=relay,
            )
        case _:
            assert_never(outcome)


def _releases(claim: Claim) -> int:
    """Count how often a letter came back uncharged, up to a few.

    A letter that brings down every line that it is tried on must not keep the others busy.
    """
    return min(claim.fence - 1 - claim.deferrals, _RELEASES_COUNTED)


def _deferred(
    claim: Claim, outcome: Deferred, terms: Terms, now: datetime, *, chance: float
) -> Change:
    due = next_attempt(
        terms.plan,
        claim.deferrals,
        now,
        claim.give_up_at,
        chance=chance,
        hint=outcome.wait_hint,
    )
    return Change(
        claim.id,
        claim.fence,
        DeliveryState.EXPIRED if due is None else DeliveryState.QUEUED,
        now,
        reason="gave_up" if due is None else None,
        due_at=due,
        deferred=True,
        reply=outcome.reply,
        stage=outcome.stage,
        logged="deferred",
        relay=terms.relay,
    )


def _ended(
    claim: Claim,
    after: DeliveryState,
    reply: Reply,
    stage: Stage,
    now: datetime,
    relay: str,
) -> Change:
    return Change(
        claim.id,
        claim.fence,
        after,
        now,
        reply=reply,
        stage=stage,
        logged=after.value,
        relay=relay,
    )


def withheld(claim: Claim, reason: Withheld, now: datetime, words: str = "") -> Change:
    """Write down that a letter is not sent, and why."""
    reply = Reply(0, "", words) if words else None
    return Change(
        claim.id,
        claim.fence,
        DeliveryState.WITHHELD,
        now,
        reason=reason.value,
        reply=reply,
        stage=Stage.COMPOSE,
        logged="withheld" if words else "",
    )


def released(claim: Claim, now: datetime, due_at: datetime | None = None) -> Change:
    """Put a claim back uncharged: nothing was said yet."""
    return Change(claim.id, claim.fence, DeliveryState.QUEUED, now, due_at=due_at or now)


def expired(claim: Claim, now: datetime) -> Change:
    """Write down that its time ran out while it waited."""
    return Change(claim.id, claim.fence, DeliveryState.EXPIRED, now, reason="too_late")


def past(claim: Claim, now: datetime) -> Change | None:
    """Say what is written down about a letter that is for nobody any more; else None.

    Its time ran out, or the person was erased while it was on the line, or in doubt.
    """
    if claim.give_up_at <= now:
        return expired(claim, now)
    return None if claim.address else withheld(claim, Withheld.ERASED, now)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a letter waits, and until when.

    Args:
        reason: In one word, as it stands with the delivery.
        logged: The name of it in the log of attempts; "" keeps none.
    """

    reason: str
    logged: str
    words: str
    until: datetime


def moved(claim: Claim, wait: Wait, now: datetime, *, ends: bool) -> Change:
    """Put a claim back uncharged: a cap or quiet hours move its time, and never end it.

    Args:
        ends: Somebody said until when the letter is worth sending: it is not tried longer.
            Any other is tried as long from its new time on as it would have been.
    """
    give_up_at = max(claim.give_up_at, wait.until + KINDS[claim.kind].try_for)
    return Change(
        claim.id,
        claim.fence,
        DeliveryState.QUEUED,
        now,
        reason=wait.reason,
        due_at=min(wait.until, claim.give_up_at) if ends else wait.until,
        reply=Reply(0, "", wait.words),
        stage=Stage.COMPOSE,
        logged=wait.logged,
        give_up_at=None if ends else give_up_at,
    )


def cap_wait(rule: CapRule, until: datetime) -> Wait:
    """Say that a cap holds a letter."""
    return Wait("cap", "capped", str(rule), until)


def held_back(
    claim: Claim, held: Held | None, now: datetime, rule: CapRule | None
) -> Change | None:
    """Say what is written down about a letter that may not leave.

    The order of the questions is that of `audience.permission.may_write`.

    Args:
        rule: The cap that was asked, if there is one.

    Returns:
        None when it is not ours any more: another worker has it, and says what came of it.
    """
    if held is None or not held.claimed:
        return None
    if held.campaign_cancelled:
        return withheld(claim, Withheld.CANCELLED, now)
    if not held.cause_stands:
        return released(claim, now)
    if not held.in_time:
        return expired(claim, now)
    return _not_permitted(claim, held, now) or _later(claim, held, now, rule)


def _not_permitted(claim: Claim, held: Held, now: datetime) -> Change | None:
    if not held.subscribed:
        return withheld(claim, Withheld.PERMISSION, now)
    if held.suppressed:
        why = Withheld.ERASED if held.erased else Withheld.SUPPRESSION
        return withheld(claim, why, now)
    if not held.on_topic:
        return withheld(claim, Withheld.TOPIC, now, _OTHER_TOPICS)
    return None


def _later(claim: Claim, held: Held, now: datetime, rule: CapRule | None) -> Change:
    """Put off what a cap holds; what nothing holds (any more) goes back as it was."""
    if not held.window_open:
        # Whoever claims it next reckons when they end.
        return moved(claim, Wait("quiet", "", _BEGAN, now), now, ends=held.ends)
    rule = cap_for(held.chosen_days, rule)
    if rule is None or held.below_cap:
        return released(claim, now)
    if held.superseded:
        return withheld(claim, Withheld.SUPERSEDED, now, f"{_OTHER_WENT} ({rule})")
    until = room_at(rule, held.holding, now)
    return moved(claim, cap_wait(rule, until), now, ends=held.ends)
