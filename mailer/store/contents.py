"""What the letters of a cause hold: from the cause to the hash of what was frozen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from mailer.model.delivery import CauseKind
from mailer.model.kind import KINDS, Kind
from mailer.store.tables import CampaignRow, DeliveryRow, TestLetterRow, table

_campaign = table(CampaignRow)
_test_letter = table(TestLetterRow)
_delivery = table(DeliveryRow)


def content_hash_of(connection: Connection, cause: CauseKind, cause_id: int) -> str | None:
    """Return the hash of a cause's content; None when there is none on record."""
    if cause is CauseKind.CAMPAIGN:
        where = select(_campaign.c.frozen_hash).where(_campaign.c.id == cause_id)
    elif cause is CauseKind.TEST:
        where = select(_test_letter.c.frozen_hash).where(_test_letter.c.id == cause_id)
    else:
        return None
    found: str | None = connection.execute(where).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class TestReader:
    """Who gets a test letter.

    Args:
        contact_id: The contact whose values the letter shows, or None for the sample's.
        hash: The keyed hash of the address.
    """

    contact_id: int | None
    address: str
    hash: bytes


def queue_test_letter(
    connection: Connection,
    template: str,
    content_hash: str,
    reader: TestReader,
    now: datetime,
) -> int:
    """Write down a test letter that is due at once; return its delivery's number."""
    test_id = connection.execute(
        insert(_test_letter)
        .values(template=template, frozen_hash=content_hash, sent_at=now)
        .returning(_test_letter.c.id)
    ).scalar_one()
    rule = KINDS[Kind.TEST]
    return int(
        connection.execute(
            insert(_delivery)
            .values(
                cause_kind=CauseKind.TEST.value,
                cause_id=test_id,
                kind=Kind.TEST.value,
                lane=rule.lane.value,
                contact_id=reader.contact_id,
                hash=reader.hash,
                address=reader.address,
                list_id=None,
                state="queued",
                attempt=0,
                deferrals=0,
                due_at=now,
                give_up_at=now + rule.try_for,
            )
            .returning(_delivery.c.id)
        ).scalar_one()
    )
