"""When something that ended by itself is started again, and when it no longer is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

ENDS_AT_MOST = 5
WITHIN = timedelta(minutes=10)
_FIRST_PAUSE = timedelta(seconds=0.5)


def pause_after(ends: Sequence[datetime], now: datetime) -> timedelta | None:
    """Return how long to wait before it is started again, doubled each time.

    Args:
        ends: When it ended, the last one included.

    Returns:
        None when it ended `ENDS_AT_MOST` times `WITHIN` a while: starting it once more
        would not help.
    """
    # What ended long after now did so before the clock was put back.
    lately = sum(1 for end in ends if abs(now - end) < WITHIN)
    return None if lately >= ENDS_AT_MOST else _FIRST_PAUSE * 2 ** max(0, lately - 1)
