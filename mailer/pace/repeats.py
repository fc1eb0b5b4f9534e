"""How often a provider said what only counts when it is said again."""

import collections
from datetime import datetime, timedelta

from mailer.pace.providers import Rule

_AN_HOUR = timedelta(hours=1)
_KEPT = 1_000


class Repeats:
    """What was said within an hour, by rule and provider."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: collections.deque[tuple[Rule, str, datetime]] = collections.deque(
            maxlen=_KEPT
        )

    def enough(self, rule: Rule, name: str, now: datetime) -> bool:
        """Note that a provider said it once more; say whether the rule holds by now."""
        if rule.after <= 1:
            return True
        self._said.append((rule, name, now))
        times = sum(
            one is rule and whose == name and abs(now - at) < _AN_HOUR
            for one, whose, at in self._said
        )
        return times >= rule.after
