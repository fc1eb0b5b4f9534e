"""Writing down what came of a delivery: the other half of the sender's commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    insert,
    literal_column,
    null,
    update,
)

from mailer.model.delivery import TRANSITIONS, DeliveryState
from mailer.model.outcome import Reply, Stage
from mailer.store.compiled import Compiled, Number, Row, Word, as_parameter, rows_given
from mailer.store.tables import AttemptRow, DeliveryRow, Instant, table, to_instant

_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)

_WORDS_AT_MOST = 1000


class Change(NamedTuple):
    """What is to be written down about one claim.

    Args:
        after: The state that it goes to.
        reason: Why it was withheld, expired or put back, in one word, else None.
        due_at: When it is due again; None leaves it.
        deferred: Count this against the retry plan.
        reply: What was said; None when nobody said anything.
        logged: The name of the outcome for the log of attempts; "" keeps none, as for an
            accepted letter, whose row has it all.
    """

    id: int
    fence: int
    after: DeliveryState
    at: datetime
    reason: str | None = None
    due_at: datetime | None = None
    deferred: bool = False
    reply: Reply | None = None
    stage: Stage = Stage.CONTENT
    logged: str = ""
    relay: str | None = None
    relay_id: str | None = None


def _held_by_a_worker(after: DeliveryState) -> list[DeliveryState]:
    """Return the states that a worker's own claim can be in on its way to `after`.

    `in_doubt` is among them: a late answer of the same attempt settles it.
    """
    return [
        before
        for before in (DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
        if after in TRANSITIONS[before]
    ]


def _from(after: DeliveryState) -> ColumnElement[bool]:
    listed = ", ".join(f"'{state.value}'" for state in _held_by_a_worker(after))
    clause: ColumnElement[bool] = literal_column(f"state IN ({listed})")
    return clause


_ROW = (_delivery.c.id == bindparam("row")) & (_delivery.c.attempt == bindparam("fence"))

_GIVEN = {
    "row": Number, "fence": Number, "at": Number,
    "by_relay": Word, "given_id": Word, "words": Word,
}  # fmt: skip


@cache
def _accept(dialect_name: str) -> Compiled:
    given = rows_given("changes", _GIVEN, dialect_name)
    return Compiled(
        update(_delivery)
        .where(
            _delivery.c.id == given.c.row,
            _delivery.c.attempt == given.c.fence,
            _from(DeliveryState.ACCEPTED),
        )
        .values(
            state=literal_column("'accepted'"),
            reason=null(),
            ended_at=given.c.at,
            owner_id=null(),
            lease_until=null(),
            relay=given.c.by_relay,
            relay_id=given.c.given_id,
            reply=given.c.words,
        )
    )


def _other(after: DeliveryState) -> Any:
    ended = after is not DeliveryState.QUEUED
    return (
        update(_delivery)
        .where(_ROW, _from(after))
        .values(
            state=after.value,
            reason=bindparam("why"),
            ended_at=bindparam("at", type_=Instant()) if ended else None,
            due_at=bindparam("due", type_=Instant()) if not ended else _delivery.c.due_at,
            deferrals=_delivery.c.deferrals + bindparam("charged"),
            owner_id=None,
            lease_until=None,
            relay=bindparam("by_relay"),
            reply=bindparam("words"),
        )
    )


_statements = {
    after: _other(after)
    for after in (
        DeliveryState.QUEUED,
        DeliveryState.REFUSED,
        DeliveryState.EXPIRED,
        DeliveryState.WITHHELD,
        DeliveryState.IN_DOUBT,
    )
}


def record(connection: Connection, changes: Iterable[Change]) -> None:
    """Write down what came of claims; one that was overtaken meanwhile is left alone."""
    by_state: dict[DeliveryState, list[Change]] = {}
    for change in changes:
        by_state.setdefault(change.after, []).append(change)
    for after, group in by_state.items():
        if after is DeliveryState.ACCEPTED:
            changes_given = as_parameter([_accepted(change) for change in group])
            _accept(connection.dialect.name).count(connection, {"changes": changes_given})
        else:
            connection.execute(_statements[after], [_changed(change) for change in group])
    logged = [
        _logged(change) for group in by_state.values() for change in group if change.logged
    ]
    if logged:
        connection.execute(insert(_attempt), logged)


def _text(reply: Reply | None) -> str | None:
    return None if reply is None else str(reply)[:_WORDS_AT_MOST]


def _accepted(change: Change) -> Row:
    """Return what `_GIVEN` names."""
    return (
        change.id,
        change.fence,
        to_instant(change.at),
        change.relay,
        change.relay_id,
        _text(change.reply),
    )


def _changed(change: Change) -> dict[str, Any]:
    values: dict[str, Any] = {
        "row": change.id,
        "fence": change.fence,
        "why": change.reason,
        "charged": int(change.deferred),
        "by_relay": change.relay,
        "words": _text(change.reply),
    }
    if change.after is DeliveryState.QUEUED:
        values["due"] = change.due_at or change.at
    else:
        values["at"] = change.at
    return values


def _logged(change: Change) -> dict[str, Any]:
    reply = change.reply or Reply(0, "", "")
    return {
        "delivery_id": change.id,
        "attempt": change.fence,
        "at": change.at,
        "outcome": change.logged,
        "stage": change.stage.value,
        "code": reply.code,
        "enhanced": reply.enhanced,
        "words": reply.text[:_WORDS_AT_MOST],
        "relay": change.relay or "",
    }


def log_attempts(connection: Connection, changes: Sequence[Change]) -> None:
    """Add to the log of attempts without touching the deliveries."""
    if changes:
        connection.execute(insert(_attempt), [_logged(change) for change in changes])
