"""How the relays are, as the senders at work see them, and what their limits leave."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.jobs.sender_life import Life, life_of
from mailer.store import owners, throttle
from mailer.store.database import Connection, Database
from mailer.store.relaystates import RelayState, relay_states

IDLE = "idle"
"""The state of a relay to which no sender is at work."""

_SILENT_AFTER = timedelta(minutes=5)
_WORST_FIRST = ("open", "half_open", "limit", "closed")


@dataclass(frozen=True, slots=True)
class RelayStanding:
    """How one relay is, over all senders.

    Args:
        state: The worst that any sender finds, or `IDLE`.
        rest_until: When the last of them tries again.
        seen_at: When a sender last wrote about it; None when none is at work.
        silent: The last that a sender wrote is older than they leave it.
        lines: Open connections of all senders.
        sent: Letters of the last hour and day; only counted under such limits.
        marks: What its servers said in the last minutes that was no yes, with how often.
    """

    name: str
    state: str
    rest_until: datetime | None
    trouble: str
    seen_at: datetime | None
    senders: int
    lines: int
    held: int
    per_second: float
    accepted: int
    deferred: int
    refused: int
    released: int
    sent: tuple[int, int]
    marks: dict[str, int]
    silent: bool = False


def relay_status(
    database: Database, names: Sequence[str], now: datetime
) -> list[RelayStanding]:
    """Say how some relays are."""
    with database.read() as connection:
        # What a sender that was killed wrote last is not so any more.
        senders = owners.registered(connection)
        gone = {one.id for one in senders if life_of(one) is Life.GONE}
        states = [state for owner, state in relay_states(connection) if owner not in gone]
        return [_standing(connection, name, states, now) for name in names]


def _standing(
    connection: Connection, name: str, states: Sequence[RelayState], now: datetime
) -> RelayStanding:
    mine = [one for one in states if one.relay == name]
    kinds = {one.state for one in mine}
    marks: Counter[str] = Counter()
    for one in mine:
        marks.update(one.marks)
    rests = [at for one in mine if (at := one.rest_until) is not None and at > now]
    seen_at = max((one.at for one in mine), default=None)
    return RelayStanding(
        name=name,
        state=next((kind for kind in _WORST_FIRST if kind in kinds), IDLE),
        rest_until=max(rests, default=None),
        trouble=next((one.trouble for one in mine if one.trouble), ""),
        seen_at=seen_at,
        senders=len(mine),
        lines=sum(one.lines for one in mine),
        held=sum(one.held for one in mine),
        per_second=sum(one.per_second for one in mine),
        accepted=sum(one.accepted for one in mine),
        deferred=sum(one.deferred for one in mine),
        refused=sum(one.refused for one in mine),
        released=sum(one.released for one in mine),
        sent=throttle.used(connection, f"relay:{name}", now),
        marks=dict(marks.most_common()),
        silent=seen_at is not None and now - seen_at > _SILENT_AFTER,
    )
