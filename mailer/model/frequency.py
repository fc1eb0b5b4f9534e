"""How often a person wants letters: her own choice, over all lists and campaigns."""

from enum import StrEnum


class Frequency(StrEnum):
    """What may be chosen; it counts before the workspace's own cap."""

    EVERY = "every"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def days(self) -> int:
        """Within how many days one letter is enough; 0 for every letter there is."""
        return _DAYS[self]


_DAYS = {Frequency.EVERY: 0, Frequency.WEEKLY: 7, Frequency.MONTHLY: 30}
_BY_DAYS = {days: one for one, days in _DAYS.items()}


def frequency_of(days: int | None) -> Frequency | None:
    """Return the choice that is on record as its days; None for nobody's."""
    return None if days is None else _BY_DAYS[days]
