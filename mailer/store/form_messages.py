"""How much was written on pages lately; what was written is a message as it came."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from mailer.store.lately import lately
from mailer.store.tables import table
from mailer.store.tickettables import FormMessageRow, TicketRow

_rows = table(FormMessageRow)
_ticket = table(TicketRow)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def written_lately(
    connection: Connection, network_hash: bytes | None, now: datetime
) -> tuple[int, int]:
    """Count what was written in an hour: from a network, and in all."""
    in_an_hour = lately(_rows.c.at, now - _HOUR, now)
    counted = select(func.count()).select_from(_rows).where(in_an_hour)
    network = 0
    if network_hash is not None:
        here = counted.where(_rows.c.network_hash == network_hash)
        network = int(connection.execute(here).scalar_one())
    return network, int(connection.execute(counted).scalar_one())


def note_written(connection: Connection, network_hash: bytes | None, now: datetime) -> None:
    """Count one more, and forget what is older than a day."""
    connection.execute(delete(_rows).where(_rows.c.at < now - _DAY))
    connection.execute(insert(_rows).values(at=now, network_hash=network_hash))


def note_helped(
    connection: Connection, ticket_id: int, *, helped: bool, now: datetime
) -> None:
    """Note whether a ticket's person was helped; her last word counts."""
    connection.execute(
        update(_ticket)
        .where(_ticket.c.id == ticket_id)
        .values(helped="yes" if helped else "no", helped_at=now)
    )


def helped_of(connection: Connection, ticket_id: int) -> str:
    """Return whether a ticket's person was helped: yes, no, or "" until she says so."""
    asked = select(_ticket.c.helped).where(_ticket.c.id == ticket_id)
    return str(connection.execute(asked).scalar_one_or_none() or "")


def helped_since(connection: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Count by mailbox and answer how many said whether they were helped."""
    rows = connection.execute(
        select(_ticket.c.mailbox, _ticket.c.helped, func.count())
        .where(_ticket.c.helped_at >= since)
        .group_by(_ticket.c.mailbox, _ticket.c.helped)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}
