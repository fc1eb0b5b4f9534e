"""A minute on each person's own clock: when it comes in every zone on earth.

A schedule whose zone is the recipient's fires when its minute comes in the first zone on
earth (UTC+14), so that nobody's hour has passed by then; each letter becomes due when the
minute comes for its reader. Changes of clocks count as for any schedule: a minute that
comes twice is the first of the two, one that is left out the first moment after the gap.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailer.model.choosing import WallClock
from mailer.model.zone import by_answer
from mailer.pace.firing import at_wall_clock

FIRST_ZONE = "Etc/GMT-14"
"""UTC+14, in POSIX's way of counting: no clock on earth is ahead of it."""

_LAST_ZONE = "Etc/GMT+12"


def first_moment(wall: datetime) -> datetime:
    """Return when a minute comes first on earth."""
    return at_wall_clock(wall, ZoneInfo(FIRST_ZONE))


def moments(clock: WallClock) -> tuple[datetime, dict[datetime, list[str]]]:
    """Return when the minute comes for people in the fallback's zone, and for all others.

    Returns:
        The fallback's moment, and the zones in which it is another one.
    """
    usual = at_wall_clock(clock.at, ZoneInfo(clock.fallback))
    return usual, by_answer(lambda zone: at_wall_clock(clock.at, zone), clock.fallback)


def stretch(clock: WallClock | None, spread: timedelta | None) -> timedelta:
    """Return how long after a campaign's first letter its last becomes due."""
    length = spread or timedelta()
    if clock is not None:
        length += at_wall_clock(clock.at, ZoneInfo(_LAST_ZONE)) - first_moment(clock.at)
    return length


def further_grace(clock: WallClock | None) -> timedelta:
    """Return how much later than its first moment a firing still comes in good time.

    For most people the hour has not come yet when it has come in the first zone on earth.
    """
    if clock is None:
        return timedelta()
    return at_wall_clock(clock.at, ZoneInfo(clock.fallback)) - first_moment(clock.at)
