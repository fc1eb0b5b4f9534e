"""Writing down what came of a delivery: the other half of the sender's commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Text,
    Update,
    case,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)

from mailer.model.delivery import TRANSITIONS, DeliveryState
from mailer.model.outcome import Reply, Stage
from mailer.store.columns import to_instant
from mailer.store.compiled import Compiled, Number, Row, Word, as_parameter, rows_given
from mailer.store.tables import AttemptRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)

_WORDS_AT_MOST = 1000
_ERASED: ColumnElement[bool] = _delivery.c.address == literal_column("''", Text())


class Change(NamedTuple):
    """What is to be written down about one claim.

    Args:
        after: The state that it goes to.
        reason: Why it was withheld, expired or put back, in one word, else None.
        due_at: When it is due again; None leaves it.
        give_up_at: When it is given up from now on; None leaves it.
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
    give_up_at: datetime | None = None


def _held_by_a_worker(after: DeliveryState) -> list[DeliveryState]:
    """Return the states that a worker's own claim can be in on its way to `after`.

    `in_doubt` is among them: a late answer of the same attempt settles it.
    """
    return [
        before
        for before in (DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
        if after in TRANSITIONS[before]
    ]


_AFTER = (
    DeliveryState.ACCEPTED,
    DeliveryState.QUEUED,
    DeliveryState.REFUSED,
    DeliveryState.EXPIRED,
    DeliveryState.WITHHELD,
    DeliveryState.IN_DOUBT,
)


def _from(after: DeliveryState) -> ColumnElement[bool]:
    listed = ", ".join(f"'{state.value}'" for state in _held_by_a_worker(after))
    clause: ColumnElement[bool] = literal_column(f"state IN ({listed})")
    return clause


_GIVEN = {
    "row": Number, "fence": Number, "after": Word, "at": Number, "why": Word,
    "due": Number, "charged": Number, "by_relay": Word, "given_id": Word, "words": Word,
    "give_up": Number,
}  # fmt: skip
_LOGGED = {
    "delivery_id": Number, "attempt": Number, "at": Number, "outcome": Word,
    "stage": Word, "code": Number, "enhanced": Word, "words": Word, "relay": Word,
}  # fmt: skip


def recording(dialect_name: str) -> Update:
    """Write down what came of claims; binds `changes` (`as_rows`)."""
    given = rows_given("changes", _GIVEN, dialect_name)
    allowed = or_(*((given.c.after == _word(after)) & _from(after) for after in _AFTER))
    return (
        update(_delivery)
        .where(_delivery.c.id == given.c.row, _delivery.c.attempt == given.c.fence, allowed)
        .values(
            state=given.c.after,
            reason=given.c.why,
            ended_at=case(
                (given.c.after == _word(DeliveryState.QUEUED), null()), else_=given.c.at
            ),
            due_at=func.coalesce(given.c.due, _delivery.c.due_at),
            give_up_at=func.coalesce(given.c.give_up, _delivery.c.give_up_at),
            deferrals=_delivery.c.deferrals + given.c.charged,
            owner_id=null(),
            lease_until=null(),
            relay=given.c.by_relay,
            # Of who was erased meanwhile nothing is kept: servers repeat the address.
            relay_id=case((_ERASED, null()), else_=given.c.given_id),
            reply=case((_ERASED, null()), else_=given.c.words),
        )
    )


def attempting(dialect_name: str) -> Insert:
    """Add to the log of attempts; binds `logged` (`log_of`).

    What is there already is left alone: where the answer of a commit was lost, all of it is
    written once more. A refusal that stood there twice would count as two bounces.
    """
    given = rows_given("logged", _LOGGED, dialect_name)
    known = exists().where(
        *(
            _attempt.c[name] == given.c[name]
            for name in ("delivery_id", "attempt", "at", "outcome")
        )
    )
    nobody_s = exists().where(_delivery.c.id == given.c.delivery_id, _ERASED)
    cells = [
        case((nobody_s, literal_column("''", Text())), else_=cell)
        if name == "words"
        else cell
        for name, cell in given.c.items()
    ]
    new = select(*cells).where(~known).order_by(given.c.at, given.c.delivery_id)
    return insert(_attempt).from_select(list(_LOGGED), new)


def _word(state: DeliveryState) -> ColumnElement[str]:
    return literal_column(f"'{state.value}'", Text())


def as_rows(changes: Iterable[Change]) -> list[Row]:
    """Return what `recording` binds."""
    return [
        (
            change.id,
            change.fence,
            change.after.value,
            to_instant(change.at),
            change.reason,
            _due_at(change),
            int(change.deferred),
            change.relay,
            change.relay_id,
            _text(change.reply),
            None if change.give_up_at is None else to_instant(change.give_up_at),
        )
        for change in changes
    ]


def _due_at(change: Change) -> int | None:
    if change.after is not DeliveryState.QUEUED:
        return None
    return to_instant(change.due_at or change.at)


def log_of(changes: Iterable[Change]) -> list[Row]:
    """Return what `attempting` binds: nothing for most that were accepted."""
    return [_logged(change) for change in changes if change.logged]


@cache
def _record(dialect_name: str) -> Compiled:
    return Compiled(recording(dialect_name))


def record(connection: Connection, changes: Sequence[Change]) -> None:
    """Write down what came of claims, outside of a sender's groups."""
    if changes:
        values = {"changes": as_parameter(as_rows(changes))}
        _record(connection.dialect.name).count(connection, values)
        log_attempts(connection, changes)


@cache
def _log(dialect_name: str) -> Compiled:
    return Compiled(attempting(dialect_name))


def log_attempts(connection: Connection, changes: Sequence[Change]) -> None:
    """Add to the log of attempts without touching the deliveries."""
    if rows := log_of(changes):
        _log(connection.dialect.name).count(connection, {"logged": as_parameter(rows)})


def _text(reply: Reply | None) -> str | None:
    return None if reply is None else _stored(str(reply))


def _stored(words: str) -> str:
    """Cut words, and take out what a database may refuse: NUL, half a surrogate pair."""
    words = words[:_WORDS_AT_MOST]
    if words.isprintable():
        return words
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def _logged(change: Change) -> Row:
    """Return what `_LOGGED` names."""
    reply = change.reply or Reply(0, "", "")
    return (
        change.id,
        change.fence,
        to_instant(change.at),
        change.logged,
        change.stage.value,
        reply.code,
        reply.enhanced,
        _stored(reply.text),
        change.relay or "",
    )
