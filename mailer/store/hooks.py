"""Events of providers, each kept once however often it is told, and by what id it is known.

They lie beside the messages that came as mail, under a channel that no mail has: what is
only written like an event is never taken for one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mailer.model.hook import CHANNEL, HookEvent, Provider
from mailer.store.doortables import HookOnceRow
from mailer.store.incoming import Concern, concern_of
from mailer.store.inserting import inserting
from mailer.store.tables import ContactRow, DeliveryRow, IncomingRow, table

_contact = table(ContactRow)
_delivery = table(DeliveryRow)
_incoming = table(IncomingRow)
_once = table(HookOnceRow)


def keep_events(
    connection: Connection, provider: Provider, events: Sequence[HookEvent], now: datetime
) -> int:
    """Keep events unless they are here already; return how many are new."""
    if not events:
        return 0
    made = connection.execute(
        inserting(connection, _incoming)
        .on_conflict_do_nothing(index_elements=["digest"])
        .returning(_incoming.c.id),
        [
            {
                "digest": _digest(provider, one.id),
                "channel": f"{CHANNEL}{provider}",
                "received_at": now,
                "raw": one.raw,
                "mailbox": None,
            }
            for one in events
        ],
    )
    return len(made.all())


def _digest(provider: Provider, told: str) -> bytes:
    return hashlib.sha256(
        b"\0".join([b"hook", provider.encode(), told.encode("utf-8", "replace")])
    ).digest()


def comes_once(
    connection: Connection, provider: Provider, once: str, event_id: str, now: datetime
) -> bool:
    """Say whether what was signed comes with this event only, and note that it did."""
    digest, event = _digest(provider, f"once {once}"), _digest(provider, event_id)
    connection.execute(
        inserting(connection, _once)
        .values(digest=digest, event_digest=event, at=now)
        .on_conflict_do_nothing(index_elements=["digest"])
    )
    here = select(_once.c.event_digest).where(_once.c.digest == digest)
    return bytes(connection.execute(here).scalar_one()) == event


def forget_once(connection: Connection, before: datetime, limit: int) -> int:
    """Forget some of what was signed so long ago that it would not be taken again."""
    old = select(_once.c.digest).where(_once.c.at < before).limit(limit)
    return connection.execute(delete(_once).where(_once.c.digest.in_(old))).rowcount


def empty(connection: Connection, incoming_id: int) -> None:
    """Empty an event that was done: nobody needs what it said of a person."""
    connection.execute(
        update(_incoming).where(_incoming.c.id == incoming_id).values(raw=b"")
    )


def by_relay_id(
    connection: Connection,
    matches: Sequence[str],
    ids: Sequence[str],
    relays: Sequence[str],
) -> list[Concern]:
    """Return letters to some addresses that a relay calls by one of some ids.

    Args:
        matches: The addresses' match forms.
        relays: Only letters that were handed to these; all when there is none.
    """
    if not matches or not ids:
        return []
    people = select(_contact.c.id).where(_contact.c.match.in_(list(matches)))
    query = select(_delivery).where(
        _delivery.c.contact_id.in_(people), _delivery.c.relay_id.in_(list(ids))
    )
    if relays:
        query = query.where(_delivery.c.relay.in_(list(relays)))
    return [concern_of(row) for row in connection.execute(query.limit(2))]
