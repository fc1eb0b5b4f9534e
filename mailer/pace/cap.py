"""The frequency cap: how many letters a person gets, and when there is room again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_LOOKED_AT_AGAIN = timedelta(hours=1)
_AT_LEAST_EVERY = timedelta(days=1)
"""Somebody may raise the cap meanwhile."""


@dataclass(frozen=True, slots=True)
class CapRule:
    """At most so many letters to one person within some days, over all campaigns."""

    letters: int
    days: float

    @property
    def window(self) -> timedelta:
        """How long a letter counts after it left."""
        return timedelta(days=self.days)

    def since(self, now: datetime) -> datetime:
        """Return the moment after which letters count."""
        return now - self.window

    def __str__(self) -> str:
        return f"cap: {self._words()}"

    def _words(self) -> str:
        letters = "1 letter" if self.letters == 1 else f"{self.letters} letters"
        days = "1 day" if self.days == 1 else f"{self.days:g} days"
        return f"{letters} in {days}"


@dataclass(frozen=True, slots=True)
class OwnChoice(CapRule):
    """How often a person wants letters, which counts before the workspace's cap."""

    def __str__(self) -> str:
        return f"the person's own choice: {self._words()}"


def cap_for(chosen_days: int | None, workspace: CapRule | None) -> CapRule | None:
    """Return the cap that holds for a person: her own choice first, then the workspace's.

    Args:
        chosen_days: Within how many days she wants one letter, 0 for every letter; None
            when she chose nothing.
    """
    if chosen_days is None:
        return workspace
    return OwnChoice(1, chosen_days) if chosen_days else None


def room_at(rule: CapRule, holding: datetime | None, now: datetime) -> datetime:
    """Return when a letter that the cap holds is due again: within a day.

    Args:
        holding: When the letter left that must leave the window first; None when that can't
            be told, because some that count may yet turn out not to have arrived.
    """
    again = now + _LOOKED_AT_AGAIN if holding is None else holding + rule.window
    return min(again, now + _AT_LEAST_EVERY)
