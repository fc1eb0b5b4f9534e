"""Claiming due deliveries, letting them leave, and renewing the lease: the sender's side.

A claim carries a fence, its attempt number. Every statement here names the rows by id *and*
fence, so a worker that outlived its lease changes nothing any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    update,
)

from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import Kind, Lane
from mailer.store.compiled import Compiled, among, listed
from mailer.store.database import now_sql
from mailer.store.permission import (
    NOW,
    may_leave,
)
from mailer.store.tables import CampaignRow, ContactRow, DeliveryRow, table, to_instant

_delivery = table(DeliveryRow)
_campaign = table(CampaignRow)
_contact = table(ContactRow)

_FENCE_SPAN = 1 << 20
"""Ids and fences travel as one number each, so that one IN list names both."""

# PostgreSQL only uses a partial index when the statement says its condition literally.
_due = _delivery.alias("due")
_QUEUED: ColumnElement[bool] = literal_column("due.state = 'queued'")
_OF_A_CAMPAIGN: ColumnElement[bool] = literal_column("due.cause_kind = 'campaign'")
_OF_NO_CAMPAIGN: ColumnElement[bool] = literal_column("due.cause_kind <> 'campaign'")


_Person = tuple[dict[str, Any], str | None, str | None]


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many letters to one person since a moment; None is no cap."""

    letters: int
    since: datetime


def fenced(delivery_id: int, fence: int) -> int:
    """Put an id and its fence into one number."""
    return delivery_id * _FENCE_SPAN + fence


_KEY = _delivery.c.id * _FENCE_SPAN + _delivery.c.attempt


def ours() -> ColumnElement[bool]:
    """Name some claims by id and fence; binds `ids` and `keys`."""
    return _delivery.c.id.in_(bindparam("ids", expanding=True)) & _KEY.in_(
        bindparam("keys", expanding=True)
    )


def names(claims: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Bind some claims, each (delivery id, fence)."""
    return {
        "ids": [delivery_id for delivery_id, _ in claims],
        "keys": [fenced(*claim) for claim in claims],
    }


def running_campaigns(connection: Connection) -> list[tuple[int, float | None]]:
    """Return the campaigns whose letters may leave, with their pace in letters a second."""
    rows = connection.execute(
        select(_campaign.c.id, _campaign.c.pace_per_s)
        .where(_campaign.c.state == "running")
        .order_by(_campaign.c.id)
    )
    return [(row.id, row.pace_per_s) for row in rows]


def anything_due(connection: Connection, now: datetime) -> bool:
    """Say whether there is anything to claim, without taking a turn at writing."""
    of_lane = select(_due.c.id).where(
        _QUEUED,
        _OF_NO_CAMPAIGN,
        _due.c.lane.in_([lane.value for lane in Lane]),
        _due.c.due_at <= now,
    )
    of_campaign = select(_campaign.c.id).where(
        _campaign.c.state == "running",
        exists(
            select(_due.c.id).where(
                _QUEUED,
                _OF_A_CAMPAIGN,
                _due.c.cause_id == _campaign.c.id,
                _due.c.due_at <= now,
            )
        ),
    )
    return any(
        connection.execute(found.limit(1)).first() is not None
        for found in (of_lane, of_campaign)
    )


def _due_of_campaign() -> Select[Any]:
    return (
        select(_due.c.id)
        .where(
            _QUEUED,
            _OF_A_CAMPAIGN,
            _due.c.cause_id == bindparam("campaign"),
            _due.c.due_at <= NOW,
        )
        .order_by(_due.c.due_at, _due.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


def _due_of_lane() -> Select[Any]:
    return (
        select(_due.c.id)
        .where(
            _QUEUED,
            _OF_NO_CAMPAIGN,
            _due.c.lane == bindparam("in_lane"),
            _due.c.due_at <= NOW,
        )
        .order_by(_due.c.due_at, _due.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


def _claim(due: Select[Any], clock: ColumnElement[Any]) -> Any:
    # As a named step, so that PostgreSQL can't choose (and lock) twice.
    chosen = due.cte("chosen")
    return (
        update(_delivery)
        .where(_delivery.c.id.in_(select(chosen.c.id)))
        .values(
            state="claimed",
            owner_id=bindparam("owner"),
            attempt=_delivery.c.attempt + 1,
            lease_until=clock + bindparam("lease_us", type_=BigInteger()),
            first_attempt_at=func.coalesce(_delivery.c.first_attempt_at, NOW),
        )
        .returning(
            _delivery.c.id,
            _delivery.c.attempt,
            _delivery.c.cause_kind,
            _delivery.c.cause_id,
            _delivery.c.kind,
            _delivery.c.list_id,
            _delivery.c.contact_id,
            _delivery.c.address,
            _delivery.c.first_attempt_at,
            _delivery.c.give_up_at,
            _delivery.c.deferrals,
        )
    )


class Claims:
    """The statements of one sender, built once for its database."""

    def __init__(self, connection: Connection, owner_id: int, lease: timedelta) -> None:
        self._owner_id = owner_id
        self._lease_us = lease // timedelta(microseconds=1)
        clock = now_sql(connection.dialect)
        self._of_campaign = _claim(_due_of_campaign(), clock)
        self._of_lane = _claim(_due_of_lane(), clock)
        self._renew = (
            update(_delivery)
            .where(_delivery.c.owner_id == bindparam("owner"))
            .values(lease_until=clock + bindparam("lease_us", type_=BigInteger()))
        )
        dialect = connection.dialect
        named = among(_delivery.c.id, "ids", dialect) & among(_KEY, "keys", dialect)
        self._leave = {
            capped: Compiled(
                update(_delivery)
                .where(named, literal_column("state = 'claimed'"), may_leave(capped=capped))
                .values(state="sending", left_at=NOW)
                .returning(_delivery.c.id)
            )
            for capped in (False, True)
        }
        self._release = (
            update(_delivery)
            .where(ours(), literal_column("state = 'claimed'"))
            .values(state="queued", owner_id=None, lease_until=None)
        )

    def of_campaign(
        self, connection: Connection, campaign_id: int, limit: int, now: datetime
    ) -> list[Claim]:
        """Claim up to `limit` due deliveries of one campaign."""
        return self._claimed(
            connection,
            connection.execute(
                self._of_campaign,
                {
                    "campaign": campaign_id,
                    "limit": limit,
                    "now": now,
                    "owner": self._owner_id,
                    "lease_us": self._lease_us,
                },
            ).all(),
        )

    def of_lane(
        self, connection: Connection, lane: int, limit: int, now: datetime
    ) -> list[Claim]:
        """Claim up to `limit` due deliveries of one lane that no campaign caused."""
        return self._claimed(
            connection,
            connection.execute(
                self._of_lane,
                {
                    "in_lane": lane,
                    "limit": limit,
                    "now": now,
                    "owner": self._owner_id,
                    "lease_us": self._lease_us,
                },
            ).all(),
        )

    def _claimed(self, connection: Connection, rows: Sequence[Row[Any]]) -> list[Claim]:
        people = _people(connection, [row.contact_id for row in rows if row.contact_id])
        nobody: _Person = ({}, None, None)
        return [
            Claim(
                id=row.id,
                fence=row.attempt,
                cause_kind=CauseKind(row.cause_kind),
                cause_id=row.cause_id,
                kind=Kind(row.kind),
                list_id=row.list_id,
                contact_id=row.contact_id,
                address=row.address,
                first_attempt_at=row.first_attempt_at,
                give_up_at=row.give_up_at,
                deferrals=row.deferrals,
                attributes=person[0],
                language=person[1],
                time_zone=person[2],
            )
            # RETURNING promises no order; letters leave in the order of their due times.
            for row in sorted(rows, key=lambda row: row.id)
            for person in (people.get(row.contact_id, nobody),)
        ]

    def renew(self, connection: Connection) -> None:
        """Put off the end of the lease of everything that this sender holds."""
        connection.execute(
            self._renew, {"owner": self._owner_id, "lease_us": self._lease_us}
        )

    def leave(
        self,
        connection: Connection,
        claims: Sequence[tuple[int, int]],
        now: datetime,
        cap: Cap | None,
    ) -> set[int]:
        """Mark those of the claims that may leave as `sending` and return their ids.

        Only what is returned may be written to a relay, and only after the commit.

        Args:
            claims: (delivery id, fence), at most one of a person when there is a cap.
        """
        dialect = connection.dialect
        values: dict[str, Any] = {
            "ids": listed([delivery_id for delivery_id, _ in claims], dialect),
            "keys": listed([fenced(*claim) for claim in claims], dialect),
            "now": to_instant(now),
        }
        if cap is not None:
            values |= {"cap_letters": cap.letters, "cap_since": to_instant(cap.since)}
        return {row[0] for row in self._leave[cap is not None].all(connection, values)}

    def release(self, connection: Connection, claims: Sequence[tuple[int, int]]) -> None:
        """Put claims back as they were: nothing was said yet, nothing is charged."""
        connection.execute(self._release, names(claims))


_select_people = select(
    _contact.c.id, _contact.c.attributes, _contact.c.language, _contact.c.time_zone
).where(_contact.c.id.in_(bindparam("ids", expanding=True)))


def _people(connection: Connection, ids: list[int]) -> dict[int | None, _Person]:
    if not ids:
        return {}
    rows = connection.execute(_select_people, {"ids": ids})
    return {row[0]: (row[1], row[2], row[3]) for row in rows}
