"""What happened to one person's letters: for `mailer explain`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, literal_column, select

from mailer.model.campaign import Campaign, CampaignState
from mailer.model.delivery import CauseKind, Claim, DeliveryState
from mailer.model.kind import Kind
from mailer.model.shown import Shown, shown_of
from mailer.store import transactions
from mailer.store.campaigns import campaign_of
from mailer.store.campaignsearch import to_lists
from mailer.store.causes import any_letter
from mailer.store.contacts import get_contact
from mailer.store.deliveries import DeliveryView, view_of
from mailer.store.plaintexts import plain_since
from mailer.store.tables import AttemptRow, CampaignRow, DeliveryRow, table

_delivery = table(DeliveryRow)
_attempt = table(AttemptRow)
_campaign = table(CampaignRow)
# A partial index is only used when the statement says its condition literally.
_IN_DOUBT: ColumnElement[bool] = literal_column("delivery.state = 'in_doubt'")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that did not simply end as accepted.

    Args:
        outcome: `deferred`, `refused`, `in_doubt`, `released`, `capped` or `withheld`.
        stage: Where in the dialogue it was.
        words: What the relay said, or why we did not go on.
    """

    attempt: int
    at: datetime
    outcome: str
    stage: str
    code: int
    enhanced: str
    words: str
    relay: str


def letter_of(
    connection: Connection, campaign_id: int, contact_id: int
) -> DeliveryView | None:
    """Return the delivery of a campaign to a contact, or None when none was planned."""
    row = connection.execute(
        select(_delivery).where(
            _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
            _delivery.c.cause_id == campaign_id,
            _delivery.c.contact_id == contact_id,
        )
    ).first()
    return None if row is None else view_of(row)


@dataclass(frozen=True, slots=True)
class OtherLetter:
    """A letter that no campaign wrote: a confirmation, a welcome, a reply."""

    cause_kind: CauseKind
    cause_id: int
    kind: Kind
    rehearsal: bool
    delivery: DeliveryView


def other_letters(connection: Connection, contact_id: int, limit: int) -> list[OtherLetter]:
    """Return a contact's latest letters that no campaign wrote, newest first."""
    return _others(
        connection,
        (_delivery.c.contact_id == contact_id)
        & (_delivery.c.cause_kind != CauseKind.CAMPAIGN.value),
        limit,
    )


def letters_to_nobody(connection: Connection, hash: bytes, limit: int) -> list[OtherLetter]:
    """Return the latest letters that an address was sent while it was no contact's."""
    ids = transactions.letters_to_nobody(connection, hash, limit)
    return _others(connection, _delivery.c.id.in_(ids), limit) if ids else []


def _others(
    connection: Connection, where: ColumnElement[bool], limit: int
) -> list[OtherLetter]:
    rows = connection.execute(
        select(_delivery).where(where).order_by(_delivery.c.id.desc()).limit(limit)
    )
    return [_other(row) for row in rows]


def _other(row: Row[Any]) -> OtherLetter:
    return OtherLetter(
        CauseKind(row.cause_kind),
        row.cause_id,
        Kind(row.kind),
        bool(row.rehearsal),
        view_of(row),
    )


def any_letter_of(connection: Connection, number: int) -> OtherLetter | None:
    """Return one letter with its cause, a campaign's too; None when there is none."""
    row = connection.execute(select(_delivery).where(_delivery.c.id == number)).first()
    return None if row is None else _other(row)


def doubts_of_no_campaign(
    connection: Connection, after: int, limit: int
) -> list[OtherLetter]:
    """Return letters in doubt that no campaign wrote, in order, after a number."""
    rows = connection.execute(
        select(_delivery)
        .where(
            _IN_DOUBT,
            _delivery.c.cause_kind != CauseKind.CAMPAIGN.value,
            _delivery.c.id > after,
        )
        .order_by(_delivery.c.id)
        .limit(limit)
    )
    return [_other(row) for row in rows]


def attempts_of(connection: Connection, delivery_id: int) -> list[Attempt]:
    """Return the log of a delivery's attempts, in order."""
    rows = connection.execute(
        select(_attempt)
        .where(_attempt.c.delivery_id == delivery_id)
        .order_by(_attempt.c.id)
    )
    return [_read(row) for row in rows]


def _read(row: Row[Any]) -> Attempt:
    return Attempt(
        row.attempt,
        row.at,
        row.outcome,
        row.stage,
        row.code,
        row.enhanced,
        row.words,
        row.relay,
    )


def campaigns_of_lists(
    connection: Connection, list_ids: set[str], limit: int
) -> list[Campaign]:
    """Return the latest campaigns to some lists, newest first."""
    rows = connection.execute(
        select(_campaign)
        .where(to_lists(list_ids))
        .order_by(_campaign.c.id.desc())
        .limit(limit)
    )
    return [campaign_of(row) for row in rows]


def claim_to_show(connection: Connection, delivery_id: int) -> Claim | None:
    """Return all that a letter is composed of, to show it again; nothing is claimed.

    Returns:
        None when there is no such delivery, or the person is no longer on record.
    """
    row = connection.execute(
        select(_delivery).where(_delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None or not row.address:
        return None
    contact, plain = None, False
    tried_at = row.first_attempt_at or row.due_at
    if row.contact_id is not None:
        contact = get_contact(connection, row.contact_id)
        if contact is None:
            return None
        since = plain_since(connection, contact.id)
        plain = since is not None and since <= tried_at
    kept = shown_of(row.shown)
    known = kept or contact
    return Claim(
        id=row.id,
        fence=row.attempt,
        cause_kind=CauseKind(row.cause_kind),
        cause_id=row.cause_id,
        kind=Kind(row.kind),
        list_id=row.list_id,
        contact_id=row.contact_id,
        address=row.address,
        first_attempt_at=tried_at,
        give_up_at=row.give_up_at,
        deferrals=row.deferrals,
        attributes=dict(known.attributes) if known else {},
        language=known.language if known else None,
        time_zone=known.time_zone if known else None,
        plain=plain if kept is None else kept.plain,
        clicks=None if kept is None else kept.clicks,
    )


def shown_in(connection: Connection, delivery_id: int) -> tuple[Shown | None, bool]:
    """Return what a letter showed of its person, and whether it was a rehearsal's.

    None where that is not kept (any more).
    """
    row = connection.execute(
        select(_delivery.c.shown, _delivery.c.rehearsal).where(
            _delivery.c.id == delivery_id
        )
    ).one()
    return shown_of(row.shown), bool(row.rehearsal)


def sent_to_all(
    connection: Connection, list_id: str, limit: int, *, rehearsed: bool = False
) -> list[Campaign]:
    """Return the latest campaigns that went to the whole of a list, newest first.

    A segment, a draw by lot or a letter after another was meant for some of it.

    One counts when a relay has taken one of its letters.

    Args:
        rehearsed: Rehearsals, which went to nobody, count too.
    """
    accepted = any_letter(
        _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
        _delivery.c.cause_id == _campaign.c.id,
        _delivery.c.state == DeliveryState.ACCEPTED.value,
    )
    rows = connection.execute(
        select(_campaign)
        .where(
            _campaign.c.list_id == list_id,
            _campaign.c.segment == "",
            _campaign.c.rule == "",
            _campaign.c.people_limit.is_(None),
            _campaign.c.follows.is_(None),
            _campaign.c.kind == Kind.MARKETING.value,
            _campaign.c.state != CampaignState.CANCELLED.value,
            _campaign.c.started_at.is_not(None),
            *(() if rehearsed else (_campaign.c.rehearsal.is_(False),)),
            accepted,
        )
        .order_by(_campaign.c.id.desc())
        .limit(limit)
    )
    return [campaign_of(row) for row in rows]


def delivery_by_id(connection: Connection, delivery_id: int) -> DeliveryView:
    """Return one delivery, whatever its cause, by its number."""
    row = connection.execute(select(_delivery).where(_delivery.c.id == delivery_id)).one()
    return view_of(row)
