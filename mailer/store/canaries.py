"""Campaigns' canaries: which letters leave first, and how far they have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.verdict import Effect
from mailer.pace.brakes import Tried
from mailer.pace.canary import CanaryRule, Tally
from mailer.store.shapingtables import CanaryLetterRow, CanaryRow
from mailer.store.tables import CampaignRow, DeliveryRow, VerdictRow, table

_canary = table(CanaryRow)
_letter = table(CanaryLetterRow)
_campaign = table(CampaignRow)
_delivery = table(DeliveryRow)
_verdict = table(VerdictRow)
_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Canary:
    """A campaign's sample.

    Args:
        letters: How many there are; 0 until planning is through.
        drawn_at: When it was drawn; None until then.
        settled_at: When all of it had been tried.
        passed_at: When the rest was let go; None while it waits.
        words: What was found when it was looked at.
    """

    campaign_id: int
    rule: CanaryRule
    letters: int
    drawn_at: datetime | None
    settled_at: datetime | None
    passed_at: datetime | None
    words: str

    @property
    def holds(self) -> bool:
        """Say whether the rest of the campaign waits for it."""
        return self.drawn_at is not None and self.passed_at is None


def ask(connection: Connection, campaign_id: int, rule: CanaryRule) -> None:
    """Write down that a campaign is to have a canary."""
    connection.execute(
        insert(_canary).values(
            campaign_id=campaign_id,
            least=rule.least,
            share=rule.share,
            wait_s=rule.wait.total_seconds(),
            letters=0,
            found="",
        )
    )


def canary_of(
    connection: Connection, campaign_id: int, *, lock: bool = False
) -> Canary | None:
    """Return a campaign's canary.

    Args:
        lock: Nobody else may change it until the commit.
    """
    query = select(_canary).where(_canary.c.campaign_id == campaign_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    rule = CanaryRule(row.least, row.share, timedelta(seconds=row.wait_s))
    return Canary(
        row.campaign_id,
        rule,
        row.letters,
        row.drawn_at,
        row.settled_at,
        row.passed_at,
        row.found,
    )


def open_canaries(connection: Connection) -> list[int]:
    """Return the running campaigns whose rest waits for their canary."""
    rows = connection.execute(
        select(_canary.c.campaign_id)
        .join(_campaign, _campaign.c.id == _canary.c.campaign_id)
        .where(
            _canary.c.passed_at.is_(None),
            _canary.c.drawn_at.is_not(None),
            _campaign.c.state == CampaignState.RUNNING.value,
        )
        .order_by(_canary.c.campaign_id)
    )
    return list(rows.scalars())


def first_letters(
    connection: Connection, campaign_id: int, providers: Sequence[str], limit: int
) -> dict[str, list[int]]:
    """Return the letters that leave first at each provider, up to a limit for each."""
    return {
        name: list(
            connection.execute(
                select(_delivery.c.id)
                .where(
                    _delivery.c.cause_kind == "campaign",
                    _delivery.c.cause_id == campaign_id,
                    _delivery.c.state == _S.QUEUED.value,
                    _delivery.c.provider == name,
                )
                .order_by(_delivery.c.due_at, _delivery.c.id)
                .limit(limit)
            ).scalars()
        )
        for name in providers
    }


def draw(
    connection: Connection, campaign_id: int, letters: Sequence[int], now: datetime
) -> None:
    """Write down which letters are a campaign's sample; without any there is none."""
    if not letters:
        connection.execute(delete(_canary).where(_canary.c.campaign_id == campaign_id))
        return
    connection.execute(
        insert(_letter),
        [{"campaign_id": campaign_id, "delivery_id": one} for one in letters],
    )
    connection.execute(
        update(_canary)
        .where(_canary.c.campaign_id == campaign_id)
        .values(letters=len(letters), drawn_at=now)
    )


def settle(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Write down that all of a sample was tried."""
    connection.execute(
        update(_canary).where(_canary.c.campaign_id == campaign_id).values(settled_at=now)
    )


def let_go(connection: Connection, campaign_id: int, words: str, now: datetime) -> bool:
    """Let the rest of a campaign leave; say whether it had waited.

    Args:
        words: What was found, or who let it go.
    """
    changed = connection.execute(
        update(_canary)
        .where(_canary.c.campaign_id == campaign_id, _canary.c.passed_at.is_(None))
        .values(passed_at=now, found=words)
    ).rowcount
    connection.execute(delete(_letter).where(_letter.c.campaign_id == campaign_id))
    return bool(changed)


def _came_back(*what: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(_verdict.c.id).where(
            _verdict.c.delivery_id == _delivery.c.id, _verdict.c.undone_at.is_(None), *what
        )
    )


def _of_sample(campaign_id: int) -> Select[Any]:
    state = _delivery.c.state

    def many(what: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return func.sum(case((what, 1), else_=0)).label(name)

    waits = state.in_([_S.QUEUED.value, _S.CLAIMED.value]) & (_delivery.c.deferrals == 0)
    refused = (state == _S.REFUSED.value) | _came_back(_verdict.c.hard)
    cells: list[ColumnElement[Any]] = [
        _delivery.c.provider,
        func.count().label("letters"),
        many(waits | (state == _S.SENDING.value), "untried"),
        many(state == _S.ACCEPTED.value, "accepted"),
        many(_delivery.c.left_at.is_not(None) | refused, "gone"),
        many(refused, "refused"),
        many(_came_back(_verdict.c.effect == Effect.COMPLAINED.value), "complained"),
    ]
    return (
        select(*cells)
        .join(_letter, _letter.c.delivery_id == _delivery.c.id)
        .where(_letter.c.campaign_id == campaign_id)
        .group_by(_delivery.c.provider)
        .order_by(_delivery.c.provider)
    )


def sample(connection: Connection, campaign_id: int) -> tuple[Tally, Mapping[str, Tried]]:
    """Count how far a sample has come, and what came back of it by provider."""
    rows = connection.execute(_of_sample(campaign_id)).all()
    tally = Tally(
        sum(row.letters for row in rows),
        sum(row.untried for row in rows),
        sum(row.accepted for row in rows),
        sum(row.refused for row in rows),
    )
    tried = {
        row.provider: Tried(row.provider, row.gone, row.refused, row.complained)
        for row in rows
    }
    return tally, tried
