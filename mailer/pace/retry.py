"""When a deferred letter is due again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How long to wait after the first, second, … deferral; the last wait repeats.

    Args:
        waits_s: Seconds, at least one.
        jitter: The share by which a wait is moved either way, 0..1, so that what was
            deferred together does not come back together.
    """

    waits_s: Sequence[float] = (300, 900, 1800, 3600, 7200, 14400)
    jitter: float = 0.2


DEFAULT_PLAN = RetryPlan()


def next_attempt(
    plan: RetryPlan,
    deferrals: int,
    now: datetime,
    give_up_at: datetime,
    *,
    chance: float,
    hint: timedelta | None = None,
) -> datetime | None:
    """Return when a letter is due again, or None when that would be after it is given up.

    Args:
        deferrals: How often it was put off before this time; 0 the first time.
        chance: A number from 0 to 1.
        hint: What the relay asked for; it is never undercut.
    """
    wait_s = plan.waits_s[min(deferrals, len(plan.waits_s) - 1)]
    wait = timedelta(seconds=wait_s * (1 + plan.jitter * (2 * chance - 1)))
    if hint is not None:
        wait = max(wait, hint)
    due = now + wait
    return due if due < give_up_at else None
