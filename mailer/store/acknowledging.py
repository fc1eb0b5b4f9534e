"""What was acknowledged and what was not, and how much went out lately."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select

from mailer.store.tables import table
from mailer.store.tickettables import AcknowledgementRow
from mailer.triage import quotas
from mailer.triage.quotas import Recent

_made = table(AcknowledgementRow)


@dataclass(frozen=True, slots=True)
class Asking:
    """What an acknowledgement is counted by.

    Args:
        match: The match form of the address that it would go to.
        domain: That of the address, in small letters.
        subject: What is left of the subject when robots have varied it.
        said_hash: A digest of what was said.
    """

    incoming_id: int
    ticket_id: int
    mailbox: str
    match: str
    domain: str
    subject: str
    said_hash: bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a message was acknowledged, and if not, by which rule and why."""

    incoming_id: int
    at: datetime
    delivery_id: int | None
    rule: int | None
    why: str


def decide(
    connection: Connection,
    asking: Asking,
    now: datetime,
    *,
    delivery_id: int | None = None,
    rule: int | None = None,
    why: str = "",
) -> None:
    """Put on record what was decided about a message."""
    connection.execute(
        insert(_made).values(
            incoming_id=asking.incoming_id,
            ticket_id=asking.ticket_id,
            mailbox=asking.mailbox,
            match=asking.match,
            domain=asking.domain,
            subject=asking.subject,
            said_hash=asking.said_hash,
            decided_at=now,
            delivery_id=delivery_id,
            rule=rule,
            why=why,
        )
    )


def decisions_of(connection: Connection, ticket_id: int) -> list[Decision]:
    """Return what was decided about a ticket's messages, oldest first."""
    rows = connection.execute(
        select(_made).where(_made.c.ticket_id == ticket_id).order_by(_made.c.incoming_id)
    )
    return [
        Decision(row.incoming_id, row.decided_at, row.delivery_id, row.rule, row.why)
        for row in rows
    ]


def recent(connection: Connection, asking: Asking, now: datetime) -> Recent:
    """Return how many acknowledgements went out lately, by all that is counted."""
    to_address = _made.c.match == asking.match
    to_domain = _made.c.domain == asking.domain
    from_mailbox = _made.c.mailbox == asking.mailbox
    about = _made.c.subject == asking.subject

    def since(at: datetime, *which: ColumnElement[bool]) -> int:
        counted = select(func.count()).where(
            *which, _made.c.decided_at > at, _made.c.delivery_id.is_not(None)
        )
        return int(connection.execute(counted).scalar_one())

    return Recent(
        since(now - quotas.ADDRESS_SOON, to_address, from_mailbox),
        since(now - quotas.ADDRESS, to_address),
        since(now - quotas.DOMAIN, to_domain),
        since(now - quotas.SUBJECT, to_domain, about),
        since(now - quotas.MAILBOX, from_mailbox),
    )


def letters_to(connection: Connection, asking: Asking) -> int:
    """Count the letters that an address ever got from a mailbox by itself."""
    counted = select(func.count()).where(
        _made.c.match == asking.match,
        _made.c.mailbox == asking.mailbox,
        _made.c.delivery_id.is_not(None),
    )
    return int(connection.execute(counted).scalar_one())


def said_since(connection: Connection, asking: Asking, since: datetime) -> bool:
    """Say whether an address said just this since a moment."""
    found = select(_made.c.incoming_id).where(
        _made.c.match == asking.match,
        _made.c.said_hash == asking.said_hash,
        _made.c.decided_at > since,
    )
    return connection.execute(found.limit(1)).first() is not None
