"""What is on record about one person beside her contact, for her own page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import Kind
from mailer.model.shown import Shown, shown_of
from mailer.store.deliveries import DeliveryView, in_states, view_of
from mailer.store.tables import (
    CampaignRow,
    DeliveryRow,
    ImportBatch,
    ImportBefore,
    table,
)

_batch = table(ImportBatch)
_before = table(ImportBefore)
_campaign = table(CampaignRow)
_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class ImportedValues:
    """What one import said about a contact that was known already.

    Args:
        values: The values that it changed, by name.
    """

    values: dict[str, Any]
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """One letter to the person.

    Args:
        campaign: The campaign's number; None for what no campaign wrote.
        frozen_hash: What the campaign was started with.
        created_at: When the campaign was started.
        shown: What it showed of her, while that is kept.
    """

    delivery: DeliveryView
    cause: CauseKind
    kind: Kind
    campaign: int | None
    frozen_hash: str | None
    created_at: datetime | None
    cause_id: int = 0
    shown: Shown | None = None


def imported_values(connection: Connection, contact_id: int) -> list[ImportedValues]:
    """Return what imports changed about a contact, the oldest first.

    Each import is asked by itself: only so an index finds its one row.
    """
    batches = connection.execute(
        select(_batch.c.id, _batch.c.source, _batch.c.started_at).order_by(_batch.c.id)
    ).all()
    found: list[ImportedValues] = []
    for batch in batches:
        after = connection.execute(
            select(_before.c.after).where(
                _before.c.batch_id == batch.id, _before.c.contact_id == contact_id
            )
        ).scalar()
        if after:
            found.append(ImportedValues(dict(after), batch.source, batch.started_at))
    return found


def own_letters(connection: Connection, contact_id: int, limit: int) -> list[OwnLetter]:
    """Return a contact's letters, the newest first; no rehearsals: those went to nobody."""
    joined = _delivery.outerjoin(
        _campaign,
        (_delivery.c.cause_kind == CauseKind.CAMPAIGN.value)
        & (_campaign.c.id == _delivery.c.cause_id),
    )
    rows = connection.execute(
        select(
            _delivery,
            _campaign.c.id.label("campaign"),
            _campaign.c.frozen_hash.label("frozen_hash"),
            _campaign.c.created_at.label("campaign_at"),
        )
        .select_from(joined)
        .where(_delivery.c.contact_id == contact_id, _delivery.c.rehearsal.is_(False))
        .order_by(_delivery.c.id.desc())
        .limit(limit)
    )
    return [
        OwnLetter(
            view_of(row),
            CauseKind(row.cause_kind),
            Kind(row.kind),
            row.campaign,
            row.frozen_hash,
            row.campaign_at,
            row.cause_id,
            shown_of(row.shown),
        )
        for row in rows
    ]


def readdress(
    connection: Connection, contact_id: int, before: bytes, address: str, hash: bytes
) -> int:
    """Let letters that wait for the old address go to the new one; return how many.

    Args:
        before: The keyed hash of the old address.
        hash: That of the new one.
    """
    moved = connection.execute(
        update(_delivery)
        .where(
            _delivery.c.contact_id == contact_id,
            _delivery.c.hash == before,
            in_states([DeliveryState.QUEUED]),
        )
        .values(address=address, hash=hash)
    )
    return moved.rowcount
