"""The circuit breaker of a relay: when it is left alone, and how it is tried again.

A relay that answers is `CLOSED`: letters flow. After trouble new lines wait, a little
longer each time. A connection that cannot be opened, or trouble twice in a row without an
answer in between, opens the circuit: letters go elsewhere. When its rest is over it is
`HALF_OPEN`: one letter on one line is the probe, and its answer decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.model.outcome import Stage

_OPENS_AT = 2
_DOUBLED_AT_MOST = 16
_NO_LINE = frozenset({Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH})


class CircuitState(StrEnum):
    """Whether letters flow to a relay."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a relay has done lately.

    Args:
        failures: Troubles in a row without an answer about a letter.
        rest_until: No new line is opened before.
        pause: How long the last rest was.
        broken: The circuit is open until a probe is answered.
    """

    failures: int = 0
    rest_until: datetime | None = None
    pause: timedelta = timedelta()
    broken: bool = False

    def state(self, now: datetime) -> CircuitState:
        """Return how it stands."""
        if not self.broken:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.rests(now) else CircuitState.HALF_OPEN

    def rests(self, now: datetime) -> bool:
        """Say whether it is left alone for now.

        A rest that would last longer than it was meant to is over: the clock was put back.
        """
        return self.rest_until is not None and now < self.rest_until <= now + self.pause


WELL = Circuit()
"""The circuit of a relay that answers."""


def failed(
    circuit: Circuit, stage: Stage, first: timedelta, at_most: timedelta, now: datetime
) -> Circuit:
    """Return the circuit after trouble with a line.

    Several lines that break in the same moment are one trouble: what comes while the relay
    rests already neither doubles the rest nor opens the circuit.

    Args:
        stage: Where in the dialogue it came.
        first: The rest after the first trouble; doubled each time.
        at_most: The longest rest.
    """
    if circuit.rests(now):
        return circuit
    failures = circuit.failures + 1
    pause = min(first * 2 ** min(circuit.failures, _DOUBLED_AT_MOST), at_most)
    broken = circuit.broken or stage in _NO_LINE or failures >= _OPENS_AT
    return Circuit(failures, now + pause, pause, broken)
