"""A relay and the ways to send: what a sender hands its letters to."""

from dataclasses import dataclass
from typing import Protocol

from mailer.jobs.desk import Desk
from mailer.model.outcome import Released
from mailer.pace.routing import ANY, Route
from mailer.pace.throttle import NO_LIMIT, Rate
from mailer.wire.courier import RelayWay
from mailer.wire.line import RelayAddress


class Handing(Protocol):
    """What hands over one desk's letters, until there are none or trouble comes."""

    async def work(self) -> Released | None:
        """Hand over letters until there are none; return the trouble, if any."""
        ...

    def abort(self, why: str) -> None:
        """End at once: nothing that was begun is completed."""
        ...


class Way(Protocol):
    """A way to send: to a relay, or into files."""

    async def open(self, desk: Desk) -> Handing | Released:
        """Return what hands over a desk's letters, or the trouble that is in the way."""
        ...


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay and how hard we may lean on it.

    Args:
        route: Which letters it takes.
        other_way: Where letters go instead of to the address; None for there.
        rehearsing: It takes rehearsals' letters and no others; else none of theirs.
        idle_s: How long a line is kept open without a letter.
        reserved: The share of its hourly and daily limits for letters that somebody
            waits for.
        pause_s: How long the relay is left alone after trouble; doubled each time.
    """

    address: RelayAddress
    rate: Rate = NO_LIMIT
    connections: int = 4
    letters_per_connection: int = 100
    idle_s: float = 30
    pause_s: float = 1
    pause_at_most_s: float = 60
    route: Route = ANY
    other_way: Way | None = None
    rehearsing: bool = False
    reserved: float = 0.1

    @property
    def way(self) -> Way:
        """How letters go."""
        return self.other_way or RelayWay(self.address, self.letters_per_connection)
