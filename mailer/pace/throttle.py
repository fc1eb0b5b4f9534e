"""How many letters may go, and when: arithmetic on values, with one owner who keeps them.

The rate per second is GCRA: two numbers, no timer. `full_at` is the moment at which
everything let through so far would have gone at the even rate. Hourly and daily limits
count letters in a rolling window of minutes, the oldest minute counted whole, so that no
hour or day ever holds more than its limit, wherever it begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.clocks import CLOCKS_APART

MINUTES_OF_HOUR = 60
MINUTES_OF_DAY = 1440

_AHEAD_AT_MOST = timedelta(minutes=2)
_SLOTS_AHEAD_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Rate:
    """Letters a second; 0 is no limit."""

    per_second: float = 0
    per_hour: int = 0
    per_day: int = 0

    def __bool__(self) -> bool:
        return bool(self.per_second or self.per_hour or self.per_day)

    def without(self, reserved: float) -> "Rate":
        """Return what is left of it for letters that can wait.

        The rate per second stays: who goes first there is a matter of order.

        Args:
            reserved: The share of an hour and a day that is kept for others.
        """
        hour, day = (int(one * (1 - reserved)) for one in (self.per_hour, self.per_day))
        return Rate(
            self.per_second,
            max(1, hour) if self.per_hour else 0,
            max(1, day) if self.per_day else 0,
        )

    @property
    def spacing(self) -> timedelta:
        """The even distance between two letters."""
        return timedelta(seconds=1 / self.per_second) if self.per_second else timedelta()


NO_LIMIT = Rate()


def rate_of(per_second: float, per_minute: int, per_hour: int, per_day: int) -> Rate:
    """Return the rate of some limits, each 0 for none.

    So many in a minute are spread evenly over it: no minute, wherever it begins, then holds
    more.
    """
    a_second = [limit for limit in (per_second, per_minute / 60) if limit]
    return Rate(min(a_second, default=0), per_hour, per_day)


def limits_take_s(letters: int, rates: Sequence[tuple[Rate, tuple[int, int]]]) -> float:
    """Return how long hourly and daily limits make some letters take, in seconds.

    Args:
        rates: Those of all relays, each with what it took in the last hour and day.

    Returns:
        0 where a relay has no such limit, or all of the letters may go now.
    """
    hours = _windows(letters, [(rate.per_hour, hour) for rate, (hour, _) in rates])
    days = _windows(letters, [(rate.per_day, day) for rate, (_, day) in rates])
    return max(hours * MINUTES_OF_HOUR * 60, days * MINUTES_OF_DAY * 60)


def _windows(letters: int, used: Sequence[tuple[int, int]]) -> float:
    """Return how many windows pass until all have gone."""
    if not used or not all(limit for limit, _ in used):
        return 0.0
    free = sum(max(0, limit - taken) for limit, taken in used)
    return max(0, letters - free) / sum(limit for limit, _ in used)


@dataclass(frozen=True, slots=True)
class Slots:
    """Leave to send some letters.

    Args:
        count: How many; 0 is none for now.
        first_at: When the first may go; each next one `spacing` later.
        full_at: What is to be kept for the next asking.
        ask_again_at: When it is worth asking again, if the count is 0.
    """

    count: int
    first_at: datetime
    spacing: timedelta
    full_at: datetime
    ask_again_at: datetime


def in_step(rate: Rate, full_at: datetime, now: datetime) -> datetime:
    """Return what was kept from the previous call, unless the clock was put back since.

    Slots are taken a few ahead. Whoever finds very many taken would wait as long as the
    clock went back, and take up time that nobody uses.
    """
    ahead_at_most = max(_AHEAD_AT_MOST, _SLOTS_AHEAD_AT_MOST * rate.spacing)
    return now if full_at - now > ahead_at_most else full_at


def minute_of(time: datetime) -> int:
    """Return the number of a time's minute since 1970 UTC."""
    return int(time.timestamp()) // 60


def put_back(sent: Mapping[int, int], minute: int) -> bool:
    """Say whether the clock was put back since letters were let through.

    They would fill an hour until the clock is as late again, and for that hour.

    Args:
        sent: As for `take`.
        minute: The minute that it is now.
    """
    return any(at > minute + CLOCKS_APART // timedelta(minutes=1) for at in sent)


def take(
    rate: Rate,
    full_at: datetime,
    sent: Mapping[int, int],
    wanted: int,
    now: datetime,
) -> Slots:
    """Take up to `wanted` slots.

    Args:
        full_at: What the previous call returned; any past moment the first time.
        sent: Letters let through, by minute number, for the last day.
    """
    minute = minute_of(now)
    count = wanted
    again = now
    for limit, minutes in (
        (rate.per_hour, MINUTES_OF_HOUR),
        (rate.per_day, MINUTES_OF_DAY),
    ):
        if limit:
            # One minute more than the window: its oldest, partial minute is counted whole.
            oldest = minute - minutes
            inside = {at: letters for at, letters in sent.items() if at >= oldest}
            room = max(0, limit - sum(inside.values()))
            count = min(count, room)
            if room == 0:
                leaves = min(at for at, letters in inside.items() if letters)
                freed = datetime.fromtimestamp((leaves + minutes + 1) * 60, now.tzinfo)
                again = max(again, freed)
    first = max(full_at, now)
    return Slots(
        count=count,
        first_at=first,
        spacing=rate.spacing,
        full_at=first + count * rate.spacing,
        ask_again_at=again if count == 0 else first,
    )
