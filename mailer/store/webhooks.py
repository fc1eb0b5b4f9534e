"""What endpoints are told: written once, taken by one at a time, ended or tried again.

A row's key is what happened, so whoever reads the same part of the ledger twice writes
nothing twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from mailer.model.webhook import Happening, HookState, Told
from mailer.store.doortables import WebhookEndpointRow, WebhookRow
from mailer.store.inserting import inserting
from mailer.store.tables import LedgerHead, LedgerRow, table

_rows = table(WebhookRow)
_endpoints = table(WebhookEndpointRow)
_ledger = table(LedgerRow)
_head = table(LedgerHead)
_MEANWHILE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Hook:
    """One thing that one endpoint is told.

    Args:
        attempts: How often it was tried, with the one that goes on.
        answer: What came of the last; holds no word of the other server's.
    """

    id: int
    endpoint: str
    told: Told
    list_id: str
    contact_id: int | None
    happened_at: datetime
    state: HookState
    attempts: int
    due_at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How an endpoint stands."""

    name: str
    since_at: datetime
    states: dict[HookState, int]


def see_endpoints(connection: Connection, names: Iterable[str], now: datetime) -> None:
    """Put endpoints on record; a new one is told of what happens from now on.

    What waits for one that is not configured any more is dropped.
    """
    wanted = set(names)
    known = set(connection.execute(select(_endpoints.c.name)).scalars())
    head = connection.execute(select(_head.c.number)).scalar() or 0
    for name in sorted(wanted - known):
        connection.execute(
            inserting(connection, _endpoints)
            .values(name=name, ledger_number=head, since_at=now)
            .on_conflict_do_nothing()
        )
    for name in known - wanted:
        connection.execute(delete(_endpoints).where(_endpoints.c.name == name))
        connection.execute(
            delete(_rows).where(
                _rows.c.endpoint == name, _rows.c.state == HookState.WAITING.value
            )
        )


def known_endpoints(connection: Connection) -> dict[str, int]:
    """Return how far the ledger was read for each endpoint."""
    found = connection.execute(select(_endpoints.c.name, _endpoints.c.ledger_number))
    return {row.name: row.ledger_number for row in found}


def entries_after(
    connection: Connection, number: int, limit: int
) -> list[tuple[int, int, int | None]]:
    """Return number, contact and import of the ledger's next entries."""
    found = connection.execute(
        select(_ledger.c.number, _ledger.c.contact_id, _ledger.c.batch_id)
        .where(_ledger.c.number > number)
        .order_by(_ledger.c.number)
        .limit(limit)
    )
    return [(row.number, row.contact_id, row.batch_id) for row in found]


def follow_up_to(connection: Connection, name: str, number: int) -> None:
    """Note how far the ledger was read for an endpoint."""
    connection.execute(
        update(_endpoints)
        .where(_endpoints.c.name == name, _endpoints.c.ledger_number < number)
        .values(ledger_number=number)
    )


def tell_of(
    connection: Connection, endpoint: str, happened: Sequence[Happening], now: datetime
) -> None:
    """Write down what an endpoint is to be told; what is there already stays as it is."""
    for one in happened:
        connection.execute(
            inserting(connection, _rows)
            .values(
                endpoint=endpoint,
                event=one.told.value,
                source=one.source,
                source_number=one.number,
                list_id=one.list_id,
                contact_id=one.contact_id,
                happened_at=one.at,
                state=HookState.WAITING.value,
                attempts=0,
                due_at=now,
                answer="",
            )
            .on_conflict_do_nothing()
        )


def tell_everybody(connection: Connection, happened: Happening, now: datetime) -> None:
    """Write something down for every endpoint on record."""
    for name in known_endpoints(connection):
        tell_of(connection, name, [happened], now)


def anything_due(connection: Connection, endpoint: str, now: datetime) -> bool:
    """Say whether anything is due to an endpoint."""
    return connection.execute(_due(endpoint, now).limit(1)).first() is not None


def _due(endpoint: str, now: datetime) -> Select[tuple[int]]:
    return select(_rows.c.id).where(
        _rows.c.endpoint == endpoint,
        _rows.c.state == HookState.WAITING.value,
        _rows.c.due_at <= now,
    )


def take(
    connection: Connection, endpoint: str, lease: timedelta, now: datetime, limit: int
) -> list[Hook]:
    """Take what is due to an endpoint, oldest first; nobody else does in the lease."""
    due = (
        _due(endpoint, now)
        .order_by(_rows.c.due_at, _rows.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    if not ids:
        return []
    taken = connection.execute(
        update(_rows)
        .where(_rows.c.id.in_(ids))
        .values(attempts=_rows.c.attempts + 1, due_at=now + lease)
        .returning(*_rows.c)
    )
    return sorted((_hook(row) for row in taken), key=lambda one: one.id)


def end(
    connection: Connection, hook: Hook, state: HookState, answer: str, now: datetime
) -> None:
    """Write down how telling ended, unless somebody else took it meanwhile."""
    connection.execute(
        update(_rows)
        .where(_rows.c.id == hook.id, _rows.c.attempts == hook.attempts)
        .values(state=state.value, answer=answer, ended_at=now)
    )


def put_off(connection: Connection, hook: Hook, due_at: datetime, answer: str) -> None:
    """Let it be tried again later, unless somebody else took it meanwhile."""
    connection.execute(
        update(_rows)
        .where(_rows.c.id == hook.id, _rows.c.attempts == hook.attempts)
        .values(due_at=due_at, answer=answer)
    )


def give_back(connection: Connection, hook: Hook, now: datetime) -> None:
    """Give back what was taken and not tried, unless somebody else took it meanwhile."""
    connection.execute(
        update(_rows)
        .where(_rows.c.id == hook.id, _rows.c.attempts == hook.attempts)
        .values(attempts=hook.attempts - 1, due_at=now + _MEANWHILE)
    )


def drop(connection: Connection, hook: Hook) -> None:
    """Forget something that an endpoint does not want to hear of."""
    connection.execute(delete(_rows).where(_rows.c.id == hook.id))


def replay(
    connection: Connection,
    endpoint: str,
    states: Sequence[HookState],
    since: datetime,
    now: datetime,
) -> int:
    """Let webhooks be delivered again, under their own ids; return how many."""
    done = connection.execute(
        update(_rows)
        .where(
            _rows.c.endpoint == endpoint,
            _rows.c.state.in_([one.value for one in states]),
            _rows.c.happened_at >= since,
        )
        .values(state=HookState.WAITING.value, attempts=0, due_at=now, ended_at=None)
    )
    return int(done.rowcount)


def count_replay(
    connection: Connection, endpoint: str, states: Sequence[HookState], since: datetime
) -> int:
    """Count what `replay` would deliver again."""
    return int(
        connection.execute(
            select(func.count()).where(
                _rows.c.endpoint == endpoint,
                _rows.c.state.in_([one.value for one in states]),
                _rows.c.happened_at >= since,
            )
        ).scalar_one()
    )


def counted(connection: Connection) -> list[Counted]:
    """Say how each endpoint on record stands, by name."""
    by_name: dict[str, dict[HookState, int]] = {}
    groups = select(_rows.c.endpoint, _rows.c.state, func.count().label("hooks"))
    for row in connection.execute(groups.group_by(_rows.c.endpoint, _rows.c.state)):
        by_name.setdefault(row.endpoint, {})[HookState(row.state)] = row.hooks
    found = connection.execute(select(_endpoints).order_by(_endpoints.c.name))
    return [Counted(row.name, row.since_at, by_name.get(row.name, {})) for row in found]


def last_failures(connection: Connection) -> list[Hook]:
    """Return what was given up, one for each endpoint: the newest."""
    newest = (
        select(func.max(_rows.c.id))
        .where(_rows.c.state == HookState.FAILED.value)
        .group_by(_rows.c.endpoint)
    )
    found = connection.execute(select(_rows).where(_rows.c.id.in_(newest)))
    return [_hook(row) for row in found]


def forget_hooks(connection: Connection, before: datetime, limit: int) -> int:
    """Delete what ended before a moment; return how many."""
    ids = list(
        connection.execute(
            select(_rows.c.id).where(_rows.c.ended_at < before).limit(limit)
        ).scalars()
    )
    connection.execute(delete(_rows).where(_rows.c.id.in_(ids)))
    return len(ids)


def _hook(row: Row[Any]) -> Hook:
    return Hook(
        row.id,
        row.endpoint,
        Told(row.event),
        row.list_id,
        row.contact_id,
        row.happened_at,
        HookState(row.state),
        row.attempts,
        row.due_at,
        row.answer,
    )
