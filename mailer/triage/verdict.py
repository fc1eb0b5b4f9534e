"""What a bounce or complaint about a letter of ours leads to.

Only "no such mailbox" ends it at once, and only with a code that says so. What may be an
accident counts, and fades; what blames us is never held against the person. A score fades
by half in thirty days, takes at most the heaviest bounce of a day, and needs five points
from three letters over a week.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.model.notice import Action, Bounce, Complaint, Concerned, Notice, Reason
from mailer.model.verdict import Earlier, Effect, Verdict

HALF_LIFE = timedelta(days=30)
ENOUGH = 5.0
_LETTERS = 3
_OVER = timedelta(days=7)
_FOR = timedelta(days=90)
"""How long a score keeps letters away."""

_GONE = frozenset({Reason.USER_UNKNOWN, Reason.HAS_MOVED})
_NO_HOST = frozenset({Reason.HOST_UNKNOWN, Reason.NOT_ACCEPT})
_OURS = frozenset(
    {
        Reason.AUTH_FAILURE, Reason.BAD_REPUTATION, Reason.BLOCKED, Reason.CONTENT_ERROR,
        Reason.FAILED_STARTTLS, Reason.MESSAGE_TOO_BIG, Reason.NO_RELAYING,
        Reason.NOT_COMPLIANT, Reason.POLICY_VIOLATION, Reason.REJECTED, Reason.REQUIRE_PTR,
        Reason.SECURITY_ERROR, Reason.SPAM_DETECTED, Reason.SPEEDING, Reason.SYNTAX_ERROR,
        Reason.TOO_MANY_CONNECTIONS, Reason.VIRUS_DETECTED,
    }
)  # fmt: skip
"""What is about the sender, the letter or the way, and never about who was to get it."""

_HARMLESS = frozenset({"not-spam", "auth-failure", "other"})
_A_MONTH = timedelta(days=30)
_A_FORTNIGHT = timedelta(days=14)
_A_DAY = timedelta(days=1)


def decide(
    notice: Notice, address: str, cause_id: int, earlier: Sequence[Earlier], now: datetime
) -> Verdict:
    """Say what follows for the address that a letter of ours went to.

    Args:
        address: Whom the letter was for.
        earlier: The address's bounces so far, since its last sign of life.
    """
    if isinstance(notice, Complaint):
        if notice.feedback in _HARMLESS:
            return Verdict(
                Effect.NOTHING, f"a report of {notice.feedback} asks for nothing"
            )
        return Verdict(Effect.COMPLAINED, "complained: no marketing any more")
    if not isinstance(notice, Bounce):
        return Verdict(Effect.NOTHING, "nothing is asked for")
    one = about(notice.recipients, address)
    if one is None:
        return _counted(Reason.UNDEFINED, "it names nobody", cause_id, earlier, now)
    return _bounced(one, address, cause_id, earlier, now)


def about(recipients: Sequence[Concerned], address: str) -> Concerned | None:
    """Return what a report says of an address, or of the first whom it failed for."""
    failed = [one for one in recipients if one.action is Action.FAILED]
    mine = [one for one in failed if one.address.casefold() == address.casefold()]
    return next(iter(mine or failed), None)


def _bounced(
    one: Concerned, address: str, cause_id: int, earlier: Sequence[Earlier], now: datetime
) -> Verdict:
    reason = one.reason
    if reason in _OURS:
        return Verdict(Effect.OURS, f"{reason}: about us, and not held against the person")
    if one.address.casefold() != address.casefold():
        words = f"{reason} at another address, to which it was forwarded"
        return _counted(reason, words, cause_id, earlier, now)
    ends = _ends_at_once(one, cause_id, earlier, now)
    return ends or _counted(reason, str(reason), cause_id, earlier, now)


def _ends_at_once(
    one: Concerned, cause_id: int, earlier: Sequence[Earlier], now: datetime
) -> Verdict | None:
    """Say whether this one, with those of the same reason before it, is enough.

    A provider may tell of one letter by mail and by its hook: that is once.
    """
    reason = one.reason
    same = [it for it in earlier if it.reason == reason]
    others = [now - it.at for it in same if it.cause_id != cause_id]
    if reason in _GONE and one.hard and one.status.startswith("5."):
        return Verdict(Effect.SUPPRESSED, f"{reason}, with the code {one.status}")
    if reason in _GONE and one.hard and any(age <= _A_FORTNIGHT for age in others):
        return Verdict(Effect.SUPPRESSED, f"{reason} for the second time in 14 days")
    if reason in _NO_HOST and one.hard and any(now - it.at >= _A_DAY for it in same):
        return Verdict(Effect.SUPPRESSED, f"{reason} again after more than a day")
    if reason is Reason.SUSPEND and any(age <= _A_MONTH for age in others):
        words = "suspended for the second time in 30 days"
        return Verdict(Effect.SUPPRESSED, words, until_at=now + _FOR)
    return None


def _counted(
    reason: Reason, words: str, cause_id: int, earlier: Sequence[Earlier], now: datetime
) -> Verdict:
    points = 3 if reason is Reason.SUSPEND else 1
    every = [*earlier, Earlier(now, reason, points, cause_id)]
    total = score(every, now)
    oldest = min(one.at for one in every)
    letters = {one.cause_id for one in every if one.points}
    if total >= ENOUGH and len(letters) >= _LETTERS and now - oldest >= _OVER:
        told = f"{words}; {total:.1f} points from {len(letters)} letters"
        return Verdict(Effect.SUPPRESSED, told, points, now + _FOR)
    return Verdict(Effect.COUNTED, f"{words}; {total:.1f} of {ENOUGH:.0f} points", points)


def score(every: Sequence[Earlier], now: datetime) -> float:
    """Add up what bounces weigh by now: the heaviest of each day, fading by half."""
    days: dict[object, Earlier] = {}
    for one in every:
        day = one.at.date()
        known = days.get(day)
        if known is None or known.points < one.points:
            days[day] = one
    return sum(
        float(one.points * 0.5 ** (max(now - one.at, timedelta(0)) / HALF_LIFE))
        for one in days.values()
    )
