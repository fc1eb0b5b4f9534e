"""How senders find their relays: what each last wrote down about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from mailer.store.columns import from_instant, to_instant
from mailer.store.tables import OwnerRow, RelayStateRow, table

_state = table(RelayStateRow)
_owner = table(OwnerRow)


@dataclass(frozen=True, slots=True)
class RelayState:
    """How one sender finds one relay.

    Args:
        at: When the sender looked.
        state: closed, open, half_open (`pace.breaker`), or `limit` while an hour or a day
            has had all that it may.
        rest_until: No new line is opened before.
        trouble: What is wrong; "" while it takes letters.
        lines: Open connections.
        held: Letters in hand that wait for a line or their turn.
        per_second: Letters accepted in a second, of late.
        accepted: … since the sender began; the others too.
        released: Given back because the relay was in trouble.
        marks: What its servers said in the last minutes that was no yes, with how often.
    """

    relay: str
    at: datetime
    state: str
    rest_until: datetime | None
    trouble: str
    lines: int
    held: int
    per_second: float
    accepted: int
    deferred: int
    refused: int
    released: int
    marks: Mapping[str, int]


def keep(connection: Connection, owner_id: int, states: Sequence[RelayState]) -> None:
    """Write down how a sender finds its relays, in place of what it said before."""
    connection.execute(delete(_state).where(_state.c.owner_id == owner_id))
    connection.execute(
        insert(_state),
        [
            {
                "owner_id": owner_id,
                "relay": one.relay,
                "at": one.at,
                "seen": {
                    "state": one.state,
                    "rest_until": one.rest_until and to_instant(one.rest_until),
                    "trouble": one.trouble,
                    "lines": one.lines,
                    "held": one.held,
                    "per_second": round(one.per_second, 3),
                    "accepted": one.accepted,
                    "deferred": one.deferred,
                    "refused": one.refused,
                    "released": one.released,
                    "marks": dict(one.marks),
                },
            }
            for one in states
        ],
    )


def relay_states(connection: Connection) -> list[tuple[int, RelayState]]:
    """Return what the senders that have not ended say, each with the sender's number."""
    rows = connection.execute(
        select(_state)
        .join(_owner, (_owner.c.id == _state.c.owner_id) & _owner.c.ended_at.is_(None))
        .order_by(_state.c.relay, _state.c.owner_id)
    )
    return [(row.owner_id, _state_of(row.relay, row.at, row.seen)) for row in rows]


def _state_of(relay: str, at: datetime, seen: dict[str, Any]) -> RelayState:
    until: int | None = seen["rest_until"]
    rest_until = None if until is None else from_instant(until)
    known: dict[str, Any] = {**seen, "relay": relay, "at": at, "rest_until": rest_until}
    return RelayState(**known)
