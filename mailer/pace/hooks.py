"""When a webhook is tried again: the plan of Standard Webhooks, and what a server asks."""

from datetime import datetime, timedelta

PLAN = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each attempt the next one comes; after the last there is none."""

_LONGEST = timedelta(hours=24)


def next_try(
    attempts: int, asked_s: float | None, chance: float, now: datetime
) -> datetime | None:
    """Return when to try again; None when it is given up.

    Args:
        attempts: How many there were.
        asked_s: What the server asked for (`Retry-After`), or None.
        chance: 0 … 1; up to a tenth is added, so that not all come back at once.
    """
    if attempts > len(PLAN):
        return None
    wait = PLAN[attempts - 1]
    if asked_s is not None:
        wait = min(max(wait, timedelta(seconds=asked_s)), _LONGEST)
    return now + wait * (1 + 0.1 * chance)
