"""What was frozen for letters, and what of it nothing needs any more."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, update

from mailer.model.delivery import CauseKind
from mailer.store.ageing import OVER
from mailer.store.doortables import TransactionRow
from mailer.store.tables import (
    CampaignRow,
    DeliveryRow,
    FrozenRow,
    PageRequestRow,
    SignUpRow,
    TestLetterRow,
    WelcomeRow,
    table,
)

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_frozen = table(FrozenRow)
_letter = table(TestLetterRow)
_page_request = table(PageRequestRow)
_sign_up = table(SignUpRow)
_transaction = table(TransactionRow)
_welcome = table(WelcomeRow)


class Kept(NamedTuple):
    """What was frozen, under its content hash."""

    hash: str
    body: dict[str, Any]
    frozen_at: datetime


def drop_unused(connection: Connection, before: datetime) -> int:
    """Drop what was frozen for letters that are gone; what a campaign names stays.

    Returns:
        How many were dropped.
    """
    connection.execute(
        delete(_letter).where(
            _letter.c.sent_at < before,
            ~exists().where(
                _delivery.c.cause_kind.in_([CauseKind.TEST.value, CauseKind.ALARM.value]),
                _delivery.c.cause_id == _letter.c.id,
            ),
            # The highest number stays, so that it is not given again.
            _letter.c.id < select(func.max(_letter.c.id)).scalar_subquery(),
        )
    )
    named = exists().where(_campaign.c.frozen_hash == _frozen.c.hash)
    gone: Any = connection.execute(
        delete(_frozen).where(_frozen.c.frozen_at < before, ~named, *_of_no_letter())
    )
    return int(gone.rowcount)


def of_aged(connection: Connection, before: datetime) -> list[Kept]:
    """Return what only campaigns name whose letters are all aged out."""
    found = select(_frozen).where(*_aged(before)).order_by(_frozen.c.hash)
    return [_kept(row) for row in connection.execute(found)]


def slim(connection: Connection, hash: str, body: dict[str, Any], before: datetime) -> bool:
    """Put bare bones in the place of what was frozen, if still nothing needs the rest."""
    changed = connection.execute(
        update(_frozen).where(_frozen.c.hash == hash, *_aged(before)).values(body=body)
    )
    return bool(changed.rowcount)


def all_frozen(connection: Connection, since: datetime | None = None) -> Iterator[Kept]:
    """Give all that was frozen, or only what was since a moment, one after the other."""
    found = select(_frozen).order_by(_frozen.c.hash)
    if since is not None:
        found = found.where(_frozen.c.frozen_at >= since)
    for row in connection.execute(found.execution_options(yield_per=20)):
        yield _kept(row)


def _aged(before: datetime) -> tuple[ColumnElement[bool], ...]:
    letters = exists().where(
        _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
        _delivery.c.cause_id == _campaign.c.id,
    )
    over = and_(_campaign.c.state.in_(OVER), _campaign.c.finished_at < before, ~letters)
    names = _campaign.c.frozen_hash == _frozen.c.hash
    return (
        _frozen.c.frozen_at < before,
        exists().where(names),
        ~exists().where(names, ~over),
        *_of_no_letter(),
    )


def _of_no_letter() -> tuple[ColumnElement[bool], ...]:
    return tuple(
        ~exists().where(one.c.frozen_hash == _frozen.c.hash)
        for one in (_letter, _page_request, _sign_up, _transaction, _welcome)
    )


def _kept(row: Any) -> Kept:
    return Kept(row.hash, row.body, row.frozen_at)
