"""What was frozen for letters, and what of it nothing needs any more."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, select, update

from mailer.model.delivery import CauseKind
from mailer.store.ageing import OVER
from mailer.store.causes import no_letter
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


def drop_test_letters(connection: Connection, before: datetime) -> int:
    """Drop sendings of test letters and alarms whose letters are gone; return how many."""
    dropped: Any = connection.execute(
        delete(_letter).where(
            _letter.c.sent_at < before,
            no_letter(
                _delivery.c.cause_kind.in_([CauseKind.TEST.value, CauseKind.ALARM.value]),
                _delivery.c.cause_id == _letter.c.id,
            ),
            # The highest number stays, so that it is not given again.
            _letter.c.id < select(func.max(_letter.c.id)).scalar_subquery(),
        )
    )
    return int(dropped.rowcount)


def unused(connection: Connection, before: datetime) -> list[str]:
    """Return the hashes of what nothing names (any more); a campaign's is never among it.

    It reads all letters that were asked for, so ask it outside of a writer's turn.
    """
    campaigns = select(_campaign.c.frozen_hash)
    found = select(_frozen.c.hash).where(
        _frozen.c.frozen_at < before, _frozen.c.hash.not_in(campaigns), *_of_no_letter()
    )
    return list(connection.execute(found.order_by(_frozen.c.hash)).scalars())


def drop(connection: Connection, hash: str, before: datetime) -> bool:
    """Drop what nothing names, unless it was frozen again meanwhile.

    Whoever names it freezes it in the same transaction.
    """
    gone: Any = connection.execute(delete(_frozen).where(*_still(hash, before)))
    return bool(gone.rowcount)


def of_aged(connection: Connection, before: datetime) -> list[Kept]:
    """Return what only campaigns name whose letters are all aged out."""
    found = select(_frozen).where(*_aged(before)).order_by(_frozen.c.hash)
    return [_kept(row) for row in connection.execute(found)]


def slim(connection: Connection, hash: str, body: dict[str, Any], before: datetime) -> bool:
    """Put bare bones in the place of what was frozen, unless it was frozen again."""
    slimmed = update(_frozen).where(*_still(hash, before)).values(body=body)
    return bool(connection.execute(slimmed).rowcount)


def all_frozen(connection: Connection, since: datetime | None = None) -> Iterator[Kept]:
    """Give all that was frozen, or only what was since a moment, one after the other."""
    found = select(_frozen).order_by(_frozen.c.hash)
    if since is not None:
        found = found.where(_frozen.c.frozen_at >= since)
    for row in connection.execute(found.execution_options(yield_per=20)):
        yield _kept(row)


def _still(hash: str, before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_frozen.c.hash == hash, _frozen.c.frozen_at < before)


def _aged(before: datetime) -> tuple[ColumnElement[bool], ...]:
    letters_gone = no_letter(
        _delivery.c.cause_kind == CauseKind.CAMPAIGN.value,
        _delivery.c.cause_id == _campaign.c.id,
    )
    over = and_(_campaign.c.state.in_(OVER), _campaign.c.finished_at < before, letters_gone)
    names = _campaign.c.frozen_hash == _frozen.c.hash
    return (
        _frozen.c.frozen_at < before,
        exists().where(names),
        ~exists().where(names, ~over),
        *_of_no_letter(),
    )


def _of_no_letter() -> tuple[ColumnElement[bool], ...]:
    # Each table is read once for all that was frozen, and not once for each of it.
    return tuple(
        _frozen.c.hash.not_in(
            select(one.c.frozen_hash).where(one.c.frozen_hash.is_not(None)).distinct()
        )
        for one in (_letter, _page_request, _sign_up, _transaction, _welcome)
    )


def _kept(row: Any) -> Kept:
    return Kept(row.hash, row.body, row.frozen_at)
