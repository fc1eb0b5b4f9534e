"""What the letters of a cause hold: from the cause to the hash of what was frozen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import KINDS, Kind
from mailer.store.doortables import TransactionRow
from mailer.store.tables import (
    CampaignRow,
    DeliveryRow,
    PageRequestRow,
    SignUpRow,
    TestLetterRow,
    WelcomeRow,
    table,
)

_campaign = table(CampaignRow)
_test_letter = table(TestLetterRow)
_sign_up = table(SignUpRow)
_welcome = table(WelcomeRow)
_delivery = table(DeliveryRow)
_request = table(PageRequestRow)
_transaction = table(TransactionRow)


def content_hash_of(connection: Connection, cause: CauseKind, cause_id: int) -> str | None:
    """Return the hash of a cause's content; None when there is none on record."""
    if cause is CauseKind.CAMPAIGN:
        where = select(_campaign.c.frozen_hash).where(_campaign.c.id == cause_id)
    elif cause in {CauseKind.TEST, CauseKind.ALARM}:
        where = select(_test_letter.c.frozen_hash).where(_test_letter.c.id == cause_id)
    elif cause is CauseKind.SIGN_UP:
        where = select(_sign_up.c.frozen_hash).where(_sign_up.c.id == cause_id)
    elif cause is CauseKind.JOURNEY:
        where = select(_welcome.c.frozen_hash).where(_welcome.c.id == cause_id)
    elif cause is CauseKind.TRANSACTION:
        where = select(_transaction.c.frozen_hash).where(_transaction.c.id == cause_id)
    elif cause is CauseKind.REQUEST:
        where = select(_request.c.frozen_hash).where(_request.c.id == cause_id)
    else:
        return None
    found: str | None = connection.execute(where).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets one letter.

    Args:
        contact_id: The contact whose values the letter shows; None for a test letter that
            shows the sample's.
        hash: The keyed hash of the address.
        rehearsal: The letter goes where a rehearsal's letters go.
        priority: Of several letters that compete for a person the highest goes first.
        of_use_until: When it is no longer tried; None for as long as its kind is.
    """

    contact_id: int | None
    address: str
    hash: bytes
    rehearsal: bool
    of_use_until: datetime | None = None
    priority: int = 0


def queue_test_letter(
    connection: Connection,
    template: str,
    content_hash: str,
    recipient: Recipient,
    now: datetime,
) -> int:
    """Write down a test letter that is due at once; return its delivery's number."""
    test_id: int = connection.execute(
        insert(_test_letter)
        .values(template=template, frozen_hash=content_hash, sent_at=now)
        .returning(_test_letter.c.id)
    ).scalar_one()
    return queue_letter(connection, (CauseKind.TEST, test_id), Kind.TEST, recipient, now)


def queue_alarm_letter(
    connection: Connection, content_hash: str, recipient: Recipient, now: datetime
) -> int:
    """Write down a letter about alarms that is due at once; return its delivery."""
    number: int = connection.execute(
        insert(_test_letter)
        .values(template="alarm", frozen_hash=content_hash, sent_at=now)
        .returning(_test_letter.c.id)
    ).scalar_one()
    return queue_letter(connection, (CauseKind.ALARM, number), Kind.ALARM, recipient, now)


def queue_letter(
    connection: Connection,
    cause: tuple[CauseKind, int],
    kind: Kind,
    recipient: Recipient,
    due_at: datetime,
    list_id: str | None = None,
) -> int:
    """Write down one letter; return its delivery's number.

    Args:
        list_id: The list that it is about, None for none.
    """
    rule = KINDS[kind]
    return int(
        connection.execute(
            insert(_delivery)
            .values(
                cause_kind=cause[0].value,
                cause_id=cause[1],
                kind=kind.value,
                lane=rule.lane.value,
                contact_id=recipient.contact_id,
                hash=recipient.hash,
                address=recipient.address,
                list_id=list_id,
                state=DeliveryState.QUEUED.value,
                attempt=0,
                deferrals=0,
                due_at=due_at,
                give_up_at=recipient.of_use_until or due_at + rule.try_for,
                rehearsal=recipient.rehearsal,
                priority=recipient.priority,
            )
            .returning(_delivery.c.id)
        ).scalar_one()
    )
