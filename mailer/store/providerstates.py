"""How mailbox providers are: what the senders have learnt, together and over restarts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text

from mailer.pace.shaping import Standing
from mailer.store.columns import from_instant, to_instant
from mailer.store.inserting import put
from mailer.store.shapingtables import ProviderStateRow
from mailer.store.tables import table

_state = table(ProviderStateRow)
_PORTIONS = 0x706F_7274  # "port"
_TURN = text("SELECT pg_advisory_xact_lock(:portions)")
_TIMES = ("rest_until", "probe_until", "slowed_at", "held_until")


def take_turn(connection: Connection) -> None:
    """Let no other sender reckon with providers until the transaction's end.

    Each locks what it needs in an order of its own, and two might wait for each other. On
    SQLite whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_TURN, {"portions": _PORTIONS})


def provider_states(
    connection: Connection, only: Iterable[str] | None = None
) -> dict[str, Standing]:
    """Return how providers are.

    Args:
        only: These, locked until the transaction's end; all of them, as they are, for None.
    """
    asked = select(_state.c.provider, _state.c.seen)
    if only is not None:
        asked = asked.where(_state.c.provider.in_(list(only)))
        asked = asked.order_by(_state.c.provider).with_for_update()
    return {row.provider: _standing(row.seen) for row in connection.execute(asked)}


def keep_states(
    connection: Connection, standings: Mapping[str, Standing], now: datetime
) -> None:
    """Write down how some providers are."""
    for name, standing in sorted(standings.items()):
        seen = asdict(standing)
        for key in _TIMES:
            seen[key] = seen[key] and to_instant(seen[key])
        put(connection, _state, {"provider": name}, {"at": now, "seen": seen})


def forget_states(connection: Connection, before: datetime) -> None:
    """Drop what nobody has written down since a moment: it has faded long ago.

    What was stopped stays so until a person says otherwise, however long that takes.
    """
    old = select(_state.c.provider, _state.c.seen).where(_state.c.at < before)
    faded = [
        {"name": row.provider}
        for row in connection.execute(old)
        if not _standing(row.seen).stopped
    ]
    if faded:
        # One by one: there may be more than one statement takes, as domains in no file
        # have a row each.
        gone = delete(_state).where(
            _state.c.at < before, _state.c.provider == bindparam("name")
        )
        connection.execute(gone, faded)


def _standing(seen: Mapping[str, Any]) -> Standing:
    values = dict(seen)
    for key in _TIMES:
        # What an earlier version wrote down lacks some.
        at = values.get(key)
        values[key] = None if at is None else from_instant(at)
    return Standing(**values)
