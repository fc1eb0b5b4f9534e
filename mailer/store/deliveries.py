"""Deliveries as people look at them: counted by state, and listed one by one."""

from collections import Counter
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from mailer.model.delivery import OPEN_STATES, DeliveryState, Withheld
from mailer.store.ageing import aged_of
from mailer.store.causes import OF_CONTACTS, OF_NOBODY, PARTS
from mailer.store.columns import Instant
from mailer.store.database import Database
from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)

_PAGE = 1_000

# Partial indexes are only used when the statement says their condition, literally on
# PostgreSQL.
_OF_CAMPAIGNS: ColumnElement[bool] = literal_column("delivery.cause_kind = 'campaign'")
_THIS = and_(_OF_CAMPAIGNS, _delivery.c.cause_id == bindparam("campaign"))
_ONE: ColumnElement[int] = literal_column("1")


def in_states(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    """Return the condition that a delivery is in one of some states, said literally."""
    listed = ", ".join(f"'{state.value}'" for state in sorted(states))
    return literal_column(f"delivery.state IN ({listed})")


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery as it is shown to people.

    Args:
        list_id: The list under whose words it goes, "" for none.
        attempts: How often it was claimed.
        reply: The last thing that a mail server said about it.
    """

    id: int
    contact_id: int | None
    address: str
    state: DeliveryState
    reason: str
    attempts: int
    due_at: datetime
    give_up_at: datetime
    first_attempt_at: datetime | None
    left_at: datetime | None
    ended_at: datetime | None
    relay: str
    relay_id: str
    reply: str
    list_id: str = ""


def _grouped(*columns: ColumnElement[Any], where: ColumnElement[bool]) -> Select[Any]:
    """Select groups of a campaign's deliveries, once by each of its two indexes."""
    one, two = (select(*columns).where(_THIS, where, part) for part in PARTS)
    return select(one.union_all(two).subquery())


_EACH: ColumnElement[bool] = literal_column("1 = 1")
_states = _grouped(_delivery.c.state, where=_EACH).subquery()
_counts = select(_states.c.state, func.count()).group_by(_states.c.state)
_timed = _grouped(_delivery.c.state, _delivery.c.ended_at, where=_EACH).subquery()
_progress = select(
    _timed.c.state,
    func.count(),
    func.sum(case((_timed.c.ended_at > bindparam("since", type_=Instant()), 1), else_=0)),
).group_by(_timed.c.state)
_reasons = _grouped(
    _delivery.c.reason, where=in_states([DeliveryState.WITHHELD])
).subquery()
_withheld = (
    select(_reasons.c.reason, func.count())
    .group_by(_reasons.c.reason)
    .order_by(_reasons.c.reason)
)
_failed = _grouped(
    _delivery.c.id,
    where=in_states([DeliveryState.WITHHELD])
    & (_delivery.c.reason == Withheld.CANNOT_COMPOSE.value)
    & (_delivery.c.attempt > 0),
).subquery()


def counts(connection: Connection, campaign_id: int) -> dict[DeliveryState, int]:
    """Count a campaign's deliveries by state; every state is there, with 0 if need be."""
    found = dict.fromkeys(DeliveryState, 0)
    for state, count in connection.execute(_counts, {"campaign": campaign_id}):
        found[DeliveryState(state)] = count
    for one in aged_of(connection, campaign_id):
        found[one.state] += one.letters
    return found


def progress(
    connection: Connection, campaign_id: int, since: datetime
) -> tuple[dict[DeliveryState, int], int]:
    """Count a campaign's deliveries by state, and those accepted since a moment."""
    found = dict.fromkeys(DeliveryState, 0)
    accepted = 0
    values = {"campaign": campaign_id, "since": since}
    for state, count, lately in connection.execute(_progress, values):
        found[DeliveryState(state)] = count
        if state == DeliveryState.ACCEPTED:
            accepted = int(lately)
    for one in aged_of(connection, campaign_id):
        found[one.state] += one.letters
    return found, accepted


def withheld_counts(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Count what a campaign withheld, by reason."""
    rows = connection.execute(_withheld, {"campaign": campaign_id})
    found = Counter({str(reason): count for reason, count in rows})
    for one in aged_of(connection, campaign_id):
        if one.state is DeliveryState.WITHHELD:
            found[one.reason] += one.letters
    return dict(sorted(found.items()))


def failed_composing(connection: Connection, campaign_id: int) -> int:
    """Count the letters of a campaign that turned out not to be composable.

    Those that were known to be at the start, and allowed, were never tried and don't count.
    """
    statement = select(func.count()).select_from(_failed)
    return int(connection.execute(statement, {"campaign": campaign_id}).scalar_one())


_waiting = (
    select(_ONE)
    .where(
        literal_column("delivery.state = 'queued'"),
        _OF_CAMPAIGNS,
        _delivery.c.cause_id == bindparam("campaign"),
    )
    .limit(1)
)
_on_its_way = (
    select(_ONE)
    .where(_delivery.c.owner_id.is_not(None), _THIS, in_states(OPEN_STATES))
    .limit(1)
)


def any_open(connection: Connection, campaign_id: int) -> bool:
    """Say whether a letter of a campaign is still to be sent, or on its way.

    It looks at what waits and at what senders hold, and never at what has ended.
    """
    return any(
        connection.execute(one, {"campaign": campaign_id}).first() is not None
        for one in (_waiting, _on_its_way)
    )


def deliveries_of(
    database: Database, campaign_id: int, states: Collection[DeliveryState] = ()
) -> Generator[DeliveryView, None, None]:
    """Give a campaign's deliveries one by one, in the order of their contacts.

    Memory stays flat, and no transaction stays open between pages.

    Args:
        states: Only those in one of these; none means all.
    """
    for rows in _pages(database, select(_delivery), campaign_id, states):
        yield from (view_of(row) for row in rows)


def ids_of(
    database: Database, campaign_id: int, states: Collection[DeliveryState]
) -> Generator[list[int], None, None]:
    """Give the numbers of a campaign's deliveries in some states, a page at a time."""
    columns: Any = select(_delivery.c.id, _delivery.c.contact_id, _delivery.c.hash)
    for rows in _pages(database, columns, campaign_id, states):
        yield [row.id for row in rows]


def _pages(
    database: Database,
    columns: Any,
    campaign_id: int,
    states: Collection[DeliveryState],
) -> Generator[Sequence[Row[Any]], None, None]:
    chosen = in_states(states) if states else _EACH
    for part, key, before_all in (
        (OF_CONTACTS, _delivery.c.contact_id, -1),
        (OF_NOBODY, _delivery.c.hash, b""),
    ):
        page = (
            columns.where(_THIS, chosen, part, key > bindparam("after", type_=key.type))
            .order_by(key)
            .limit(_PAGE)
        )
        after: object = before_all
        while True:
            values = {"campaign": campaign_id, "after": after}
            with database.read() as connection:
                rows = connection.execute(page, values).all()
            if not rows:
                break
            yield rows
            after = getattr(rows[-1], key.name)


def find_delivery(
    connection: Connection, campaign_id: int, delivery_id: int
) -> DeliveryView | None:
    """Return one delivery of a campaign by its number."""
    row = connection.execute(
        select(_delivery).where(_THIS, _delivery.c.id == delivery_id),
        {"campaign": campaign_id},
    ).first()
    return None if row is None else view_of(row)


def find_letter(connection: Connection, delivery_id: int) -> DeliveryView | None:
    """Return one letter, whatever caused it; None when it is not on record (any more)."""
    row = connection.execute(
        select(_delivery).where(_delivery.c.id == delivery_id)
    ).one_or_none()
    return None if row is None else view_of(row)


def view_of(row: Row[Any]) -> DeliveryView:
    """Turn a row of the delivery table into what is shown to people."""
    return DeliveryView(
        id=row.id,
        contact_id=row.contact_id,
        address=row.address,
        state=DeliveryState(row.state),
        reason=row.reason or "",
        attempts=row.attempt,
        due_at=row.due_at,
        give_up_at=row.give_up_at,
        first_attempt_at=row.first_attempt_at,
        left_at=row.left_at,
        ended_at=row.ended_at,
        relay=row.relay or "",
        relay_id=row.relay_id or "",
        reply=row.reply or "",
        list_id=row.list_id or "",
    )
