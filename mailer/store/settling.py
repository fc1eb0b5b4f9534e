"""Deliveries that a person moves: queued again, settled, cancelled; in short slices.

The states that each may start from come from the table of steps in `mailer.model.delivery`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from mailer.model.delivery import TRANSITIONS, DeliveryState, Withheld
from mailer.model.outcome import Reply
from mailer.store.columns import Instant
from mailer.store.deliveries import in_states
from mailer.store.outcomes import Change, log_attempts
from mailer.store.permission import NOW, on_topic, subscription_stands, suppressed
from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)
_ids = _delivery.c.id.in_(bindparam("ids", expanding=True))

_BY_HAND = "by_hand"
_ONLY_QUEUED = frozenset({DeliveryState.QUEUED})
RETRIED = frozenset(state for state, steps in TRANSITIONS.items() if steps == _ONLY_QUEUED)
"""Where a delivery has ended from which it may only go back to the queue: by a retry."""

# Who left or is suppressed meanwhile is not even queued: what is on record stays.
# Of whom nothing is known any more cannot be written to.
_ALLOWED = subscription_stands() & ~suppressed() & on_topic() & (_delivery.c.address != "")


@dataclass(frozen=True, slots=True)
class Again:
    """When letters that are queued again are due, and given up."""

    due_at: datetime
    give_up_at: datetime


def _queue(states: frozenset[DeliveryState]) -> Any:
    return (
        update(_delivery)
        .where(_ids, in_states(states), _ALLOWED)
        .values(
            state="queued",
            reason=None,
            deferrals=0,
            due_at=bindparam("due", type_=Instant()),
            give_up_at=bindparam("give_up", type_=Instant()),
            ended_at=None,
        )
        .returning(_delivery.c.id, _delivery.c.attempt)
    )


_retry = {state: _queue(frozenset({state})) for state in RETRIED}
_doubted_again = _queue(frozenset({DeliveryState.IN_DOUBT}))


def _settle(after: DeliveryState) -> Any:
    return (
        update(_delivery)
        .where(_ids, in_states([DeliveryState.IN_DOUBT]))
        # What was said last was said of the doubt.
        .values(state=after.value, ended_at=NOW, reply=bindparam("said"))
        .returning(_delivery.c.id, _delivery.c.attempt)
    )


_settled = {
    after: _settle(after)
    for after in TRANSITIONS[DeliveryState.IN_DOUBT] - {DeliveryState.QUEUED}
}


def count_allowed(
    connection: Connection,
    ids: Sequence[int],
    states: frozenset[DeliveryState],
    now: datetime,
) -> int:
    """Count those that are in one of the states and may be written to."""
    statement = select(func.count()).where(_ids, in_states(states), _ALLOWED)
    return int(connection.execute(statement, {"ids": list(ids), "now": now}).scalar_one())


def retry(
    connection: Connection,
    ids: Sequence[int],
    states: frozenset[DeliveryState],
    again: Again,
    now: datetime,
) -> int:
    """Queue refused or expired deliveries again and return how many; others are left."""
    values = {
        "ids": list(ids),
        "now": now,
        "due": again.due_at,
        "give_up": again.give_up_at,
    }
    changed = 0
    for state in states & RETRIED:
        rows = connection.execute(_retry[state], values).all()
        _log(
            connection,
            rows,
            DeliveryState.QUEUED,
            now,
            f"{state.value}, tried again by hand",
        )
        changed += len(rows)
    return changed


def resolve(
    connection: Connection,
    ids: Sequence[int],
    after: DeliveryState,
    again: Again,
    now: datetime,
    *,
    words: str = "",
) -> int:
    """Settle deliveries that are in doubt and return how many; others are left.

    Args:
        after: accepted, refused, or queued: then it is sent again under the same
            Message-ID.
        words: What is said of it; else that it was done by hand.
    """
    values: dict[str, Any] = {"ids": list(ids), "now": now}
    said = words or f"in doubt, settled by hand as {after.value}"
    if after is DeliveryState.QUEUED:
        values |= {"due": again.due_at, "give_up": again.give_up_at}
        rows = connection.execute(_doubted_again, values).all()
    else:
        rows = connection.execute(_settled[after], values | {"said": said}).all()
    logged = "settled" if words else _BY_HAND
    _log(connection, rows, after, now, said, logged)
    return len(rows)


def withhold_queued(connection: Connection, delivery_id: int, now: datetime) -> bool:
    """Withhold one delivery that nobody has claimed yet; False when it is too late."""
    held = connection.execute(
        update(_delivery)
        .where(_delivery.c.id == delivery_id, in_states(_ONLY_QUEUED))
        .where(_delivery.c.attempt == 0)
        .values(
            state=DeliveryState.WITHHELD.value,
            reason=Withheld.CANCELLED.value,
            ended_at=now,
        )
    )
    return held.rowcount == 1


def _log(
    connection: Connection,
    rows: Sequence[Any],
    after: DeliveryState,
    now: datetime,
    words: str,
    logged: str = _BY_HAND,
) -> None:
    log_attempts(
        connection,
        [
            Change(
                row.id,
                row.attempt,
                after,
                now,
                reply=Reply(0, "", words),
                logged=logged,
            )
            for row in rows
        ],
    )


_renew = (
    update(_delivery)
    .where(
        _ids,
        in_states([DeliveryState.QUEUED]),
        _delivery.c.give_up_at < bindparam("too_soon", type_=Instant()),
    )
    .values(give_up_at=bindparam("give_up", type_=Instant()))
)


def renew(
    connection: Connection, ids: Sequence[int], too_soon: datetime, give_up_at: datetime
) -> None:
    """Put off when letters that wait are given up, where that would be too soon."""
    values = {"ids": list(ids), "too_soon": too_soon, "give_up": give_up_at}
    connection.execute(_renew, values)


def _slice(condition: ColumnElement[bool]) -> Any:
    of_campaign: ColumnElement[bool] = literal_column("delivery.cause_kind = 'campaign'")
    chosen: Select[Any] = (
        select(_delivery.c.id)
        .where(condition, of_campaign, _delivery.c.cause_id == bindparam("campaign"))
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )
    return (
        update(_delivery)
        .where(_delivery.c.id.in_(select(chosen.cte("chosen").c.id)))
        .values(
            state="withheld",
            reason=Withheld.CANCELLED.value,
            ended_at=NOW,
            owner_id=None,
            lease_until=None,
        )
        # SQLite's driver does not count what a statement changes that begins with WITH.
        .returning(_delivery.c.id)
    )


_cancel = (
    _slice(literal_column("delivery.state = 'queued'")),
    _slice(
        _delivery.c.owner_id.is_not(None) & literal_column("delivery.state = 'claimed'")
    ),
)


def _left_over() -> Any:
    return (
        update(_delivery)
        .where(
            literal_column("delivery.state = 'queued'"),
            literal_column("delivery.cause_kind <> 'campaign'"),
            _delivery.c.rehearsal.is_(True),
        )
        .values(state="withheld", reason=Withheld.CANCELLED.value, ended_at=NOW)
    )


_end_rehearsed = _left_over()


def any_rehearsed_left(connection: Connection) -> bool:
    """Say whether a rehearsal has left a letter in the queue that no campaign caused."""
    left = select(_delivery.c.id).where(
        literal_column("delivery.state = 'queued'"),
        literal_column("delivery.cause_kind <> 'campaign'"),
        _delivery.c.rehearsal.is_(True),
    )
    return connection.execute(left.limit(1)).first() is not None


def end_rehearsed(connection: Connection, now: datetime) -> int:
    """Withhold what no campaign caused and a rehearsal has left in the queue."""
    return connection.execute(_end_rehearsed, {"now": now}).rowcount


def cancel_slice(
    connection: Connection, campaign_id: int, limit: int, now: datetime
) -> int:
    """Withhold some of a cancelled campaign's letters of which nothing was said yet.

    A worker that holds one of them finds that it is not its own any more.

    Returns:
        How many were withheld; 0 when there are none left.
    """
    values = {"campaign": campaign_id, "limit": limit, "now": now}
    return sum(len(connection.execute(one, values).all()) for one in _cancel)
